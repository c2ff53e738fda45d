"""Where open data comes from: one record for each source, with its layout, traps and credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from terrain.errors import TerrainError
from terrain.products import Product, known_product

Kind = Literal["elevation", "land_cover", "population", "units"]
Layout = Literal["tiles", "window", "units"]
"""Whole tiles; a window cut out of one large raster; polygons through an API."""
Edges = Literal["half_pixel", "posts", "whole"]
"""How a tile's edges lie to the whole degrees in its name: half a pixel to the west and north of
them; half a pixel outside them, as for posts on the degrees; or on them."""
ListFormat = Literal["", "lines", "geojson"]

MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A source of open data.

    Attributes
    ----------
    id, title : str
    kind : str
    layout : str
    base : str
        Root of its addresses; a mirror takes its place.
    path : str
        Below the root, with {ns}, {ew} (N10, E104) of a tile's south-west corner, or {iso}, {low},
        {year}, {level}.
    file : str
        Name in the store, with the same fields; its folder is the id.
    tile_deg : int
        Side of a tile [deg]; 0 where there are none.
    edges : str
    n_col : int
        Columns of a tile at the equator.
    list_path, list_format : str
        List of the tiles that exist: a name a line, or GeoJSON with ``ll_tile``.
    fuller_list : str
        Source whose list has tiles that this one withholds though they hold land.
    sea : str
        What its sea, or an absent tile, is.
    value_unit : str
        Unit in which float values stand, whatever the file's own tags say; "" to trust them.
    credit, notice : str
        What the licence wants said; empty credit: that of the elevation product.
    licence, licence_url : str
    typical_bytes, max_bytes : int
        Of a file to fetch: for plans without an answer, and beyond which it is refused. Of a
        window, the former by the square degree.
    hosts : tuple of str
        Other hosts to which its servers are known to refer.
    confidence : str
        How sure the addresses are: SINGLE means seen in others' code, not fetched.
    """

    id: str
    title: str
    kind: Kind
    layout: Layout
    base: str
    path: str
    file: str
    licence: str
    licence_url: str
    typical_bytes: int
    max_bytes: int
    tile_deg: int = 0
    edges: Edges = "whole"
    n_col: int = 0
    list_path: str = ""
    list_format: ListFormat = ""
    fuller_list: str = ""
    sea: str = ""
    value_unit: str = ""
    credit: str = ""
    notice: str = ""
    hosts: tuple[str, ...] = ()
    confidence: str = "SINGLE"

    @property
    def product(self) -> Product | None:
        """The elevation product, by the name that its files have in the store."""
        return known_product(self.file) if self.kind == "elevation" else None

    @property
    def credit_text(self) -> str:
        """What maps and reports have to say."""
        product = self.product
        return self.credit or (product.credit if product else "")

    @property
    def surface(self) -> Literal["bare_earth", "surface"]:
        """What heights stand for, in the words of scenario files."""
        product = self.product
        return "surface" if product and product.is_surface else "bare_earth"

    @property
    def needs_country(self) -> bool:
        """Whether its files are by country."""
        return "{iso}" in self.path


_COPERNICUS_NOTICE = (
    "The organisations in charge of the Copernicus programme by law or by delegation do not incur "
    "any liability for any use of the Copernicus WorldDEM-{n}"
)
_COPERNICUS_URL = "https://spacedata.copernicus.eu/collections/copernicus-digital-elevation-model"
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"

SOURCES: Final = (
    Source(
        id="glo30",
        title="Copernicus GLO-30 surface model, 30 m",
        kind="elevation",
        layout="tiles",
        base="https://copernicus-dem-30m.s3.amazonaws.com",
        path="Copernicus_DSM_COG_10_{ns}_00_{ew}_00_DEM/Copernicus_DSM_COG_10_{ns}_00_{ew}_00_DEM.tif",
        file="Copernicus_DSM_COG_10_{ns}_00_{ew}_00_DEM.tif",
        tile_deg=1,
        edges="half_pixel",
        n_col=3600,
        list_path="tileList.txt",
        list_format="lines",
        fuller_list="glo90",
        sea="0 m; no tile over open sea",
        notice=_COPERNICUS_NOTICE.format(n=30),
        licence="Copernicus DEM licence: free use, redistribution and adaptation with notice",
        licence_url=_COPERNICUS_URL,
        typical_bytes=40 * MB,
        max_bytes=250 * MB,
    ),
    Source(
        id="glo90",
        title="Copernicus GLO-90 surface model, 90 m",
        kind="elevation",
        layout="tiles",
        base="https://copernicus-dem-90m.s3.amazonaws.com",
        path="Copernicus_DSM_COG_30_{ns}_00_{ew}_00_DEM/Copernicus_DSM_COG_30_{ns}_00_{ew}_00_DEM.tif",
        file="Copernicus_DSM_COG_30_{ns}_00_{ew}_00_DEM.tif",
        tile_deg=1,
        edges="half_pixel",
        n_col=1200,
        list_path="tileList.txt",
        list_format="lines",
        sea="0 m; no tile over open sea",
        notice=_COPERNICUS_NOTICE.format(n=90),
        licence="Copernicus DEM licence: free use, redistribution and adaptation with notice",
        licence_url=_COPERNICUS_URL,
        typical_bytes=5 * MB,
        max_bytes=50 * MB,
    ),
    Source(
        id="gedtm30",
        title="GEDTM30 v1.2 bare earth, 30 m",
        kind="elevation",
        layout="window",
        base="https://s3.opengeohub.org",
        path="global/dtm/v1.2/gedtm_rf_m_30m_s_20060101_20151231_go_epsg.4326.3855_v1.2.tif",
        file="gedtm30_{box}.tif",
        sea="nodata",
        # Its scale tag of 0.1 is left over from the whole numbers (decimetres) of version 1.1.
        value_unit="m",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        typical_bytes=25 * MB,
        max_bytes=4000 * MB,
    ),
    Source(
        id="srtm",
        title="SRTM in Mapzen's skadi tiles, 30 m",
        kind="elevation",
        layout="tiles",
        base="https://s3.amazonaws.com",
        path="elevation-tiles-prod/skadi/{ns}/{ns}{ew}.hgt.gz",
        file="skadi_{ns}{ew}.tif",
        tile_deg=1,
        edges="posts",
        n_col=3601,
        sea="depths below 0, clamped to 0 m",
        licence="mixed, open",
        licence_url="https://github.com/tilezen/joerd/blob/master/docs/attribution.md",
        typical_bytes=10 * MB,
        max_bytes=60 * MB,
    ),
    Source(
        id="worldcover",
        title="ESA WorldCover 2021 v200 land cover, 10 m",
        kind="land_cover",
        layout="tiles",
        base="https://esa-worldcover.s3.eu-central-1.amazonaws.com",
        path="v200/2021/map/ESA_WorldCover_10m_2021_v200_{ns}{ew}_Map.tif",
        file="ESA_WorldCover_10m_2021_v200_{ns}{ew}_Map.tif",
        tile_deg=3,
        edges="whole",
        n_col=36000,
        list_path="esa_worldcover_grid.geojson",
        list_format="geojson",
        sea="class 80, or no tile",
        credit="© ESA WorldCover project 2021 / Contains modified Copernicus Sentinel data (2021) "
        "processed by ESA WorldCover consortium",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        typical_bytes=80 * MB,
        max_bytes=800 * MB,
    ),
    Source(
        id="worldpop",
        title="WorldPop R2025A persons per pixel, 100 m, constrained",
        kind="population",
        layout="window",
        base="https://data.worldpop.org",
        path="GIS/Population/Global_2015_2030/R2025A/{year}/{iso}/v1/100m/constrained/"
        "{low}_pop_{year}_CN_100m_R2025A_v1.tif",
        file="worldpop_{low}_{year}_{box}.tif",
        credit="WorldPop (www.worldpop.org), CC BY 4.0",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        typical_bytes=1 * MB,
        max_bytes=4000 * MB,
    ),
    Source(
        id="worldpop_1km",
        title="WorldPop 2020 persons per pixel, 1 km, adjusted to UN figures",
        kind="population",
        layout="window",
        base="https://data.worldpop.org",
        path="GIS/Population/Global_2000_2020_1km_UNadj/2020/{iso}/"
        "{low}_ppp_2020_1km_Aggregated_UNadj.tif",
        file="worldpop_1km_{low}_2020_{box}.tif",
        credit="WorldPop (www.worldpop.org), CC BY 4.0",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        typical_bytes=MB // 50,
        max_bytes=1000 * MB,
    ),
    Source(
        id="hrsl",
        title="Meta high-resolution settlement layer, persons per pixel, 30 m",
        kind="population",
        layout="window",
        base="https://dataforgood-fb-data.s3.amazonaws.com",
        path="hrsl-cogs/hrsl_general/hrsl_general-latest.vrt",
        file="hrsl_{box}.tif",
        credit="High Resolution Settlement Layer © Meta and CIESIN, CC BY 4.0",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        typical_bytes=3 * MB,
        max_bytes=4000 * MB,
    ),
    Source(
        id="geoboundaries",
        title="geoBoundaries administrative units",
        kind="units",
        layout="units",
        base="https://www.geoboundaries.org",
        path="api/current/gbOpen/{iso}/{level}/",
        file="geoBoundaries_{iso}_{level}.geojson",
        credit="geoBoundaries (www.geoboundaries.org), CC BY 4.0",
        licence="CC BY 4.0, or as its own source says",
        licence_url="https://www.geoboundaries.org",
        typical_bytes=20 * MB,
        max_bytes=400 * MB,
        # The API names a file at GitHub, which refers to where it keeps large ones.
        hosts=("github.com", "raw.githubusercontent.com", "media.githubusercontent.com"),
    ),
)
_BY_ID = {source.id: source for source in SOURCES}


def source_named(name: str) -> Source:
    """Source of an id.

    Raises
    ------
    TerrainError
        No such source; the message lists those that there are.
    """
    if name not in _BY_ID:
        msg = f"no source {name!r}; choose from {', '.join(_BY_ID)}"
        raise TerrainError(msg)
    return _BY_ID[name]

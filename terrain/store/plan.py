"""What a box needs of a source: files to fetch, tiles of the sea, tiles that are nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrain.errors import TerrainError
from terrain.grid import Box
from terrain.store.sources import Source, source_named
from terrain.store.tiles import Tile, check_box, split_at_antimeridian, tiles_of

Tiles = frozenset[Tile]


@dataclass(frozen=True, slots=True)
class Item:
    """A file that the store is to have.

    Attributes
    ----------
    source : Source
    name : str
        In the store.
    path : str
        Below the source's root; empty for a sea tile, which is made.
    tile : Tile or None
    box : (west, south, east, north) or None
        Window to cut [deg].
    is_list : bool
        The source's list of tiles.
    """

    source: Source
    name: str
    path: str
    tile: Tile | None = None
    box: Box | None = None
    is_list: bool = False

    @property
    def is_sea(self) -> bool:
        """Made rather than fetched: open sea by the list of tiles."""
        return not self.path

    @property
    def path_in_folder(self) -> str:
        """As `path`, in a folder that stands for the server: no folder answers as an API does."""
        is_answer = self.source.layout == "units"
        return self.name.rpartition("/")[2] if is_answer else self.path


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes
    ----------
    box : (west, south, east, north)
        [deg]; east beyond 180 or below west crosses the antimeridian.
    sources : tuple of str
        Ids.
    countries : tuple of str
        ISO 3166 alpha-3, for sources by country.
    year : int
        Of a population by year.
    level : str
        Of administrative units: ADM0 to ADM5.
    ground_box : same as `box` or None
        Of elevation, where it is larger.
    """

    box: Box
    sources: tuple[str, ...] = ("glo30",)
    countries: tuple[str, ...] = ()
    year: int = 2025
    level: str = "ADM1"
    ground_box: Box | None = None

    def box_of(self, source: Source) -> Box:
        """Box that a source is needed for."""
        wide = source.kind == "elevation" and self.ground_box is not None
        return self.ground_box if wide and self.ground_box else self.box

    def check(self) -> None:
        """Refuse what cannot be asked for.

        Raises
        ------
        TerrainError
        """
        if not self.sources:
            msg = "no source named; give at least one --source"
            raise TerrainError(msg)
        for name in self.sources:
            source = source_named(name)
            check_box(self.box_of(source))
            if source.needs_country and not self.countries:
                msg = f"{source.title} is kept by country: give --country, such as VNM"
                raise TerrainError(msg)
        for iso in self.countries:
            if not (len(iso) == 3 and iso.isascii() and iso.isalpha()):
                msg = f"country {iso!r}: give three letters of ISO 3166, such as VNM"
                raise TerrainError(msg)
        if self.level not in {f"ADM{n}" for n in range(6)}:
            msg = f"level {self.level!r}: give ADM0 to ADM5"
            raise TerrainError(msg)
        if "worldpop" in self.sources and not 2015 <= self.year <= 2030:
            msg = f"year {self.year}: WorldPop has 2015 to 2030; give one of these"
            raise TerrainError(msg)


def list_item(source: Source) -> Item:
    """The list of a source's tiles."""
    return Item(source, f"{source.id}/{source.list_path}", source.list_path, is_list=True)


def items_of(source: Source, request: Request) -> list[Item]:
    """Files of a source that a request needs, sea not yet told from land."""
    box = request.box_of(source)
    if source.layout == "tiles":
        return [_tile_item(source, tile) for tile in tiles_of(box, source.tile_deg)]
    boxes: Sequence[Box | None] = (
        split_at_antimeridian(box) if source.layout == "window" else [None]
    )
    countries = [c.upper() for c in request.countries] if source.needs_country else [""]
    items = []
    for iso in countries:
        for part in boxes:
            fields = {
                "iso": iso, "low": iso.lower(), "year": request.year, "level": request.level,
                "box": _box_name(part) if part else "",
            }  # fmt: skip
            name, path = source.file.format(**fields), source.path.format(**fields)
            items.append(Item(source, f"{source.id}/{name}", path, box=part))
    return items


def _tile_item(source: Source, tile: Tile) -> Item:
    fields = {"ns": tile.ns, "ew": tile.ew}
    name = f"{source.id}/{source.file.format(**fields)}"
    return Item(source, name, source.path.format(**fields), tile)


def _box_name(box: Box) -> str:
    """E103.30_N9.10_E105.70_N10.70: a box in the name of its file, to 1e-4 degrees."""
    west, south, east, north = (f"{abs(v):.4f}" for v in box)
    ew = ["W" if v < 0 else "E" for v in (box[0], box[2])]
    ns = ["S" if v < 0 else "N" for v in (box[1], box[3])]
    return f"{ew[0]}{west}_{ns[0]}{south}_{ew[1]}{east}_{ns[1]}{north}"


def sea_item(item: Item) -> Item:
    """The sea tile in an absent tile's place."""
    name = item.name.replace("_DEM.tif", "_SEA.tif")
    return Item(item.source, name, "", item.tile)


def by_list(
    items: list[Item], listed: Tiles, fuller: Callable[[], Tiles]
) -> tuple[list[Item], list[Item], list[Item]]:
    """Tiles that there are, that are sea, and that hold land which the source withholds.

    Parameters
    ----------
    listed : set of Tile
        The source's list.
    fuller : callable
        The list of the source that withholds nothing; called only where it matters.

    Notes
    -----
    GLO-30's public edition leaves out the land of some countries, which its list of tiles alone
    does not tell from the sea; GLO-90 has it.
    """
    there = [item for item in items if item.tile in listed]
    absent = [item for item in items if item.tile not in listed]
    if not absent or not absent[0].source.fuller_list:
        return there, absent, []
    known = fuller()
    withheld = [item for item in absent if item.tile in known]
    return there, [item for item in absent if item.tile not in known], withheld

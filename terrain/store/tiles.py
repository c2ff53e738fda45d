"""Which tiles a box needs, and what they are called."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Final

from terrain.errors import TerrainError
from terrain.grid import MAX_ABS_LATITUDE_DEG, Box
from terrain.store.sources import Source

SLIVER_DEG: Final = 0.001
"""A tile is not fetched for a strip narrower than this (some three cells of 30 m): the nearest
heights hold half a cell beyond a tile, and whole degrees ask for no neighbours."""
MAX_BOX_TILES: Final = 2000
_NAME = re.compile(r"([NS])(\d{1,2})(?:_00_)?([EW])(\d{3})")


@dataclass(frozen=True, order=True, slots=True)
class Tile:
    """A tile by its south-west corner [whole deg]; west of Greenwich and south are negative."""

    lat_deg: int
    lon_deg: int

    @property
    def ns(self) -> str:
        """Latitude as in names: N10, S01; the equator is N00."""
        return f"{'S' if self.lat_deg < 0 else 'N'}{abs(self.lat_deg):02d}"

    @property
    def ew(self) -> str:
        """Longitude as in names: E104, W063; Greenwich is E000."""
        return f"{'W' if self.lon_deg < 0 else 'E'}{abs(self.lon_deg):03d}"

    @property
    def name(self) -> str:
        """N10E104."""
        return self.ns + self.ew


def check_box(box: Box) -> Box:
    """A box whose east is above its west: across the antimeridian it goes beyond 180.

    Raises
    ------
    TerrainError
        Not degrees, empty, or at a pole.
    """
    west, south, east, north = box
    if not all(math.isfinite(v) for v in box) or not (
        -360.0 <= west <= 360.0 and -360.0 <= east <= 540.0
    ):
        msg = f"box {west:g} {south:g} {east:g} {north:g}: give west south east north in degrees"
        raise TerrainError(msg)
    limit = MAX_ABS_LATITUDE_DEG
    if not -limit <= south < north <= limit:
        hint = "; are latitude and longitude exchanged?" if max(abs(south), abs(north)) > 90 else ""
        msg = (
            f"box {west:g} {south:g} {east:g} {north:g}: latitudes must rise from south to north "
            f"within {limit:g} degrees{hint}"
        )
        raise TerrainError(msg)
    if west == east:
        msg = f"box {west:g} {south:g} {east:g} {north:g} is empty; give west < east"
        raise TerrainError(msg)
    if east < west:
        east += 360.0
    if east < west or east - west > 360.0:
        msg = f"box from {west:g} to {east:g} degrees is more than a turn; give less"
        raise TerrainError(msg)
    turn = 360.0 * math.floor((west + 180.0) / 360.0)
    return west - turn, south, east - turn, north


def split_at_antimeridian(box: Box) -> list[Box]:
    """One box, or the two parts of one that crosses the antimeridian, within -180..180 deg."""
    west, south, east, north = check_box(box)
    if east <= 180.0:
        return [(west, south, east, north)]
    return [(west, south, 180.0, north), (-180.0, south, east - 360.0, north)]


def tiles_of(box: Box, tile_deg: int) -> list[Tile]:
    """Tiles that hold a box, from north to south and west to east.

    Raises
    ------
    TerrainError
        A box that is none, or needs thousands of tiles.
    """
    west, south, east, north = check_box(box)
    rows, cols = _span(south, north, tile_deg), _span(west, east, tile_deg)
    if len(rows) * len(cols) > MAX_BOX_TILES:
        msg = (
            f"box {west:g} {south:g} {east:g} {north:g} needs {len(rows) * len(cols)} tiles; "
            f"give one of at most {MAX_BOX_TILES}"
        )
        raise TerrainError(msg)
    return list(
        dict.fromkeys(  # a whole turn comes back to its first column
            Tile(row * tile_deg, (col * tile_deg + 180) % 360 - 180)
            for row in reversed(rows)
            for col in cols
        )
    )


def _span(low: float, high: float, tile_deg: int) -> range:
    first = math.floor((low + SLIVER_DEG) / tile_deg)
    return range(first, max(math.ceil((high - SLIVER_DEG) / tile_deg), first + 1))


def parse_list(text: str, source: Source) -> frozenset[Tile]:
    """Tiles that a source's list has.

    Raises
    ------
    TerrainError
        Text that is no such list: what looks like an empty sea would be a broken file.
    """
    if source.list_format == "geojson":
        names = _ll_tiles(text, source)
    else:
        names = [line.strip() for line in text.splitlines() if line.strip()]
    # Of GLO-30's list and GLO-90's one may lie in the other's place.
    prefix = source.file.partition("{")[0] if source.list_format == "lines" else ""
    tiles = set()
    for number, name in enumerate(names, start=1):
        found = _NAME.search(name)
        if not found or not name.startswith(prefix):
            msg = (
                f"{source.id}: line {number} of {source.list_path} ({name[:60]!r}) names no tile of it; "
                "delete the list from the store and fetch again"
            )
            raise TerrainError(msg)
        ns, lat, ew, lon = found.groups()
        tiles.add(Tile(int(lat) * (-1 if ns == "S" else 1), int(lon) * (-1 if ew == "W" else 1)))
    if not tiles:
        msg = f"{source.id}: {source.list_path} is empty; delete it from the store and fetch again"
        raise TerrainError(msg)
    return frozenset(tiles)


def _ll_tiles(text: str, source: Source) -> list[str]:
    try:
        return [str(f["properties"]["ll_tile"]) for f in json.loads(text)["features"]]
    except (ValueError, KeyError, TypeError) as error:
        msg = (
            f"{source.id}: {source.list_path} is no GeoJSON with ll_tile ({error!r}); delete it "
            "from the store and fetch again"
        )
        raise TerrainError(msg) from error


def n_columns(source: Source, lat_deg: int) -> int:
    """Columns of a Copernicus tile: fewer towards the poles, where degrees are narrow."""
    centre = abs(lat_deg + 0.5)
    for limit, times in ((50, 1.0), (60, 1.5), (70, 2.0), (80, 3.0), (85, 5.0)):
        if centre < limit:
            return round(source.n_col / times)
    return round(source.n_col / 10.0)

"""From the numbers in an elevation file to heights in metres and cells without one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from terrain.errors import TerrainError

NO_FILE, NODATA, DATA = 0, 1, 2
"""States of a cell of an elevation raster."""

VOID_CODES: Final = (-32768.0, -32767.0, -9999.0)
"""Values that mean "no measurement" by custom, tagged or not."""
HIGHEST_M: Final = 9000.0
DEEPEST_M: Final = -11_500.0
_METRES = {
    "": 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0,
    "dm": 0.1, "decimetre": 0.1, "cm": 0.01, "centimetre": 0.01, "mm": 0.001, "km": 1000.0,
    "ft": 0.3048, "feet": 0.3048, "foot": 0.3048,
    "us survey foot": 1200.0 / 3937.0, "us-ft": 1200.0 / 3937.0, "sfoot": 1200.0 / 3937.0,
}  # fmt: skip


def _unit(source: Any) -> str:
    return (source.units[0] or "").strip().lower()


def height_unit(source: Any) -> str:
    """Unit of the numbers, with their scale and offset, in words."""
    return unit_note(source) or "metres"


def unit_note(source: Any) -> str:
    """How a file's numbers become metres; empty where they are metres."""
    scale, offset, unit = source.scales[0], source.offsets[0], _unit(source)
    if scale == 1.0 and offset == 0.0 and _METRES.get(unit) == 1.0:
        return ""
    return f"values times {scale:g} plus {offset:g} are {unit or 'm'}"


def check_heights(source: Any, name: str) -> None:
    """Refuse bands that cannot be heights, or are in no known unit."""
    from rasterio.enums import ColorInterp

    kinds = set(source.colorinterp)
    if ColorInterp.palette in kinds or {ColorInterp.red, ColorInterp.green} <= kinds:
        msg = f"{name}: a picture with {source.count} bands, not heights; give the elevation itself"
        raise TerrainError(msg)
    if source.dtypes[0].startswith("complex"):
        msg = f"{name}: complex numbers are not heights; give a real raster"
        raise TerrainError(msg)
    if _unit(source) not in _METRES:
        msg = f"{name}: heights in {source.units[0]!r}; give metres or feet"
        raise TerrainError(msg)


@dataclass
class Odd:
    """Cells set aside because no ground has such a height."""

    n_code: int = 0
    n_high: int = 0
    worst_m: float = 0.0

    def check(self, files: str, n_data: int, notes: list[str]) -> None:
        """Say it, or refuse where it is not a few cells but the unit."""
        if self.n_high > 0.01 * (n_data + self.n_high):
            msg = (
                f"{files}: heights of {self.worst_m:.0f} m in {self.n_high} cells; are they in "
                "metres? Set the unit or scale of the file, or its nodata value"
            )
            raise TerrainError(msg)
        if self.n_code:
            codes = " or ".join(f"{v:.0f}" for v in VOID_CODES)
            notes.append(f"{self.n_code} cells hold {codes} without a tag: taken as nodata.")
        if self.n_high:
            notes.append(
                f"{self.n_high} cells hold impossible heights ({self.worst_m:.0f} m): nodata."
            )


def height_values(
    source: Any, window: Any, nodata: float | None, odd: Odd
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Heights [m] of a window of an open raster, NaN where there is none, and their states.

    Parameters
    ----------
    source : rasterio dataset
    window : ((row0, row1), (col0, col1))
    nodata : float or None
        Takes the place of the file's tag.
    odd : Odd
        Counts what was set aside besides nodata.

    Returns
    -------
    height_m : (n_row, n_col) float32
    state : (n_row, n_col) uint8
        NODATA or DATA.
    """
    from rasterio.enums import MaskFlags

    raw = source.read(1, window=window)
    tag = nodata if nodata is not None else source.nodata
    missing = np.zeros(raw.shape, bool)
    if tag is not None and not math.isnan(tag):
        missing |= _equal(raw, tag)
    if raw.dtype.kind == "f":
        missing |= ~np.isfinite(raw)
    if MaskFlags.per_dataset in source.mask_flag_enums[0]:
        missing |= source.read_masks(1, window=window) == 0
    coded = np.zeros(raw.shape, bool)
    for code in VOID_CODES:
        coded |= _equal(raw, code)
    coded &= ~missing
    odd.n_code += int(coded.sum())
    missing |= coded
    metre = _METRES[_unit(source)]
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw.astype(np.float32)
        factor, offset = source.scales[0] * metre, source.offsets[0] * metre
        if factor != 1.0 or offset != 0.0:
            values = values * np.float32(factor) + np.float32(offset)
        high = ((values > HIGHEST_M) | (values < DEEPEST_M)) & ~missing
    if high.any():
        odd.n_high += int(high.sum())
        odd.worst_m = max(odd.worst_m, *values[high].tolist(), key=abs)
        missing |= high
    values[missing] = np.nan
    return values, np.where(missing, np.uint8(NODATA), np.uint8(DATA))


def _equal(raw: NDArray[Any], value: float) -> NDArray[np.bool_]:
    """Cells that hold a value, compared in the raster's own type: a tag may be rounded to it."""
    if raw.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(raw == raw.dtype.type(value), bool)
    if (
        value != math.floor(value)
        or not np.iinfo(raw.dtype).min <= value <= np.iinfo(raw.dtype).max
    ):
        return np.zeros(raw.shape, bool)
    return np.asarray(raw == raw.dtype.type(value), bool)

"""Horizontal and vertical patterns from antenna files of any format."""

from __future__ import annotations

from pathlib import Path

from dtt_sim.antenna.formats.record import AntennaFileError
from dtt_sim.antenna.formats.registry import FORMATS, read_antenna
from dtt_sim.model import HorizontalPattern, VerticalPattern


def read_horizontal_pattern(path: Path | str) -> HorizontalPattern:
    """Horizontal cut of an antenna file.

    Raises
    ------
    AntennaFileError
        Anything wrong in the file, by line; no such cut in it.
    """
    record = read_antenna(path)
    if record.horizontal is None:
        msg = f"{path}: {FORMATS[record.format].title} without a horizontal cut; give azimuths"
        raise AntennaFileError(msg)
    return record.horizontal


def read_vertical_pattern(path: Path | str) -> VerticalPattern:
    """Vertical cut of an antenna file, with the tilt that the maker has built in.

    Raises
    ------
    AntennaFileError
        Anything wrong in the file, by line; no such cut in it.
    """
    record = read_antenna(path)
    if record.vertical is None:
        msg = f"{path}: {FORMATS[record.format].title} without a vertical cut; give elevations"
        raise AntennaFileError(msg)
    return record.vertical

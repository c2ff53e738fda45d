"""Horizontal and vertical patterns as station tables name them: files of any format, and standards."""

from __future__ import annotations

import dataclasses
import difflib
import re
from pathlib import Path

from dtt_sim.antenna.formats.record import AntennaFileError, AntennaRecord
from dtt_sim.antenna.formats.registry import FORMATS, read_antenna
from dtt_sim.antenna.standard import STANDARDS, is_standard, standard_antenna
from dtt_sim.model import HorizontalPattern, VerticalPattern

_BEARING = re.compile(r"[+-]?\d+(\.\d+)?")


def named_antenna(
    text: str, folder: Path, *, vertical_zero_deg: float = 0.0, polarisation: str = ""
) -> AntennaRecord:
    """Antenna of a file in any format, or the standard antenna of that name, turned to a bearing.

    Parameters
    ----------
    text : str
        Path of a file as seen from `folder`, or name of a standard antenna; with ``@BEARING``
        behind it the front, or what the file has for north, is turned to that azimuth.
    folder : Path
    vertical_zero_deg, polarisation
        As of :func:`~dtt_sim.antenna.formats.registry.read_antenna`.

    Raises
    ------
    AntennaFileError
        Anything wrong in the file, by line.
    """
    path = folder / text
    if not path.exists():
        if is_standard(text):
            return standard_antenna(text)
        base, _, bearing = text.rpartition("@")
        if base and _BEARING.fullmatch(bearing.strip()) and (folder / base).exists():
            record = read_antenna(
                folder / base, vertical_zero_deg=vertical_zero_deg, polarisation=polarisation
            )
            return turned(record, float(bearing))
        near = difflib.get_close_matches(text.partition("@")[0].lower(), STANDARDS, 1, 0.6)
        if near and not path.suffix:
            msg = f"{text!r}: no such file, nor a standard antenna; did you mean {near[0]!r}?"
            raise AntennaFileError(msg)
    return read_antenna(path, vertical_zero_deg=vertical_zero_deg, polarisation=polarisation)


def turned(record: AntennaRecord, bearing_deg: float) -> AntennaRecord:
    """Antenna turned clockwise about the mast.

    Raises
    ------
    AntennaFileError
        Without a horizontal cut there is nothing to turn.
    """
    if record.horizontal is None:
        msg = f"@{bearing_deg:g}: {_what(record)} has no horizontal cut to turn; leave it out"
        raise AntennaFileError(msg)
    pairs = sorted(
        (round((a + bearing_deg) % 360.0, 6) % 360.0, v)
        for a, v in zip(
            record.horizontal.azimuth_deg, record.horizontal.attenuation_db, strict=True
        )
    )
    azimuth, attenuation = zip(*pairs, strict=True)
    return dataclasses.replace(
        record,
        horizontal=HorizontalPattern(azimuth, attenuation),
        notes=(*record.notes, f"turned clockwise by {bearing_deg:g}°"),
    )


def read_horizontal_pattern(path: Path | str) -> HorizontalPattern:
    """Horizontal cut of an antenna file.

    Raises
    ------
    AntennaFileError
        Anything wrong in the file, by line; no such cut in it.
    """
    return horizontal_of(read_antenna(path), str(path))


def read_vertical_pattern(path: Path | str) -> VerticalPattern:
    """Vertical cut of an antenna file, with the tilt that the maker has built in.

    Raises
    ------
    AntennaFileError
        Anything wrong in the file, by line; no such cut in it.
    """
    return vertical_of(read_antenna(path), str(path))


def horizontal_of(record: AntennaRecord, name: str) -> HorizontalPattern:
    """Horizontal cut of an antenna that has to have one."""
    if record.horizontal is None:
        msg = f"{name}: {_what(record)} has no horizontal cut; name another, or leave it out"
        raise AntennaFileError(msg)
    return record.horizontal


def vertical_of(record: AntennaRecord, name: str) -> VerticalPattern:
    """Vertical cut of an antenna that has to have one."""
    if record.vertical is None:
        msg = f"{name}: {_what(record)} has no vertical cut; name another, or leave it out"
        raise AntennaFileError(msg)
    return record.vertical


def _what(record: AntennaRecord) -> str:
    return f"the {FORMATS[record.format].title} file" if record.format else "this antenna"

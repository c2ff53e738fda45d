"""Every antenna file format, and which of them a file is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from dtt_sim.antenna.formats import edx, itu, msi, nsma, radio_mobile, splat, table
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source, open_source


class Format(NamedTuple):
    """A file format.

    Attributes
    ----------
    title : str
        As its users call it.
    extensions : tuple of str
        The first is given to a file that is written.
    checked : str
        Real files whose structure the reader was checked against; "" where none was found.
    basis : str
        What the reader rests on besides.
    recognise : callable
        Whether a file is of this format, by its content.
    read : callable
    write : mapping
        Text by extension: one file, or one per cut.
    """

    title: str
    extensions: tuple[str, ...]
    checked: str
    basis: str
    recognise: Callable[[Source], bool]
    read: Callable[[Source], AntennaRecord]
    write: Mapping[str, Callable[[AntennaRecord], str]]


FORMATS: dict[str, Format] = {
    "nsma": Format(
        nsma.TITLE,
        nsma.EXTENSIONS,
        nsma.CHECKED,
        nsma.BASIS,
        nsma.recognise,
        nsma.read,
        {".adf": nsma.write},
    ),
    "msi": Format(
        msi.TITLE,
        msi.EXTENSIONS,
        msi.CHECKED,
        msi.BASIS,
        msi.recognise,
        msi.read,
        {".msi": msi.write},
    ),
    "edx": Format(
        edx.TITLE,
        edx.EXTENSIONS,
        edx.CHECKED,
        edx.BASIS,
        edx.recognise,
        edx.read,
        {".pat": edx.write},
    ),
    "csv": Format(
        table.TITLE,
        table.EXTENSIONS,
        table.CHECKED,
        table.BASIS,
        table.recognise,
        table.read,
        {".csv": table.write},
    ),
    "splat": Format(
        splat.TITLE,
        splat.EXTENSIONS,
        splat.CHECKED,
        splat.BASIS,
        splat.recognise,
        splat.read,
        {".az": splat.write_azimuths, ".el": splat.write_elevations},
    ),
    "radio_mobile": Format(
        radio_mobile.TITLE,
        radio_mobile.EXTENSIONS,
        radio_mobile.CHECKED,
        radio_mobile.BASIS,
        radio_mobile.recognise,
        radio_mobile.read,
        {".ant": radio_mobile.write},
    ),
    "itu": Format(
        itu.TITLE,
        itu.EXTENSIONS,
        itu.CHECKED,
        itu.BASIS,
        itu.recognise,
        itu.read,
        {".itu": itu.write},
    ),
}
"""By key, in the order in which a file is tried."""
WRITERS: dict[str, Mapping[str, Callable[[AntennaRecord], str]]] = {
    **{key: one.write for key, one in FORMATS.items()},
    "cloudrf": {".adf": nsma.write_cloudrf},
}


def recognise(source: Source) -> str:
    """Key of the format of a file: by its content, else by its extension.

    Raises
    ------
    AntennaFileError
        It is like no format.
    """
    suffix = source.path.suffix.lower()
    by_name = next((key for key, one in FORMATS.items() if suffix in one.extensions), "")
    by_content = next((key for key, one in FORMATS.items() if one.recognise(source)), "")
    if by_content and by_name not in {"", by_content}:
        source.note(
            f"named like {FORMATS[by_name].title}, and is {FORMATS[by_content].title} by content"
        )
    if not (by_content or by_name):
        first = next(iter(source.filled()), (1, ""))
        titles = ", ".join(one.title for one in FORMATS.values())
        source.fail(
            first[0],
            f"{first[1][:60]!r}: not recognised as an antenna file; known are {titles}; a table of "
            "one's own needs a first line such as azimuth_deg,attenuation_db",
        )
    return by_content or by_name


def read_antenna(
    path: Path | str, *, vertical_zero_deg: float = 0.0, polarisation: str = ""
) -> AntennaRecord:
    """Antenna of a file in any of `FORMATS`.

    Parameters
    ----------
    path : Path or str
    vertical_zero_deg : float
        Angle of the file that points to the horizon in front, for files that count their vertical
        angles from elsewhere than their format has it [deg].
    polarisation : str
        "horizontal" or "vertical", to choose in a file that has cuts for both.

    Raises
    ------
    AntennaFileError
        Not recognised, cut short, or anything in it that is wrong or of two meanings; by file and
        line.
    """
    source = open_source(Path(path), vertical_zero_deg=vertical_zero_deg, polarisation=polarisation)
    key = recognise(source)
    record = FORMATS[key].read(source)
    return dataclasses.replace(record, format=key, notes=tuple(source.notes))


def antenna_texts(record: AntennaRecord, key: str) -> dict[str, str]:
    """Text of the files of an antenna in a format of `WRITERS`, by extension.

    A format with a file per cut leaves out the file of a cut that is not there.
    """
    texts = {suffix: write(record) for suffix, write in WRITERS[key].items()}
    if len(texts) > 1:
        if record.horizontal is None:
            texts.pop(".az")
        if record.vertical is None and not record.mechanical_tilt_deg:
            texts.pop(".el")
    return texts

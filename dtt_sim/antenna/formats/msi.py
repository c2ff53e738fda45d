"""MSI Planet (.msi, .pln): keywords, then 360 attenuations of each cut.

Horizontal angles run clockwise, vertical ones from the horizon in front downwards: 90 is the foot
of the mast. Values are dB below the maximum, without minus sign. GAIN is in dBd where no unit is
given. Makers add keywords of their own and begin without NAME; both are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dtt_sim.antenna.formats.cuts import (
    Point,
    attenuation_or_gain,
    horizontal_cut,
    horizontal_table,
    normalised,
    vertical_circle,
    vertical_circle_table,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source
from dtt_sim.antenna.formats.words import frequency_mhz, frequency_text, gain_dbd, polarisation

TITLE = "MSI Planet"
EXTENSIONS = (".msi", ".pln", ".prn")
CHECKED = "two makers' files (panel of 0.9 GHz, omnidirectional antenna of 0.8 GHz)"
BASIS = "descriptions of the format"
_SECTION = re.compile(r"(HORIZONTAL|VERTICAL)\b\s*(\d+)?\s*", re.IGNORECASE)
_KNOWN = {
    "NAME", "MAKE", "FREQUENCY", "H_WIDTH", "V_WIDTH", "FRONT_TO_BACK", "GAIN", "TILT",
    "ELECTRICAL_TILT", "MECHANICAL_TILT", "POLARIZATION", "POLARISATION", "COMMENT",
}  # fmt: skip


@dataclass(slots=True)
class _File:
    """Keywords with the line they stand in, and the points of the two sections."""

    words: dict[str, tuple[int, str]] = field(default_factory=dict)
    cuts: dict[str, list[Point]] = field(default_factory=dict)


def recognise(source: Source) -> bool:
    """Whether a line opens a section of a cut."""
    return any(
        (found := _SECTION.fullmatch(line)) is not None and found[2] is not None
        for line in source.lines[:400]
    )


def read(source: Source) -> AntennaRecord:
    """Antenna of an MSI Planet file."""
    file = _sections(source)
    if not file.cuts:
        source.fail(None, "no section HORIZONTAL or VERTICAL; an MSI file has both")
    horizontal = vertical = None
    if points := file.cuts.get("HORIZONTAL"):
        points = normalised(source, "horizontal", attenuation_or_gain(source, "horizontal", points))
        horizontal = horizontal_cut(source, points)
    if points := file.cuts.get("VERTICAL"):
        points = attenuation_or_gain(source, "vertical", points)
        vertical = vertical_circle(source, normalised(source, "vertical", points), up=-1)
    line, text = file.words.get("FREQUENCY", (0, ""))
    make, name = (file.words.get(key, (0, ""))[1] for key in ("MAKE", "NAME"))
    pol_line = file.words.get("POLARIZATION") or file.words.get("POLARISATION") or (0, "")
    return AntennaRecord(
        horizontal,
        vertical,
        gain_dbd=_gain(source, file),
        name=name if make in name else f"{make} {name}".strip(),
        frequency_mhz=frequency_mhz(source, line, text),
        polarisation=polarisation(pol_line[1]),
        electrical_tilt_deg=_tilt(file),
    )


def _sections(source: Source) -> _File:
    file = _File()
    lines = iter(source.filled())
    pending = next(lines, None)
    is_first = True
    while pending is not None:
        number, line = pending
        found = _SECTION.fullmatch(line)
        if found is not None:
            pending = _points(source, file, (number, found[1].upper(), found[2]), lines)
        else:
            if re.fullmatch(r"[+-]?[\d.,]+\s+[+-]?[\d.,]+", line) and not is_first:
                source.fail(number, f"{line!r} belongs to no section; check the count of points")
            word, _, rest = line.partition(" ")
            if "\t" in word:
                word, _, rest = line.partition("\t")
            # Some makers leave out the word NAME in the first line.
            if is_first and word.upper() not in _KNOWN:
                word, rest = "NAME", line
            file.words.setdefault(word.upper(), (number, rest.strip()))
            pending = next(lines, None)
        is_first = False
    return file


def _points(
    source: Source, file: _File, head: tuple[int, str, str | None], lines: object
) -> tuple[int, str] | None:
    """Points up to the next line that is none; that line."""
    start, cut, count = head
    if cut in file.cuts:
        source.fail(start, f"a second section {cut}; one file holds one antenna")
    points: list[Point] = []
    following: tuple[int, str] | None = None
    expected = int(count) if count else None
    for number, line in lines:  # type: ignore[attr-defined]
        if line[0].isalpha() and not line.lower().startswith(("nan", "inf")):
            following = (number, line)
            break
        if expected is not None and len(points) == expected:
            source.fail(number, f"{cut} {expected} has more than {expected} points; correct one")
        cells = re.split(r"[\s;]+", line)
        if len(cells) != 2:
            source.fail(
                number, f"{line!r} in {cut}; give an angle and an attenuation, with a space"
            )
        angle = source.number(number, "angle", cells[0], comma=True)
        if not -360.0 <= angle <= 360.0:
            source.fail(number, f"angle {angle:g} is outside 0 to 360; correct it")
        points.append(
            Point(number, angle, source.number(number, "attenuation", cells[1], comma=True))
        )
    if not points or (expected is not None and len(points) < expected):
        source.fail(
            start,
            f"{cut} {expected if count else ''} has {len(points)} points: the file is cut short or "
            "the count is wrong",
        )
    file.cuts[cut] = points
    return following


def _gain(source: Source, file: _File) -> float | None:
    if "GAIN" not in file.words:
        return None
    line, text = file.words["GAIN"]
    found = re.fullmatch(r"(\S+?)\s*(dB[di])?", text, re.IGNORECASE)
    if found is None:
        source.fail(line, f"gain {text!r}; give a number and dBd or dBi")
    if not found[2]:
        source.note("gain without unit: dBd, as the format has it")
    return gain_dbd(source, line, found[1], found[2] or "dBd")


def _tilt(file: _File) -> float | None:
    """Of ELECTRICAL_TILT or TILT, whose value may be a word for the kind of tilt."""
    for key in ("ELECTRICAL_TILT", "TILT"):
        found = re.match(r"[+-]?\d+(\.\d+)?", file.words.get(key, (0, ""))[1])
        if found is not None:
            return float(found[0])
    return None


def write(record: AntennaRecord) -> str:
    """Text of an MSI Planet file; the gain in dBd with its unit."""
    head = [f"NAME {record.name or 'antenna'}"]
    if record.frequency_mhz is not None:
        head.append(f"FREQUENCY {frequency_text(record.frequency_mhz)}")
    if record.gain_dbd is not None:
        head.append(f"GAIN {record.gain_dbd:.2f} dBd")
    if record.electrical_tilt_deg is not None:
        head.append(f"ELECTRICAL_TILT {record.electrical_tilt_deg:g}")
    if record.polarisation:
        head.append(f"POLARIZATION {record.polarisation.upper()}")
    horizontal = horizontal_table(record)
    # Rounded before the modulus: -0 and 360 are both 0.
    vertical = sorted((round(-e % 360.0, 6) % 360.0, v) for e, v in vertical_circle_table(record))
    for title, table in (("HORIZONTAL", horizontal), ("VERTICAL", vertical)):
        head.append(f"{title} {len(table)}")
        head += [f"{angle:g} {value:.3f}" for angle, value in table]
    return "\n".join(head) + "\n"

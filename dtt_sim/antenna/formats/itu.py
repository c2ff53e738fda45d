"""ITU tables: 36 attenuations every 10 degrees from true north.

Either as in electronic notices to the Radiocommunication Bureau, ``t_attn@azm10=2.5`` between
<ANT_DIAGR_H> and </ANT_DIAGR_H>, or plain: 36 numbers in any number of lines, or 36 lines of
azimuth and attenuation. Attenuations refer to the radiated power of the notice and are kept as they
are. ANT_DIAGR_V is no vertical cut: it is the horizontal diagram of the vertically polarised
component.
"""

from __future__ import annotations

import re

from dtt_sim.antenna.formats.cuts import (
    Point,
    attenuation_or_gain,
    horizontal_cut,
    horizontal_table,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source

TITLE = "ITU table, 36 azimuths"
EXTENSIONS = (".itu",)
CHECKED = ""
BASIS = "public programs that write notices"
AZIMUTHS = 36
_NOTICE = re.compile(r"(?:t_)?attn@azm\s*(\d+)\s*=\s*(.*)", re.IGNORECASE)
_SECTION = re.compile(r"<(/?)ANT_DIAGR_([HV])>", re.IGNORECASE)


def recognise(source: Source) -> bool:
    """Whether there are keywords of a notice, or 36 numbers and nothing else."""
    if any(_NOTICE.match(line) for line in source.lines):
        return True
    lines = source.filled()
    return len(lines) <= AZIMUTHS + 1 and _plain(source, strict=False) is not None


def read(source: Source) -> AntennaRecord:
    """Antenna of an ITU table: a horizontal cut."""
    if any(_NOTICE.match(line) for line in source.lines):
        points, polarisation = _notice(source)
    else:
        found = _plain(source, strict=True)
        assert found is not None
        points, polarisation = found, ""
    points = attenuation_or_gain(source, "horizontal", points)
    least = min(p.value for p in points)
    if least > 0.05:
        source.note(
            f"no azimuth has less than {least:g} dB: nowhere is the full power of the station "
            "radiated"
        )
    return AntennaRecord(
        horizontal_cut(source, points, seam_db=1e-6), None, polarisation=polarisation
    )


def _notice(source: Source) -> tuple[list[Point], str]:
    sections: dict[str, list[Point]] = {}
    section = ""
    for number, line in source.filled():
        opened = _SECTION.fullmatch(line)
        found = _NOTICE.match(line)
        if opened is not None:
            section = "" if opened[1] else opened[2].upper()
        elif found is not None:
            azimuth = float(found[1])
            if azimuth % 10.0 or azimuth > 350.0:
                source.fail(number, f"azimuth {azimuth:g}; give 0, 10 ... 350")
            value = source.number(number, "attenuation", found[2], comma=True)
            sections.setdefault(section, []).append(Point(number, azimuth, value))
    diagrams = {
        name: sorted((p.angle, p.value) for p in points) for name, points in sections.items()
    }
    if len(sections) > 1 and len({tuple(table) for table in diagrams.values()}) > 1:
        if {"horizontal": "H", "vertical": "V"}.get(source.polarisation) not in sections:
            source.fail(
                sections[max(sections)][0].line,
                "diagrams for horizontal and for vertical polarisation, and they differ; keep one, "
                "or read it with --polarisation",
            )
        sections = {source.polarisation[0].upper(): sections[source.polarisation[0].upper()]}
    name, points = next(iter(sections.items()))
    if len(points) != AZIMUTHS:
        source.fail(points[-1].line, f"{len(points)} azimuths in the diagram; give 36")
    word = {"H": "horizontal", "V": "vertical"}.get(name, "")
    return points, word if len(sections) == 1 else "mixed"


def _plain(source: Source, *, strict: bool) -> list[Point] | None:
    """36 points of bare numbers; without `strict` None where it is something else."""
    cells: list[tuple[int, list[str]]] = []
    for number, line in source.filled():
        # A comma is a decimal comma only where something else separates.
        is_comma = bool(re.search(r"[;\t ]", line)) or re.fullmatch(r"[+-]?\d+,\d+", line)
        cells.append(
            (number, [c for c in re.split(r"[;\s]+" if is_comma else r"[,;\s]+", line) if c])
        )
    is_pairs = len(cells) in {AZIMUTHS, AZIMUTHS + 1} and all(len(row) == 2 for _, row in cells)
    try:
        if is_pairs:
            points = [
                Point(
                    i,
                    source.number(i, "azimuth", row[0], comma=True),
                    source.number(i, "attenuation", row[1], comma=True),
                )
                for i, row in cells
            ]
        else:
            flat = [(i, cell) for i, row in cells for cell in row]
            if len(flat) != AZIMUTHS:
                source.fail(None, f"{len(flat)} values; give 36, from north every 10 degrees")
            points = [
                Point(i, 10.0 * k, source.number(i, "attenuation", cell.rstrip(","), comma=True))
                for k, (i, cell) in enumerate(flat)
            ]
        for p in points:
            if p.angle % 10.0 or not 0.0 <= p.angle <= 360.0:
                source.fail(p.line, f"azimuth {p.angle:g}; give 0, 10 ... 350")
    except ValueError:
        if strict:
            raise
        return None
    return points


def write(record: AntennaRecord) -> str:
    """Text of a diagram as notices have it; azimuths between are lost, and the vertical cut."""
    name = "V" if record.polarisation == "vertical" else "H"
    lines = [f"<ANT_DIAGR_{name}>"]
    lines += [
        f"t_attn@azm{angle:g}={value + 0.0:.3f}" for angle, value in horizontal_table(record, 10.0)
    ]
    return "\n".join([*lines, f"</ANT_DIAGR_{name}>", ""])

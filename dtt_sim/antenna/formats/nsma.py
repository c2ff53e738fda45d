"""NSMA WG16.99.050, the same as TIA-804-B (.adf): ``KEYWORD:,value`` and cuts of -180 to 180.

Azimuths are taken clockwise seen from above, elevations positive upwards. Data are what the second
half of GUNITS says: DBR relative to the maximum (negative), DBI and DBD absolute, LIN field. What
CloudRF calls .adf is this format; its converters name the cuts H and V, and write DBR where the
data are absolute, which comes to the same once the cut is taken relative to its maximum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dtt_sim.antenna.formats.cuts import (
    Point,
    from_field,
    horizontal_cut,
    horizontal_table,
    normalised,
    relative_gain,
    vertical_circle,
    vertical_circle_table,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source
from dtt_sim.antenna.formats.words import frequency_mhz, gain_dbd, polarisation
from dtt_sim.units import EIRP_OVER_ERP_DB

TITLE = "NSMA WG16.99.050 / TIA-804-B, also CloudRF's .adf"
EXTENSIONS = (".adf", ".nsma", ".nsm")
CHECKED = "a converted file of CloudRF's library (TIA-804-B)"
BASIS = "the fields of the recommendation, public writers and readers"
_KEY = re.compile(r"([A-Z][A-Z0-9]{5})\s*:\s*,?(.*)", re.IGNORECASE)
_AZIMUTH = {"AZ", "H", "HCP"}
_ELEVATION = {"EL", "V", "VCP"}
NEARLY_ROUND_DB = 6.0
"""An omnidirectional antenna in absolute gain has its largest value anywhere [dB]."""


@dataclass(slots=True)
class _Cut:
    """A pattern cut with its declarations."""

    line: int
    kind: str
    frequency: str
    polarisation: str = ""
    count: int | None = None
    points: list[Point] = field(default_factory=list)

    @property
    def is_co_polar(self) -> bool:
        ends = re.split(r"[/-]", self.polarisation.upper())
        return len(ends) < 2 or ends[0] == ends[-1] or set(ends) == {"SLR", "SLL"}


def recognise(source: Source) -> bool:
    """Whether a keyword of the recommendation stands among the first lines."""
    return any(
        re.match(r"(REVNUM|ANTMAN|MODNUM|PATCUT|GUNITS|NUPOIN)\s*:", line, re.IGNORECASE)
        for line in source.lines[:80]
    )


def read(source: Source) -> AntennaRecord:
    """Antenna of an NSMA file: its first co-polar cut of each kind."""
    words, cuts = _parse(source)
    line, units = words.get("GUNITS", (0, ""))
    if not units:
        source.note("no GUNITS: gain in dBi and data in dB below the maximum are assumed")
        units = "DBI/DBR"
    gain_unit, _, data_unit = (
        part.strip().upper() for part in units.replace(",", "/").partition("/")
    )
    data_unit = data_unit or "DBR"
    if data_unit not in {"DBR", "DBI", "DBD", "LIN"}:
        source.fail(line, f"data in {data_unit!r}; give DBR, DBI, DBD or LIN after the slash")
    gain = None
    if words.get("MDGAIN", (0, ""))[1]:
        gain = gain_dbd(source, words["MDGAIN"][0], words["MDGAIN"][1], gain_unit or "DBI")
    azimuth = _choose(source, cuts, _AZIMUTH)
    elevation = _choose(source, cuts, _ELEVATION)
    if azimuth is None and elevation is None:
        source.fail(None, "no co-polar cut AZ, EL, H or V; give PATCUT:,AZ and PATCUT:,EL")
    if "cloudrf" in " ".join(text for _, text in words.values()).lower() and elevation is not None:
        source.note(
            "converted by CloudRF, which keeps the vertical direction of the file it converts: "
            "check that the tilt is downwards"
        )
    horizontal = vertical = None
    if azimuth is not None:
        horizontal = horizontal_cut(source, _attenuations(source, azimuth, data_unit, gain))
    if elevation is not None:
        points = _attenuations(source, elevation, data_unit, gain)
        vertical = vertical_circle(source, points, up=1)
    chosen = azimuth or elevation
    assert chosen is not None
    return AntennaRecord(
        horizontal,
        vertical,
        gain_dbd=gain,
        name=" ".join(words[k][1] for k in ("ANTMAN", "MODNUM") if words.get(k, (0, ""))[1]),
        frequency_mhz=_frequency(source, words, chosen),
        polarisation=polarisation(re.split(r"[/-]", chosen.polarisation)[0]),
        electrical_tilt_deg=_tilt(source, words),
    )


def _parse(source: Source) -> tuple[dict[str, tuple[int, str]], list[_Cut]]:
    words: dict[str, tuple[int, str]] = {}
    cuts: list[_Cut] = []
    frequency = ""
    for number, raw in source.filled():
        line = raw.partition("!")[0].strip()
        if not line:
            continue
        found = _KEY.match(line)
        if found is None:
            _data(source, cuts, number, line)
            continue
        key, value = found[1].upper(), found[2].strip().rstrip(",").strip()
        if key == "PATFRE":
            frequency = value
        if key == "PATCUT":
            cuts.append(_Cut(number, value.upper(), frequency))
        elif key == "POLARI" and cuts:
            cuts[-1].polarisation = value
        elif key == "NUPOIN" and cuts:
            cuts[-1].count = int(source.number(number, "NUPOIN", value))
        elif key == "ENDFIL":
            break
        else:
            words.setdefault(key, (number, value))
    for cut in cuts:
        _check_count(source, cut)
    return words, cuts


def _data(source: Source, cuts: list[_Cut], number: int, line: str) -> None:
    if not cuts:
        source.fail(number, f"{line!r} stands before any PATCUT; it belongs to no cut")
    cells = [cell for cell in re.split(r"[,;\s]+", line) if cell]
    if len(cells) != 2:
        source.fail(number, f"{line!r}; give angle,value with decimal points")
    angle = source.number(number, "angle", cells[0])
    if not -360.0 <= angle <= 360.0:
        source.fail(number, f"angle {angle:g} is outside -180 to 180; correct it")
    cuts[-1].points.append(Point(number, angle, source.number(number, "value", cells[1])))


def _check_count(source: Source, cut: _Cut) -> None:
    if not cut.points or (cut.count is not None and len(cut.points) < cut.count):
        source.fail(
            cut.line,
            f"cut {cut.kind} has {len(cut.points)} points"
            + (f" and NUPOIN says {cut.count}" if cut.count is not None else "")
            + ": the file is cut short or the count is wrong",
        )
    if cut.count is not None and len(cut.points) > cut.count:
        source.note(
            f"cut {cut.kind}: NUPOIN says {cut.count}, {len(cut.points)} are there and used"
        )


def _choose(source: Source, cuts: list[_Cut], kinds: set[str]) -> _Cut | None:
    """First co-polar cut, of the polarisation asked for if any."""
    own = [c for c in cuts if c.kind in kinds and c.is_co_polar]
    # Cuts of another polarisation than the one asked for are better than none.
    wanted = [
        c for c in own if polarisation(re.split(r"[/-]", c.polarisation)[0]) == source.polarisation
    ]
    own = wanted or own
    if len(own) > 1:
        first = f"{own[0].frequency or '?'} MHz {own[0].polarisation}".strip()
        source.note(f"cut {own[0].kind}: the first of {len(own)} is used, {first}")
    skipped = {c.kind for c in cuts if c.kind not in _AZIMUTH | _ELEVATION}
    if skipped:
        source.note(f"cuts {', '.join(sorted(skipped))} are left out")
    return own[0] if own else None


def _attenuations(source: Source, cut: _Cut, unit: str, gain: float | None) -> list[Point]:
    if unit == "LIN":
        return normalised(source, cut.kind, from_field(source, cut.points))
    most = max(p.value for p in cut.points)
    reference = 0.0
    if unit == "DBR" and min(p.value for p in cut.points) >= 0.0 and most > 0.0:
        return _positive(source, cut)
    if unit != "DBR" and gain is not None:
        reference = gain + (EIRP_OVER_ERP_DB if unit == "DBI" else 0.0)
    if abs(most - reference) > 0.05:
        source.note(
            f"cut {cut.kind}: the largest value is {most:g}, not {reference:g}; the cut is taken "
            "relative to its maximum"
        )
    return relative_gain(cut.points)


def _positive(source: Source, cut: _Cut) -> list[Point]:
    """Points of a cut without negative value: gain or attenuation, by what the boresight has."""
    ahead = min(cut.points, key=lambda p: abs(p.angle)).value
    least, most = (f(p.value for p in cut.points) for f in (min, max))
    if ahead - least < 0.25 * (most - least):
        source.note(f"cut {cut.kind}: values are positive and least ahead; read as attenuation")
        return normalised(source, cut.kind, cut.points)
    if most - ahead < 0.25 * (most - least):
        source.note(f"cut {cut.kind}: values are positive and largest ahead; read as gain")
        return relative_gain(cut.points)
    if most - least >= NEARLY_ROUND_DB:
        source.fail(
            cut.line,
            f"cut {cut.kind} is said to be relative (DBR) and has positive values only: gain or "
            "attenuation? give values of 0 and below",
        )
    source.note(f"cut {cut.kind}: values are positive; read as gain")
    return relative_gain(cut.points)


def _frequency(
    source: Source, words: dict[str, tuple[int, str]], cut: _Cut
) -> tuple[float, float] | None:
    if cut.frequency:
        return frequency_mhz(source, cut.line, cut.frequency)
    low, high = (words.get(key, (0, "")) for key in ("LOWFRQ", "HGHFRQ"))
    if low[1] and high[1]:
        return frequency_mhz(source, low[0], f"{low[1]}-{high[1]}")
    return None


def _tilt(source: Source, words: dict[str, tuple[int, str]]) -> float | None:
    line, text = words.get("ELTILT", (0, ""))
    if text and not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        # Antennas with a tilt that can be set say from where to where.
        source.note(f"line {line}: electrical tilt {text!r} is no number; left out")
        return None
    return float(text) if text else None


def write(record: AntennaRecord) -> str:
    """Text of an NSMA file with a cut of each kind; the gain in dBd, data in dB relative to it."""
    return _text(record, ("AZ", "EL"), "NSMA WG16.99.050", -180)


def write_cloudrf(record: AntennaRecord) -> str:
    """Text of an NSMA file in the dialect of CloudRF's library: cuts H and V of -179 to 180."""
    return _text(record, ("H", "V"), "TIA/EIA-804-B", -179)


def _text(record: AntennaRecord, kinds: tuple[str, str], revision: str, first: int) -> str:
    word = {"horizontal": "H/H", "vertical": "V/V"}.get(record.polarisation, "H/H")
    lines = [f"REVNUM:,{revision}", "ANTMAN:,", f"MODNUM:,{record.name or 'antenna'}"]
    if record.frequency_mhz is not None:
        low, high = record.frequency_mhz
        lines += [f"LOWFRQ:,{low:g}", f"HGHFRQ:,{high:g}"]
    lines.append("GUNITS:,DBD/DBR")
    if record.gain_dbd is not None:
        lines.append(f"MDGAIN:,{record.gain_dbd:.2f}")
    if record.electrical_tilt_deg is not None:
        lines.append(f"ELTILT:,{record.electrical_tilt_deg:g}")
    lines += ["PATTYP:,Typical", "NOFREQ:,1"]
    if record.frequency_mhz is not None and record.frequency_mhz[0] == record.frequency_mhz[1]:
        lines.append(f"PATFRE:,{record.frequency_mhz[0]:g}")
    lines.append("NUMCUT:,2")
    around = [(a - 360.0 if a > 180.0 else a, v) for a, v in horizontal_table(record)]
    for kind, table in zip(kinds, (around, vertical_circle_table(record)), strict=True):
        points = sorted(table)
        if first == -180:
            points.insert(0, (-180.0, points[-1][1]))
        lines += [
            f"PATCUT:,{kind}",
            f"POLARI:,{word}",
            f"NUPOIN:,{len(points)}",
            f"FSTLST:,{points[0][0]:g},{points[-1][0]:g}",
            *(f"{angle:g},{-value + 0.0:.3f}" for angle, value in points),
        ]
    return "\r\n".join([*lines, "ENDFIL:,EOF", ""])

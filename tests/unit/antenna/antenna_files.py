"""Small files made up here, in the layout of real ones."""

from __future__ import annotations

import math
from collections.abc import Callable

PANEL_BEARING, PANEL_TILT = 0, 3


def around(azimuth: float) -> float:
    """A panel-like attenuation, larger to the right of the front than to the left."""
    off = (azimuth + 180.0) % 360.0 - 180.0
    return round(min(0.003 * off * off * (1.2 if off > 0.0 else 1.0), 25.0), 2)


def upright(elevation: float) -> float:
    """A beam 3 degrees down, with a shelf above the horizon that is not below it."""
    off = elevation + PANEL_TILT
    shelf = 12.0 if elevation > 0.0 else 22.0
    return round(min(0.1 * off * off, shelf), 2)


def circle(elevation: float) -> float:
    """The beam in front, 25 dB less behind."""
    e = (elevation + 180.0) % 360.0 - 180.0
    return upright(e) if abs(e) <= 90.0 else upright(math.copysign(180.0, e) - e) + 25.0


def msi(*, zero: int = 0, upside: Callable[[float], float] = circle) -> str:
    """As makers write them: keywords of their own, tabs, a gain in dBi, a word for the tilt."""
    lines = [
        "NAME\tUHF panel 12 (made up)", "MAKE Example Works", "FREQUENCY 0598", "H_WIDTH 64",
        "V_WIDTH 11", "FRONT_TO_BACK 25", "GAIN 13.15 dBi", "TILT ELECTRICAL",
        "ELECTRICAL_TILT 3", "POLARIZATION H", "COMMENT  Co-Polarization", "vendor_key x",
        "HORIZONTAL 360",
    ]  # fmt: skip
    lines += [f"{a} {around(a):.2f}" for a in range(360)]
    lines.append("VERTICAL 360")
    # Angles grow downwards from the file's zero.
    lines += [f"{a} {upside(-(a - zero)):.2f}" for a in range(360)]
    return "\n".join(lines) + "\n"


def nsma(*, offset: float = 0.0, units: str = "DBI/DBR", first: int = -180) -> str:
    """With the fields of the recommendation, a cross-polar cut, and CRLF."""
    lines = [
        "REVNUM:,NSMA WG16.99.050", "REVDAT:,19990520", "COMNT1:,made up", "ANTMAN:,Example Works",
        "MODNUM:,Panel 12", "LOWFRQ:,470", "HGHFRQ:,862", f"GUNITS:,{units}", "MDGAIN:,13.15",
        "AZWIDT:,64", "CONTYP:,", "ELTILT:,3", "PATTYP:,Typical", "NOFREQ:,1", "PATFRE:,598",
        "NUMCUT:,3",
    ]  # fmt: skip
    angles = range(first, 181)
    for kind, word, value in (
        ("AZ", "H/H", around),
        ("AZ", "H/V", lambda _: 30.0),
        ("EL", "H/H", circle),
    ):
        lines += [f"PATCUT:,{kind}", f"POLARI:,{word}", f"NUPOIN:,{len(angles)}"]
        lines.append(f"FSTLST:,{first},180")
        lines += [f"{a},{offset - value(a):.3f}" for a in angles]
    return "\r\n".join([*lines, "ENDFIL:,EOF", ""])


def edx(*, kind: int = 2) -> str:
    """Elevations that stop at 20 above and 45 below, as many files' do."""

    def cell(attenuation: float) -> str:
        return f"{10 ** (-attenuation / 20.0):.6f}" if kind == 1 else f"{-attenuation:.2f}"

    lines = [f"'Panel 12', 13.15, {kind}"]
    lines += [f" {a}.0, {cell(around(a))}" for a in range(0, 361, 5)]
    elevations = range(-45, 21)
    lines += ["999", f"1, {len(elevations)}", "0.0"]
    lines += [f"{e}, {cell(upright(e))}" for e in elevations]
    return "\n".join(lines) + "\n"


def radio_mobile(version: int = 3, *, comma: bool = False, sign: float = -1.0) -> str:
    """A value per line with the blanks that programs leave behind."""
    values = [around(a) for a in range(360)]
    values += {
        1: [],
        2: [circle(90 - k) for k in range(181)],
        3: [circle(90 - k) for k in range(360)],
    }[version]
    text = "".join(f"{sign * v:g}\t   \n" for v in values)
    return text.replace(".", ",") if comma else text


def splat_azimuths(rotation: float = 0.0) -> str:
    rows = [f"{a}\t{10 ** (-around(a) / 20.0):.4f}" for a in range(360)]
    return f"{rotation}\t; clockwise from true north\n" + "\n".join(rows) + "\n"


def splat_elevations(tilt: float = 0.0, towards: float = 0.0) -> str:
    """From 10 above (negative) to 90 below, in halves of a degree."""
    rows = [f"{e / 2.0:g}\t{10 ** (-upright(-e / 2.0) / 20.0):.5f}" for e in range(-20, 181)]
    return f"{tilt}\t{towards}\n" + "\n".join(rows) + "\n"


def itu(name: str = "H") -> str:
    """Part of a notice."""
    lines = ["<NOTICE>", "t_notice_type=GT1", "t_polar=" + name, f"<ANT_DIAGR_{name}>"]
    lines += [f"t_attn@azm{a} = {around(a):f}" for a in range(0, 360, 10)]
    return "\n".join([*lines, f"</ANT_DIAGR_{name}>", "</NOTICE>", ""])

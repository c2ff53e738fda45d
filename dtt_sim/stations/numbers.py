"""Numbers as people type them: decimal comma or point, thousands separators, a unit behind."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from dtt_sim.stations.cells import Cell

_SPACES = "\u00a0\u2007\u2009\u202f"
_MINUS = str.maketrans({"−": "-", "–": "-", "\uff0d": "-", **dict.fromkeys(_SPACES, " ")})
_NUMBER = r"[+-]?(?:\d[\d.,' ’]*\d|\d|[.,]\d+)(?:[eE][+-]?\d+)?"
_WITH_UNIT = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*", re.DOTALL)
_GROUPED = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}


def parts(text: str) -> tuple[str, str] | None:
    """Number and what stands behind it; None where the text does not begin with a number.

    >>> parts("10,5 kW")
    ('10,5', 'kW')
    """
    found = _WITH_UNIT.fullmatch(text.translate(_MINUS))
    return (found[1], found[2]) if found else None


def decimal_mark(cells: Iterable[Cell]) -> str:
    """Decimal mark that the cells which can be read in one way only have in common, or "".

    >>> decimal_mark([Cell("1.500"), Cell("2,5")])
    ','
    """
    seen = set()
    for cell in cells:
        found = parts(cell.text) if cell.kind == "text" else None
        if found is not None:
            seen.add(_mark_of(found[0].lstrip("+-")))
    seen.discard("")
    return seen.pop() if len(seen) == 1 else ""


def _mark_of(digits: str) -> str:
    """Decimal mark of a number that can be read in one way only."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    for mark, count in ((".", dots), (",", commas)):
        if count > 1:
            return "," if mark == "." else "."
        if count == 1 and not _GROUPED[mark].fullmatch(digits):
            return mark
    return ""


def number(text: str, mark: str = "", plausible: tuple[float, float] | None = None) -> float:
    """Value of a number.

    Parameters
    ----------
    text : str
    mark : {"", ".", ","}
        Decimal mark of the file, where it is known.
    plausible : (low, high), optional
        Where a number that could mean two must lie.

    Raises
    ------
    ValueError
        No number, or one that could mean two ("1.500" in a file of unknown habits).

    Examples
    --------
    >>> number("1.234,5"), number("523 456"), number("1.500", ","), number("0.125")
    (1234.5, 523456.0, 1500.0, 0.125)
    >>> number("474.000", plausible=(30, 6000))
    474.0
    """
    found = parts(text)
    if found is None or found[1]:
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    digits = found[0]
    sign = -1.0 if digits.startswith("-") else 1.0
    digits, _, exponent = digits.lstrip("+-").lower().partition("e")
    digits = _without_spaces(digits, text)
    own = _mark_of(digits)
    if not own and ("." in digits or "," in digits):
        own = mark or _plausible_mark(digits, plausible)
        if not own:
            short = digits.replace(",", "").replace(".", "")
            msg = (
                f"{text!r} could be {short} or {digits.replace(',', '.')}; write it without "
                "thousands separators"
            )
            raise ValueError(msg)
    group = "," if own == "." else "."
    whole, _, fraction = digits.partition(own) if own else (digits, "", "")
    if group in whole and not _GROUPED[group].fullmatch(whole):
        msg = f"{text!r} is not a number: its groups of digits are not of three"
        raise ValueError(msg)
    if not (fraction.isdigit() or not fraction):
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    value = float(f"{whole.replace(group, '') or '0'}.{fraction or '0'}e{exponent or '0'}")
    if not math.isfinite(value):
        msg = f"{text!r} is not finite"
        raise ValueError(msg)
    return sign * value


def _plausible_mark(digits: str, plausible: tuple[float, float] | None) -> str:
    """Decimal mark with which "1.500" lies within limits, if only one does."""
    if plausible is None:
        return ""
    given = "." if "." in digits else ","
    readings = {given: float(digits.replace(",", ".")), ".,".replace(given, ""):
                float(digits.replace(given, ""))}  # fmt: skip
    fitting = [mark for mark, value in readings.items() if plausible[0] <= value <= plausible[1]]
    return fitting[0] if len(fitting) == 1 else ""


def _without_spaces(digits: str, text: str) -> str:
    """Digits without spaces and apostrophes, which must stand between groups of three."""
    if re.search(r"[ '’]", digits):
        whole = re.split(r"[.,]", digits)[0]
        if not re.fullmatch(r"\d{1,3}(?:[ '’]\d{3})+", whole) or re.search(
            r"[ '’]", digits[len(whole) :]
        ):
            msg = f"{text!r} is not one number"
            raise ValueError(msg)
    return re.sub(r"[ '’]", "", digits)

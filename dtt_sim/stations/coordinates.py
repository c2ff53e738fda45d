"""Angles of latitude and longitude in the spellings that people and offices use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dtt_sim.stations.names import fold

Axis = Literal["lat", "lon"]

_LETTERS: dict[str, tuple[Axis, int]] = {"N": ("lat", 1), "S": ("lat", -1), "E": ("lon", 1), "W": ("lon", -1),
            "B": ("lat", 1), "Đ": ("lon", 1), "T": ("lon", -1)}  # fmt: skip
_WORDS = {"north": "N", "south": "S", "east": "E", "west": "W",
          "bac": "N", "nam": "S", "dong": "E", "tay": "W"}  # fmt: skip
"""Hemispheres in words; B, Đ and T are the first letters of the Vietnamese ones. The fourth, Nam, is
south and begins with N: the letter alone is always taken for north."""
_MARKS = str.maketrans({
    "º": "°", "˚": "°", "∘": "°", "⁰": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "`": "'",
    "ʹ": "'", "″": '"', "”": '"', "“": '"', "„": '"', "ʺ": '"', "−": "-", "–": "-", "—": "-",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ",
})  # fmt: skip
_SAID = re.compile(r"(?i)\b(?:vĩ độ|kinh độ|latitude|longitude|lat|long?)\b\s*[:=.]?")
_POWER_OF_TEN = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]\d+")
_NUMBER = r"\d+(?:[.,]\d+)?"
_ITU = re.compile(r"(\d{1,3}) ?([NSEW]) ?(\d{2}) ?(\d{2}(?:[.,]\d+)?)?")
_LIMIT = {"lat": 90.0, "lon": 180.0}


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle as it was written.

    Attributes
    ----------
    value_deg : float
        [deg], south and west negative.
    form : {"decimal", "dms", "dm", "packed"}
        Decimal degrees; degrees, minutes and seconds; degrees and minutes; digits without marks.
    axis : {"lat", "lon", ""}
        What its letter says it is.
    """

    value_deg: float
    form: Literal["decimal", "dms", "dm", "packed"]
    axis: Literal["lat", "lon", ""] = ""


def parse_angle(text: str, axis: Axis | Literal[""] = "") -> Angle:
    r"""An angle from its text.

    Parameters
    ----------
    text : str
    axis : {"lat", "lon", ""}
        What the column says it is: digits without marks depend on it.

    Raises
    ------
    ValueError
        No angle; minutes or seconds of 60 and more; a sign against a letter.

    Examples
    --------
    >>> [parse_angle(t).value_deg for t in ("9°57'30\"N", "9 57 30 S", "9d57m30s", "9,5")]
    [9.958333333333334, -9.958333333333334, 9.958333333333334, 9.5]
    >>> parse_angle("095730N").value_deg, parse_angle("105-07-40-E").axis
    (9.958333333333334, 'lon')
    """
    bare = _SAID.sub("", text.translate(_MARKS).replace("''", '"')).strip()
    if _POWER_OF_TEN.fullmatch(bare):
        return Angle(float(bare), "decimal")
    itu = _ITU.fullmatch(bare.upper())
    if itu:
        named, direction = _LETTERS[itu[2]]
        value = _sexagesimal([itu[1], itu[3], itu[4] or "0"], text)
        return _checked(Angle(direction * value, "dms" if itu[4] else "dm", named), text)
    is_minus = bare.startswith("-")
    bare, letter = _take_letter(bare.lstrip("+-").strip(), text)
    own: Axis | Literal[""] = ""
    sign = 1
    if letter:
        own, sign = _LETTERS[letter]
    if is_minus and letter:
        msg = f"{text!r} has a minus sign and a letter; write one of the two"
        raise ValueError(msg)
    value, form = _unsigned(bare, axis or own, bool(letter), text)
    return _checked(Angle(-value if is_minus else sign * value, form, own), text)


def _take_letter(bare: str, text: str) -> tuple[str, str]:
    """The text without the letter or word of the hemisphere at its beginning or end, and the letter."""
    found = []
    for pattern in (r"([^\W\d_]+)[\s.:-]*(.*)", r"(.*?)[\s.-]*(?<![^\W\d_])([^\W\d_]+)\.?"):
        match = re.fullmatch(pattern, bare)
        word, rest = ("", bare) if match is None else match.groups()
        if pattern.startswith("(.*"):
            word, rest = rest, word
        # An s behind minutes is the seconds; one behind that is the south.
        is_seconds = word == "s" and re.search(r"(?i)[m']\D{0,7}[\d.,]+\s*$", rest)
        glued = re.fullmatch(r"s([NSEWnsew])", word)
        if glued:
            word, rest = glued[1], rest + "s"
        letter = "" if is_seconds else _letter_of(word)
        if letter:
            bare = rest
            found.append(letter)
    if len(found) > 1:
        msg = f"{text!r} names two hemispheres; give one angle in a cell"
        raise ValueError(msg)
    return bare.strip(), "".join(found)


def _letter_of(word: str) -> str:
    return _WORDS.get(fold(word)) or (word.upper() if word.upper() in _LETTERS else "")


def _unsigned(
    bare: str, axis: Axis | Literal[""], has_letter: bool, text: str
) -> tuple[float, Literal["decimal", "dms", "dm", "packed"]]:
    """Degrees without sign and letter."""
    spaced = re.sub(r"(?i)(degrees|degree|deg|độ|do|d|°)\.?", "°", bare)
    spaced = re.sub(r"(?i)(minutes|minute|min|phút|phut|m|')\.?", "'", spaced)
    spaced = re.sub(r"(?i)(seconds|second|sec|giây|giay|s|\")\.?", '"', spaced)
    marked = re.fullmatch(
        rf"({_NUMBER})\s*[°\s]\s*(?:({_NUMBER})\s*(?:'\s*(?:({_NUMBER})\s*\"?)?)?)?", spaced
    )
    if marked:
        given = [part for part in marked.groups() if part]
        return _sexagesimal(given, text), ("decimal", "dm", "dms")[len(given) - 1]
    # 9-57-30, 9:57:30, 9 57 30, 9.57.30: three numbers; 9 57.5: two.
    for separator in (r"\s*[-:/]\s*", r"\s+", r"\."):
        pieces = [p.rstrip("°'\"") for p in re.split(separator, spaced.strip())]
        is_dotted = separator == r"\."
        if len(pieces) in ((3,) if is_dotted else (2, 3)) and all(
            re.fullmatch(_NUMBER, p) for p in pieces
        ):
            return _sexagesimal(pieces, text), "dms" if len(pieces) == 3 else "dm"
    if re.fullmatch(_NUMBER, spaced):
        return _one_number(spaced, axis, has_letter, text)
    msg = f"{text!r} is not an angle; write 9.9583 or 9°57'30\"N"
    raise ValueError(msg)


def _one_number(
    digits: str, axis: Axis | Literal[""], has_letter: bool, text: str
) -> tuple[float, Literal["decimal", "packed"]]:
    """Decimal degrees, or degrees, minutes and seconds run together: 095730, 1050740."""
    whole = re.split(r"[.,]", digits)[0]
    value = float(digits.replace(",", "."))
    if len(whole) <= 3 and not (len(whole) == 3 and value > 180.0):
        return value, "decimal"
    is_minutes = has_letter and len(whole) == (5 if axis == "lon" else 4)
    if is_minutes:
        pieces = [digits[: len(whole) - 2], digits[len(whole) - 2 :]]
    elif len(whole) in {6, 7} or (len(whole) == 5 and axis == "lat"):
        n_degrees = len(whole) - 4
        pieces = [digits[:n_degrees], digits[n_degrees : n_degrees + 2], digits[n_degrees + 2 :]]
    else:
        return value, "decimal"
    try:
        packed = _sexagesimal(pieces, text)
    except ValueError:
        return value, "decimal"
    fits = packed <= _LIMIT[axis or "lon"]
    return (packed, "packed") if fits else (value, "decimal")


def _sexagesimal(pieces: list[str], text: str) -> float:
    values = [float(piece.replace(",", ".")) for piece in pieces]
    for name, value in zip(("minutes", "seconds"), values[1:], strict=False):
        if value >= 60.0:
            msg = f"{text!r} has {value:g} {name}, and there are 60 at most; correct it"
            raise ValueError(msg)
    if any(not value.is_integer() for value in values[:-1]):
        msg = f"{text!r} has a fraction before its last part; write 9.9583 or 9°57'30\"N"
        raise ValueError(msg)
    minutes, seconds = [*values[1:], 0.0, 0.0][:2]
    return values[0] + (minutes + seconds / 60.0) / 60.0


def _checked(angle: Angle, text: str) -> Angle:
    if angle.axis and abs(angle.value_deg) > _LIMIT[angle.axis]:
        name = "latitude" if angle.axis == "lat" else "longitude"
        msg = f"{text!r} is no {name}: it ends at {_LIMIT[angle.axis]:g} degrees"
        raise ValueError(msg)
    return angle


_POINT = re.compile(r"(?i)(?:SRID=\d+;)?\s*POINT\s*(?:ZM|Z|M)?\s*\(([^()]*)\)")


def parse_point(text: str) -> tuple[float, float] | None:
    """Coordinates x and y of a WKT point; None for another text.

    >>> parse_point("POINT (523000 1118000)")
    (523000.0, 1118000.0)
    """
    found = _POINT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        x, y = (float(number) for number in found[1].split()[:2])
    except ValueError:
        return None
    return x, y


def parse_position(text: str) -> tuple[Angle, Angle]:
    r"""Latitude and longitude from one cell.

    In the order of their letters, else latitude first.

    Raises
    ------
    ValueError
        Not two angles, or two of one kind.

    Examples
    --------
    >>> [a.value_deg for a in parse_position("10,1; 104,9")]
    [10.1, 104.9]
    >>> [round(a.value_deg, 3) for a in parse_position("E104°53'17\" N10°06'48\"")]
    [10.113, 104.888]
    """
    for pair in _halves(text.translate(_MARKS)):
        try:
            first, second = (parse_angle(half) for half in pair)
        except ValueError:
            continue
        if first.axis and first.axis == second.axis:
            msg = f"{text!r} has two angles of one kind; give latitude and longitude"
            raise ValueError(msg)
        if first.axis == "lon" or second.axis == "lat":
            first, second = second, first
        return first, second
    msg = f"{text!r} is not a position; write 10.1133, 104.8881 or 10°06'48\"N 104°53'17\"E"
    raise ValueError(msg)


def _halves(text: str) -> list[tuple[str, str]]:
    """Ways to part a text in two, the surest first."""
    found = []
    for pattern in (
        r"\s*[;|/\n]\s*",
        r"\s+-\s+",
        r",\s+",
        r"(?i)(?<=[NSEWBĐT])\s*,?\s*(?=\d)",
        r"(?i)(?<=[\d'\"])\s*,?\s*(?=[NSEWBĐT]\s*\d)",
        r"\s+",
        r",",
    ):
        pieces = re.split(pattern, text.strip().strip("()"))
        if len(pieces) == 2 and all(pieces):
            found.append((pieces[0], pieces[1]))
    return found

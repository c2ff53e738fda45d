"""An antenna file as lines of text, and refusals that name the line."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from dtt_sim.antenna.formats.record import AntennaFileError

MAX_BYTES = 16 * 1024 * 1024
"""Far above any pattern: one of 0.1 degrees in both cuts has 0.1 MB."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class Source:
    """The lines of a file with its name; what readers note about it.

    Attributes
    ----------
    path : Path
        As the user named it.
    lines : tuple of str
        Without their ends, stripped.
    vertical_zero_deg : float
        Angle of the file's vertical cut that points to the horizon in front [deg].
    polarisation : str
        Wanted of a file that has cuts for several; "" takes the first.
    notes : list of str
        What was assumed, left out or put right.
    """

    path: Path
    lines: tuple[str, ...]
    vertical_zero_deg: float = 0.0
    polarisation: str = ""
    notes: list[str] = field(default_factory=list)

    def fail(self, line: int | None, text: str) -> NoReturn:
        """Refuse the file for what stands in a line (1-based)."""
        where = str(self.path) if line is None else f"{self.path}:{line}"
        msg = f"{where}: {text}"
        raise AntennaFileError(msg)

    def note(self, text: str) -> None:
        """Keep a sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    def number(self, line: int, what: str, text: str, *, comma: bool = False) -> float:
        """A finite number of a cell.

        With `comma` a decimal comma is one: the layout has no other use for commas there.
        """
        cell = text.strip()
        if comma and _DECIMAL_COMMA.fullmatch(cell):
            cell = cell.replace(",", ".")
        if cell.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            self.fail(line, f"{what} {cell!r} is not finite; give a number")
        if not _NUMBER.fullmatch(cell):
            hint = "; write a decimal point" if "," in cell else "; give a number"
            self.fail(line, f"{what} {cell!r} is not a number{hint}")
        value = float(cell)
        if not math.isfinite(value):
            self.fail(line, f"{what} {cell!r} is not finite; give a number")
        return value

    def filled(self) -> list[tuple[int, str]]:
        """Number and text of every line that is not empty."""
        return [(i, line) for i, line in enumerate(self.lines, start=1) if line]


def open_source(path: Path, *, vertical_zero_deg: float = 0.0, polarisation: str = "") -> Source:
    """The lines of a file: UTF-8 with or without a mark, UTF-16 with one, else Latin-1.

    Raises
    ------
    AntennaFileError
        No such file, a folder or device, larger than `MAX_BYTES`, or not text.
    """
    lines = tuple(line.strip() for line in _LINE_END.split(_text(path)))
    return Source(path, lines, vertical_zero_deg, polarisation)


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            reason = "it is not a file"
        elif path.stat().st_size > MAX_BYTES:
            reason = f"more than {MAX_BYTES // 2**20} MiB, and no pattern has as much"
        else:
            with path.open("rb") as file:
                return _decode(file.read(MAX_BYTES))
    except FileNotFoundError:
        reason = "no such file"
    except UnicodeDecodeError as error:
        reason = f"not text: {error.reason}"
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
    msg = f"{path}: cannot be read ({reason}); check the path"
    raise AntennaFileError(msg)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\0" in data:
        msg = "not text: it has zero bytes"
        raise ValueError(msg)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")

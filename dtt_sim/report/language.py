"""Texts, numbers and dates in the reader's language.

A language is a folder of TOML files under ``languages``: every table is a group of messages, every message
a text with names in braces. A third language is a third folder; what it lacks is taken from English.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dtt_sim.errors import DttSimError

FOLDER: Final = Path(__file__).parent / "languages"
ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language.

    Attributes
    ----------
    code : str
        As ISO 639-1 has it.
    messages : dict of str to str
        By "group.name".
    """

    code: str
    messages: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, with values in the place of names in braces; values are put in as they are.

        Raises
        ------
        KeyError
            No such message in English either.
        """
        return self.messages[key].format(**values)

    def term(self, group: str, name: str) -> str:
        """The word for a name of the program (a cause, a status), or the name where there is none."""
        return self.messages.get(f"{group}.{name}", name)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's marks: 1.723.067,5 or 1,723,067.5."""
        text = f"{value:,.{digits}f}"
        # No minus before a zero.
        if not text.strip("-0.,"):
            text = text.lstrip("-")
        point, group = self.messages["number.decimal"], self.messages["number.group"]
        return text.translate({ord("."): point, ord(","): group})

    def percent(self, value: float, digits: int = 1) -> str:
        """A percentage: 12,5 % or 12.5 %."""
        return f"{self.number(value, digits)} %"

    def date(self, day: dt.date) -> str:
        """A day: 31/12/2017 or 31 December 2017."""
        month = self.messages[f"month.{day.month}"]
        return self("date.day", day=day.day, month=month, month_number=day.month, year=day.year)


def languages() -> list[str]:
    """Codes of all languages that there are."""
    return sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


@lru_cache
def language(code: str) -> Language:
    """A language by its code.

    Raises
    ------
    DttSimError
        No such language; says which there are.
    """
    if code not in languages():
        msg = f"no language {code!r}; choose from {', '.join(languages())}"
        raise DttSimError(msg)
    return Language(code, _messages(ENGLISH) | _messages(code))


def _messages(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((FOLDER / code).glob("*.toml")):
        for group, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found |= {f"{group}.{name}": str(text) for name, text in texts.items()}
    return found

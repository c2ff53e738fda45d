"""Ids from names: safe in file names, unique, Vietnamese letters included."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_LETTERS = str.maketrans({"đ": "d", "Đ": "D", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
                          "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "µ": "u", "μ": "u"})  # fmt: skip
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{k}" for d in ("com", "lpt") for k in range(1, 10))}
_LONGEST = 60
SAFE_ID = re.compile(r"[A-Za-z0-9_-]+")


def fold(text: str) -> str:
    """Lower case without diacritics and punctuation, words parted by single spaces.

    >>> fold("Vĩ độ_(Độ)"), fold("ERP [kW]")
    ('vi do do', 'erp kw')
    """
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c)).translate(_LETTERS)
    return " ".join(re.findall(r"[^\W_]+", bare))


def slug(name: str) -> str:
    """Id of a name: small ASCII letters, digits and ``_``; "" where nothing is left of it.

    >>> slug("Núi Hòn Me"), slug("Đài PT-TH Cà Mau (K33)")
    ('nui_hon_me', 'dai_pt_th_ca_mau_k33')
    """
    text = re.sub(r"[^a-z0-9]+", "_", fold(name)).strip("_")[:_LONGEST].strip("_")
    return f"station_{text}" if text in _DEVICES else text


def ids_from_names(
    given: Sequence[str], names: Sequence[str], details: Sequence[Sequence[str]]
) -> list[str]:
    """A unique id for every station.

    Parameters
    ----------
    given : sequence of str
        Ids that the list has, or "".
    names : sequence of str
        Names of the sites.
    details : sequence of sequences of str
        What may tell stations of one name apart: the multiplex, the channel.

    Examples
    --------
    >>> ids_from_names(["", "", "x"], ["Hòn Me", "Hòn Me", "?"], [("K33",), ("K34",), ()])
    ['hon_me_k33', 'hon_me_k34', 'x']
    """
    wanted = [own if SAFE_ID.fullmatch(own) else slug(own) for own in given]
    bases = [slug(name) or f"station_{k}" for k, name in enumerate(names, 1)]
    repeated = {b for b, n in Counter(b for b, w in zip(bases, wanted, strict=True) if not w).items()
                if n > 1}  # fmt: skip
    for k, base in enumerate(bases):
        if not wanted[k]:
            wanted[k] = _told_apart(k, base, bases, details) if base in repeated else base
    taken: set[str] = set()
    # Ids that the list itself has are served first: others' files may refer to them.
    order = sorted(range(len(wanted)), key=lambda k: (wanted[k] != given[k], k))
    for k in order:
        one, n = wanted[k], 2
        while one in taken:
            one, n = f"{wanted[k]}_{n}", n + 1
        wanted[k] = one
        taken.add(one)
    return wanted


def _told_apart(k: int, base: str, bases: Sequence[str], details: Sequence[Sequence[str]]) -> str:
    """The base with the first detail that differs among the stations of that name."""
    same = [j for j, other in enumerate(bases) if other == base]
    for i, detail in enumerate(details[k]):
        others = [details[j][i] for j in same if j != k and i < len(details[j])]
        if slug(detail) and detail not in others:
            return f"{base}_{slug(detail)}"
    first = next((slug(d) for d in details[k] if slug(d)), "")
    return f"{base}_{first}" if first else base

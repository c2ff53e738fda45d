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
    groups: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        if not wanted[k]:
            groups.setdefault(slug(name) or f"station_{k + 1}", []).append(k)
    for base, members in groups.items():
        for k, one in zip(members, _told_apart(base, members, details), strict=True):
            wanted[k] = one
    taken: set[str] = set()
    last: Counter[str] = Counter()
    # Ids that the list itself has are served first: others' files may refer to them.
    for k in sorted(range(len(wanted)), key=lambda k: (wanted[k] != given[k], k)):
        base = one = wanted[k]
        while one in taken:
            last[base] += 1
            one = f"{base}_{last[base] + 1}"
        wanted[k] = one
        taken.add(one)
    return wanted


def _told_apart(base: str, members: Sequence[int], details: Sequence[Sequence[str]]) -> list[str]:
    """The base for each of its stations, with the first detail that no other of them has."""
    if len(members) == 1:
        return [base]
    counts: list[Counter[str]] = []
    for k in members:
        for i, detail in enumerate(details[k]):
            if i == len(counts):
                counts.append(Counter())
            counts[i][slug(detail)] += 1
    found = []
    for k in members:
        slugs = [slug(detail) for detail in details[k]]
        own = [s for i, s in enumerate(slugs) if s and counts[i][s] == 1]
        best = next(iter(own), next((s for s in slugs if s), ""))
        found.append(f"{base}_{best}" if best else base)
    return found

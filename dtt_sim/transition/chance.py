"""Random numbers by name, so that plans which differ draw the same for what they share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Chance:
    """One draw's random numbers.

    What is drawn for a name depends on the name, the seed and the draw's number alone: not on what
    else is drawn, nor in which order. Two plans drawn with one seed have common random numbers: the
    difference of their figures, draw by draw, is that of the plans and not of the luck.

    Attributes
    ----------
    seed, number : int
        0 or more.

    Examples
    --------
    >>> first, again = Chance(1, 7).of("mast A").normal(), Chance(1, 7).of("mast A").normal()
    >>> first == again, first == Chance(1, 7).of("mast B").normal()
    (True, False)
    """

    seed: int
    number: int

    def of(self, name: str) -> np.random.Generator:
        """Generator of a name."""
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        return np.random.default_rng([self.seed, self.number, int.from_bytes(digest, "little")])

"""What the searches share: plans, those already looked at, and the climb from one to a better one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Tell = Callable[[str], None]
C = TypeVar("C", bound=Hashable)

ALL_UP_TO: Final = 2000
"""So many choices are all looked at; of more, those that a search comes upon."""
_TIE = 1e-3
"""Weight of the expected people, beside those in well-served cells, so that flat places have a slope."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[C]):
    """A choice, and whom it serves.

    Attributes
    ----------
    choice : hashable
        What was chosen, in the terms of the search: delays, stations or powers.
    persons_good, persons_expected : float
        People in well-served cells, and the expected number of people with a picture.
    cost : float
        Decides between plans that serve alike; less is better.
    """

    choice: C
    persons_good: float
    persons_expected: float
    cost: float = 0.0

    @property
    def score(self) -> float:
        """What is maximised."""
        return self.persons_good + _TIE * self.persons_expected

    @property
    def rank(self) -> tuple[float, float]:
        """By this plans are compared."""
        return self.score, -self.cost


class Search(Generic[C]):
    """Plans already looked at, and the evaluation of others.

    Parameters
    ----------
    look : callable
        Makes the plan of a choice.
    """

    def __init__(self, look: Callable[[C], Plan[C]]) -> None:
        self._look = look
        self.known: dict[C, Plan[C]] = {}

    def plan(self, choice: C) -> Plan[C]:
        """The plan of a choice, looked at once."""
        if choice not in self.known:
            self.known[choice] = self._look(choice)
        return self.known[choice]

    def best_of(self, start: Plan[C], others: Iterable[C]) -> Plan[C]:
        """The best of a plan and other choices; `start` among equals."""
        return max(itertools.chain([start], map(self.plan, others)), key=lambda p: p.rank)

    def climb(
        self, start: Plan[C], moves: Sequence[Callable[[C], Iterable[C]]]
    ) -> Plan[C]:  # fmt: skip
        """One kind of move after the other, the best of each, until a round gains nothing."""
        best = start
        while True:
            before = best
            for move in moves:
                best = self.best_of(best, move(best.choice))
            if best.rank <= before.rank:
                return best

    def ranked(self, keep: Callable[[C], bool] = lambda _choice: True) -> list[Plan[C]]:
        """All plans looked at whose choice is one to keep, the best first."""
        kept = [p for p in self.known.values() if keep(p.choice)]
        return sorted(kept, key=lambda p: p.rank, reverse=True)


def check_starts(starts: int) -> None:
    """Refuse a search that begins nowhere.

    Raises
    ------
    ValueError
    """
    if starts < 1:
        msg = f"starts = {starts}; give 1 or more"
        raise ValueError(msg)

"""Errors that a user is meant to read. Each message ends with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DttSimError(Exception):
    """Base of every error that is the input's fault and not the program's."""


class ModelDomainError(DttSimError, ValueError):
    """A path or parameter outside the stated domain of a propagation model."""


class OutputError(DttSimError, OSError):
    """An output folder or file that cannot be written."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in an input file.

    Attributes
    ----------
    file : str
        The file, as the user named it.
    line : int or None
        Line number, 1-based; None where a file as a whole is meant.
    key : str
        Dotted key or column.
    message : str
        What is wrong, what was expected, and the nearest valid name where there is one.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        """``file:line: key: message``."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ScenarioError(DttSimError, ValueError):
    """Everything wrong in a scenario, or a file beside it, before anything is computed."""

    def __init__(self, problems: Sequence[Problem], where: str = "the scenario") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in {where}:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))

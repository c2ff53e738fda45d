"""Scenario files laid over each other, with the place where each key was written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from dtt_sim.errors import Problem
from dtt_sim.scenario.toml_lines import KeyPath, key_lines


class Layer(NamedTuple):
    """Values of a table, and where they stand.

    Attributes
    ----------
    values : mapping
    file : Path
    lines : mapping
        Line of every key of the file, by its path.
    prefix : tuple
        Path of the table in the file.
    """

    values: Mapping[str, Any]
    file: Path
    lines: Mapping[KeyPath, int]
    prefix: KeyPath = ()

    def line(self, path: KeyPath) -> int | None:
        """Line of a key of the table."""
        return self.lines.get(self.prefix + path)


class Merged:
    """Values of several files laid over each other, and where each key was written."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origin: dict[KeyPath, tuple[Path, int | None]] = {}
        self.problems: list[Problem] = []

    def where(self, path: KeyPath) -> tuple[str, int | None]:
        """File name and line of a key, or of the nearest table round it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.origin:
                file, line = self.origin[path[:end]]
                return file.name, line
        file = next(iter(self.origin.values()), (Path("scenario.toml"), None))[0]
        return file.name, None

    def report(self, path: KeyPath, message: str) -> None:
        """Report a key."""
        file, line = self.where(path)
        self.problems.append(Problem(file, line, ".".join(map(str, path)), message))

    def report_at(self, layer: Layer, path: KeyPath, message: str) -> None:
        """Report a key of a table that is not laid over the values."""
        where = ".".join(map(str, layer.prefix + path))
        self.problems.append(Problem(layer.file.name, layer.line(path), where, message))

    def copy(self) -> Merged:
        """The same values to lay others over; problems are told in common."""
        new = Merged()
        new.values, new.origin = deepcopy(self.values), dict(self.origin)
        new.problems = self.problems
        return new

    def lay(self, layer: Layer) -> None:
        """Lay values over what is there."""
        self._lay(self.values, layer.values, (), layer)

    def _lay(
        self, target: dict[str, Any], values: Mapping[str, Any], path: KeyPath, layer: Layer
    ) -> None:
        for key, value in values.items():
            here = (*path, key)
            self.origin[here] = layer.file, layer.line(here)
            if isinstance(value, dict):
                below = target.setdefault(key, {})
                if isinstance(below, dict):
                    self._lay(below, value, here, layer)
                    continue
            if isinstance(value, list):
                for i, item in enumerate(value):
                    for name in item if isinstance(item, dict) else ():
                        at = (*here, i, name)
                        self.origin[at] = layer.file, layer.line(at)
            target[key] = value


def read_files(path: Path, merged: Merged, above: tuple[Path, ...] = ()) -> dict[str, Layer]:
    """Lay a file and its bases; returns the overrides they define, by name."""
    path = path.resolve()
    if path in above:
        merged.problems.append(
            Problem(path.name, None, "extends", "the files extend each other in a circle; cut it")
        )
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        merged.problems.append(
            Problem(str(path.name), None, "", f"cannot be read: {reason}; check the path")
        )
        return {}
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        merged.problems.append(Problem(path.name, None, "", f"not valid TOML: {error}"))
        return {}
    lines = key_lines(text)
    overrides: dict[str, Layer] = {}
    base = values.pop("extends", None)
    own_overrides = values.pop("override", {})
    if isinstance(base, str):
        overrides |= read_files(path.parent / base, merged, (*above, path))
    elif base is not None:
        merged.problems.append(
            Problem(path.name, lines.get(("extends",)), "extends", "give the path of a scenario")
        )
    merged.lay(Layer(values, path, lines))
    for name, change in own_overrides.items():
        if not isinstance(change, dict):
            merged.problems.append(
                Problem(
                    path.name,
                    lines.get(("override", name)),
                    f"override.{name}",
                    "an override is a table of changes, [override.NAME]",
                )
            )
            continue
        overrides[name] = Layer(change, path, lines, ("override", name))
    return overrides

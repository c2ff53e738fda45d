"""Scenario files laid over each other, with the place where each key was written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.scenario.toml_lines import KeyPath, key_lines
from dtt_sim.scenario.transmitters import nearest


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


Origin = Mapping[KeyPath, tuple[Path, int | None]]
"""File and line at which each key was written."""


def where(origin: Origin, path: KeyPath) -> tuple[str, int | None]:
    """File name and line of a key, or of the nearest table round it."""
    for end in range(len(path), 0, -1):
        if path[:end] in origin:
            file, line = origin[path[:end]]
            return file.name, line
    file = next(iter(origin.values()), (Path("scenario.toml"), None))[0]
    return file.name, None


class Merged:
    """Values of several files laid over each other, and where each key was written."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origin: dict[KeyPath, tuple[Path, int | None]] = {}
        self.problems: list[Problem] = []

    def where(self, path: KeyPath) -> tuple[str, int | None]:
        """File name and line of a key, or of the nearest table round it."""
        return where(self.origin, path)

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
                # The list takes the place of another: of that nothing is left.
                stale = [k for k in self.origin if k[: len(here)] == here and k != here]
                for old in stale:
                    del self.origin[old]
                for i, item in enumerate(value):
                    for name in item if isinstance(item, dict) else ():
                        at = (*here, i, name)
                        self.origin[at] = layer.file, layer.line(at)
            target[key] = value


class Files(NamedTuple):
    """What a scenario file and those that it extends hold.

    Attributes
    ----------
    layers : list of Layer
        Values of the files, and overrides that they take over, the lowest first.
    overrides : dict of str to Layer
        That they define, by name.
    """

    layers: list[Layer]
    overrides: dict[str, Layer]


def read_files(path: Path, problems: list[Problem], above: tuple[Path, ...] = ()) -> Files:
    """Read a file and its bases; what cannot be read is reported."""
    path = path.resolve()
    found = Files([], {})
    if path in above:
        problems.append(
            Problem(path.name, None, "extends", "the files extend each other in a circle; cut it")
        )
        return found
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        problems.append(Problem(path.name, None, "", f"cannot be read: {reason}; check the path"))
        return found
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(path.name, None, "", f"not valid TOML: {error}"))
        return found
    lines = key_lines(text)
    base, taken = values.pop("extends", None), values.pop("extends_override", None)
    own_overrides = values.pop("override", {})
    if isinstance(base, str):
        found = read_files(path.parent / base, problems, (*above, path))
    elif base is not None:
        text = "give the path of a scenario"
        problems.append(Problem(path.name, lines.get(("extends",)), "extends", text))
    if taken is not None:
        where = Problem(path.name, lines.get(("extends_override",)), "extends_override", "")
        if base is None:
            problems.append(replace(where, message="nothing is extended; give extends too"))
        elif not problems:
            found.layers.append(override_named(found.overrides, taken, where))
    found.layers.append(Layer(values, path, lines))
    for name, change in own_overrides.items():
        at = ("override", name)
        if isinstance(change, dict):
            found.overrides[name] = Layer(change, path, lines, at)
        else:
            text = "an override is a table of changes, [override.NAME]"
            problems.append(Problem(path.name, lines.get(at), ".".join(at), text))
    return found


def override_named(overrides: Mapping[str, Layer], name: object, where: Problem) -> Layer:
    """An override by its name; `where` is what a wrong name is reported under.

    Raises
    ------
    ScenarioError
        There is none of that name: whatever else is wrong may only seem so without it.
    """
    if isinstance(name, str) and name in overrides:
        return overrides[name]
    known = nearest(str(name), overrides) if overrides else "; the file defines none"
    raise ScenarioError([replace(where, message=f"no override {name!r}{known}")])

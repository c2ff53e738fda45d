"""The layers of a run: what their values mean, and the colours they have wherever they are shown."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import DttSimError
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.report.language import Language
from dtt_sim.report.style import SERVED_COLOURS
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.typing import UInt8Array
from dtt_sim.workflow.finished import FinishedRun, Layer, PhaseOfRun, Service

NO_CODE: Final = 255
"""Of codes in one byte: no data."""

CAUSE_COLOURS: Final = ("#cfe1ec", "#ffffff", "#b9a582", "#e8871e", "#7b1e3a")
"""Served, no data, noise, self-interference, interference: distinct in lightness too."""
COUNT_COLOURS: Final = ("#f4efe6", "#cfe1ec", "#8fc3dd", "#4f93bd", "#1f6f9f", "#0b3c6f")
# From light to dark without a turn, so that print in grey keeps the order.
MARGIN_COLOURS: Final = (
    "#fdf6e6", "#f6e3bb", "#eccb8f", "#dcb07a", "#86b1cb", "#5d9dc2", "#2a6f9e", "#0b3c6f",
)  # fmt: skip
SHARE_COLOURS: Final = ("#fdf6e6", "#f6e3bb", "#dcb07a", "#7fb3d3", "#4f93bd", "#0b3c6f")
FIELD_COLOURS: Final = (
    "#fbf7ec", "#f5e6bd", "#efcf8d", "#e3ac6a", "#cf8560", "#ad5d60", "#83405f", "#552a55", "#2a173b",
)  # fmt: skip
STATION_COLOURS: Final = (
    "#4f93bd", "#e8b04a", "#7fae6d", "#c2622d", "#9a7fb8", "#d8a0a6", "#8c6d4f", "#5fb3a8",
    "#c7c26b", "#5a6e8c", "#e58f6b", "#a9cbe0", "#7b1e3a", "#b8b8b8", "#3f6f4f", "#f2d6a2",
)  # fmt: skip


class Step(NamedTuple):
    """A colour of a layer.

    Attributes
    ----------
    value : float
        The code; or where the class begins, -inf for the lowest.
    text : str
    colour : str
        "#rrggbb".
    """

    value: float
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Palette:
    """How a layer is coloured.

    Attributes
    ----------
    title : str
    unit : str
        As the user reads it; empty of codes.
    is_codes : bool
        Values are codes; otherwise each step is a class from its value to the next.
    steps : tuple of Step
    """

    title: str
    unit: str
    is_codes: bool
    steps: tuple[Step, ...]

    @property
    def caption(self) -> str:
        """Title with its unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title

    def index(self, values: NDArray[Any]) -> NDArray[np.int16]:
        """Position of the step of each value; -1 where there is none."""
        if self.is_codes:
            found = np.full(values.shape, -1, np.int16)
            for k, step in enumerate(self.steps):
                found[values == step.value] = k
            return found
        edges = [step.value for step in self.steps[1:]]
        found = np.asarray(np.digitize(np.nan_to_num(values, nan=0.0), edges), np.int16)
        found[np.isnan(values)] = -1
        return found

    def paint(self, values: NDArray[Any]) -> UInt8Array:
        """Red, green, blue and opacity of each value, `(..., 4)`; clear where there is none."""
        table = np.zeros((len(self.steps) + 1, 4), np.uint8)
        for k, step in enumerate(self.steps):
            table[k] = (*bytes.fromhex(step.colour[1:]), 255)
        return table[self.index(values)]


class Kind(NamedTuple):
    """A layer of a service.

    Attributes
    ----------
    unit : str
        As UDUNITS has it; empty of codes.
    missing : int or None
        Code of no data; None of values, which have NaN, and of codes that are always known.
    """

    unit: str
    missing: int | None


KINDS: Final[dict[str, Kind]] = {
    "served": Kind("", 255),
    "margin": Kind("dB", None),
    "cause": Kind("", None),
    "probability": Kind("1", None),
    "best_server": Kind("", -1),
    "usable_field": Kind("dB", None),
    "gain": Kind("dB", None),
    "n_station": Kind("1", None),
    "culprit": Kind("", -1),
}
"""Rasters of a service in the folder of a run."""
CODED: Final = ("served", "cause", "best_server", "n_station", "culprit")
SHOWN: Final = ("served", "margin", "cause", "probability", "best_server", "usable_field", "field")
"""Layers that are drawn: those of the folder, and the strongest field of a service's stations."""
FIELD_LEVELS: Final = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
MARGIN_LEVELS: Final = (-20.0, -10.0, -3.0, 0.0, 3.0, 10.0, 20.0)
SHARE_LEVELS: Final = (0.01, 0.5, 0.7, 0.95, 0.99)


def palette(name: str, service: Service, stations: tuple[str, ...], say: Language) -> Palette:
    """Colours of a layer of a service.

    Parameters
    ----------
    name : str
        Of `KINDS`, or "field".
    stations : tuple of str
        That codes of stations count in.
    """
    title = say.term("map_layer", name)
    if name == "served":
        texts = [say("map_legend.not_served"), *(quality_text(q, say) for q in service.qualities)]
        return _codes(title, texts, SERVED_COLOURS)
    if name == "cause":
        return _codes(title, [say.term("cause", text) for text in CAUSES], CAUSE_COLOURS)
    if name == "n_station":
        most = len(COUNT_COLOURS) - 1
        texts = [*map(str, range(most)), say("map_legend.or_more", number=most)]
        return _codes(title, texts, COUNT_COLOURS)
    if name in {"best_server", "culprit"}:
        colours = [STATION_COLOURS[k % len(STATION_COLOURS)] for k in range(len(stations))]
        return _codes(title, stations, colours)
    if name == "probability":
        return _classes(title, "%", SHARE_LEVELS, SHARE_COLOURS, say, 100.0)
    if name in {"margin", "gain"}:
        return _classes(title, "dB", MARGIN_LEVELS, MARGIN_COLOURS, say)
    return _classes(title, "dB(µV/m)", FIELD_LEVELS, FIELD_COLOURS, say)


def quality_names(service: Service) -> tuple[str, str]:
    """Both qualities as the tables name them: acceptable and good, or grades of analogue services."""
    fair, good = (quality.split(",")[0] for quality in service.qualities)
    return fair, good


def quality_text(quality: str, say: Language) -> str:
    """A quality of the manifest, "good, 95 % of locations", in the reader's language."""
    name, _, rest = quality.partition(", ")
    percent = rest.split(" ")[0]
    word = say.term("quality", name)
    return say("map_legend.quality", name=word, percent=percent) if percent else word


def _codes(title: str, texts: Any, colours: Any) -> Palette:
    pairs = enumerate(zip(texts, colours, strict=True))
    return Palette(title, "", True, tuple(Step(float(k), t, c) for k, (t, c) in pairs))


def _classes(
    title: str,
    unit: str,
    levels: tuple[float, ...],
    colours: Any,
    say: Language,
    scale: float = 1.0,
) -> Palette:
    def text(value: float) -> str:
        return say.number(scale * value)

    texts = [
        say("map_legend.below", value=text(levels[0])),
        *(
            say("map_legend.between", low=text(a), high=text(b))
            for a, b in itertools.pairwise(levels)
        ),
        say("map_legend.from", value=text(levels[-1])),
    ]
    starts = (-np.inf, *levels)
    steps = tuple(Step(*step) for step in zip(starts, texts, colours, strict=True))
    return Palette(title, unit, False, steps)


def phase_of(run: FinishedRun, name: str | None) -> PhaseOfRun:
    """A phase by its id, the last by default.

    Raises
    ------
    DttSimError
        No such phase; names the nearest.
    """
    by_id = {phase.id: phase for phase in run.phases}
    if not by_id:
        msg = f"{run.folder}: has no phase; run the scenario again"
        raise DttSimError(msg)
    if name is None:
        return run.phases[-1]
    if name not in by_id:
        msg = f"{run.folder}: no phase {name!r}{nearest(name, by_id)}"
        raise DttSimError(msg)
    return by_id[name]


def service_of(run: FinishedRun, phase: PhaseOfRun, name: str | None) -> str:
    """Id of a service on air in a phase, the first by default.

    Raises
    ------
    DttSimError
        No such service then; names the nearest.
    """
    on_air = phase.services
    if name is None and on_air:
        return next(iter(on_air))
    if not on_air:
        msg = f"{run.folder}: nothing is on air in phase {phase.id}; choose another --phase"
        raise DttSimError(msg)
    if name is None or name not in on_air:
        msg = f"{run.folder}: no service {name!r} in phase {phase.id}{nearest(name or '', on_air)}"
        raise DttSimError(msg)
    return name


def field_files(run: FinishedRun, phase: PhaseOfRun) -> dict[str, str]:
    """Names of the field rasters of the stations of a phase, by station id."""
    for one in run.manifest["phases"]:
        if one["id"] == phase.id:
            return dict(one.get("fields", {}))
    return {}


def read_layer(run: FinishedRun, phase: PhaseOfRun, service: str, name: str) -> Layer:
    """A layer of a run, or "field": the strongest median field of the service's stations [dB(µV/m)].

    Raises
    ------
    DttSimError
        Not there, cut off, or on another grid.
    """
    if name != "field":
        return run.layer(phase.id, service, name)
    files = field_files(run, phase)
    own = [k for k, s in phase.stations.items() if s.service == service and k in files]
    if not own:
        msg = f"{run.folder}: {service} has no field raster in phase {phase.id}; run it again"
        raise DttSimError(msg)
    found = np.full(run.grid.shape, np.nan, np.float32)
    for station in own:
        found = np.fmax(found, run.raster(run.folder / "fields" / f"{files[station]}.tif").values)
    return Layer(found, tuple(own))

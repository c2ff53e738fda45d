"""The ledger: who keeps, gains and loses what between two phases, and from which cause.

Households of a cell are of three kinds: they have no DVB-T2 receiver, they have got one since the phase
before, or they had one already. What each kind receives is the same for all of a cell, so that the
ledger counts cells once for each kind and weighs them with the share of households that are of it.

Every household is in one row of every item (a programme, a service, or anything at all), and every one
that loses it has one cause, so that causes add up to the losses and rows to all households.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtt_sim.network.evaluate import INTERFERENCE, NOTHING, SELF_INTERFERENCE
from dtt_sim.network.multiplex import MultiplexLayers
from dtt_sim.transition.reception import (
    LonLat,
    PhaseNetwork,
    Reception,
    layers_of_phase,
    receive,
    receive_towards,
)
from dtt_sim.typing import BoolArray, Float64Array, IntArray

ANYTHING: Final = "(any programme)"
KINDS: Final = ("without a receiver", "with a new receiver", "with a receiver")
"""Kinds of household, by what they have in the phase and had in the one before."""

STARTS, WITHOUT, KEEPS, GAINS, LOSES = range(5)
STATUS: Final = ("starts with", "without", "keeps", "gains", "loses")
(
    NOISE, SELF, OTHERS, NO_RECEIVER, NO_SIGNAL, DROPPED, REAIM, OFF_AIR,
) = range(8)  # fmt: skip
CAUSES: Final = (
    "noise-limited",
    "SFN self-interference",
    "interference",
    "analogue switched off and no receiver",
    "analogue switched off and no digital signal",
    "programme dropped from the line-up",
    "antenna must be re-aimed",
    "service switched off",
)
NO_CAUSE: Final = -1


class Item(NamedTuple):
    """What is kept or lost.

    Attributes
    ----------
    kind : {"programme", "service", "any"}
    name : str
    """

    kind: str
    name: str


ANY: Final = Item("any", ANYTHING)
"""Reception of anything at all."""


def items_of(networks: Sequence[PhaseNetwork]) -> tuple[Item, ...]:
    """Everything that a plan's phases carry: anything at all, services, programmes."""
    services = dict.fromkeys(name for network in networks for name in network.services)
    programmes = dict.fromkeys(
        p for network in networks for s in network.services.values() for p in s.programmes
    )
    return (
        ANY,
        *(Item("service", name) for name in services),
        *(Item("programme", name) for name in programmes),
    )


def carriers_of(item: Item, network: PhaseNetwork) -> frozenset[str]:
    """Services of a phase that carry an item."""
    if item.kind == "service":
        return frozenset({item.name} & network.services.keys())
    return frozenset(
        name
        for name, service in network.services.items()
        if (item.name in service.programmes if item.kind == "programme" else service.programmes)
    )


@dataclass(frozen=True, eq=False)
class PhaseReception:
    """A phase, what its services give, and what households with and without a receiver get.

    Attributes
    ----------
    network : PhaseNetwork
    layers : dict of str to MultiplexLayers
        By service, the aerial aimed for it.
    without, with_receiver : Reception
    """

    network: PhaseNetwork
    layers: Mapping[str, MultiplexLayers]
    without: Reception
    with_receiver: Reception

    @classmethod
    def of(
        cls, network: PhaseNetwork, lonlat_deg: LonLat, *, one_aerial: bool,
        with_causes: bool = True,
    ) -> PhaseReception:  # fmt: skip
        """Evaluate a phase.

        Without causes it is sooner done, and who loses what is all that a ledger says. Other
        arguments as :func:`dtt_sim.transition.reception.receive` has them.
        """
        layers = layers_of_phase(network, lonlat_deg, with_causes=with_causes)
        without, with_receiver = (
            receive(network, layers, lonlat_deg, with_receiver=has, one_aerial=one_aerial)
            for has in (False, True)
        )
        return cls(network, layers, without, with_receiver)

    def by_kind(self) -> tuple[Reception, Reception, Reception]:
        """Reception of the three kinds of household."""
        return self.without, self.with_receiver, self.with_receiver


@dataclass(frozen=True, eq=False)
class Outcome:
    """What becomes of an item in every cell, for one kind of household, all `(n,)`.

    Attributes
    ----------
    status : int8
        Position in `STATUS`.
    cause : int8
        Position in `CAUSES` of those who lose; otherwise -1.
    station : int16
        Station of the phase that disturbs, where the cause is interference; otherwise -1.
    """

    status: IntArray
    cause: IntArray
    station: IntArray


class Transition:
    """From one phase to the next, over cells.

    Parameters
    ----------
    before : PhaseReception or None
        None for the first phase.
    after : PhaseReception
    lonlat_deg : two (1, n) float64
        Cell centres [deg].
    reaim_deg : float
        Aerials that must be turned by more lose what they received before, for this phase [deg].
    one_aerial : bool
        Whether there is one aerial for all services; otherwise none has to be turned.
    """

    def __init__(
        self, before: PhaseReception | None, after: PhaseReception, lonlat_deg: LonLat, *,
        reaim_deg: float = 20.0, one_aerial: bool = True,
    ) -> None:  # fmt: skip
        self.before, self.after = before, after
        self.n = lonlat_deg[0].shape[1]
        self._unturned: list[BoolArray] = []
        for kind in range(len(KINDS)):
            self._unturned.append(self._received_unturned(kind, lonlat_deg, reaim_deg, one_aerial))

    def _received_unturned(
        self, kind: int, lonlat_deg: LonLat, reaim_deg: float, one_aerial: bool
    ) -> BoolArray:
        """Services received with the aerial as it was, where it would have to be turned."""
        now = self.after.by_kind()[kind]
        served = now.served
        if self.before is None or not one_aerial or not now.services:
            return served
        then = self._then(kind)
        turned = now.direction.turned_deg(then.direction, lonlat_deg)
        cells = np.flatnonzero(turned > reaim_deg)
        if cells.size:
            served = served.copy()
            served[:, cells] = receive_towards(
                self.after.network, now.services, then.direction, cells, lonlat_deg
            )
        return served

    def _then(self, kind: int) -> Reception:
        """What a kind of household received in the phase before."""
        assert self.before is not None
        return self.before.with_receiver if kind == 2 else self.before.without

    def outcome(self, item: Item, kind: int) -> Outcome:
        """What becomes of an item for a kind of household; position in `KINDS`."""
        now = self.after.by_kind()[kind]
        carriers = carriers_of(item, self.after.network)
        gets = now.gets(carriers)
        status = np.where(gets, STARTS, WITHOUT)
        cause = np.full(self.n, NO_CAUSE)
        station = np.full(self.n, NOTHING)
        if self.before is None:
            return Outcome(status, cause, station)
        then = self._then(kind)
        had = then.gets(carriers_of(item, self.before.network))
        rows = [k for k, name in enumerate(now.services) if name in carriers]
        unturned = self._unturned[kind][rows].any(axis=0)
        status = np.where(
            had, np.where(gets & unturned, KEEPS, LOSES), np.where(gets, GAINS, WITHOUT)
        )
        cause[had & gets & ~unturned] = REAIM
        self._explain(item, kind, had & ~gets, cause, station)
        return Outcome(status, cause, station)

    def _explain(
        self, item: Item, kind: int, lost: BoolArray, cause: IntArray, station: IntArray
    ) -> None:
        """Causes of losses, by the service that brought the item before."""
        before, after = self.before, self.after
        assert before is not None
        now, then = after.by_kind()[kind], self._then(kind)
        carriers = carriers_of(item, after.network)
        aimed = now.gets(carriers, afresh=True)
        cause[lost & aimed] = REAIM
        left = lost & ~aimed
        could = after.with_receiver.gets(carriers, afresh=True)
        for name in then.services:
            if name not in carriers_of(item, before.network):
                continue
            here = left & then.served[then.services.index(name)]
            left = left & ~here
            is_analogue = before.network.services[name].is_analogue
            if item.kind == "service" and name not in after.network.services:
                cause[here] = OFF_AIR
            elif item.kind == "programme" and (
                not carriers or (name in after.network.services and name not in carriers)
            ):
                cause[here] = DROPPED
            elif is_analogue:
                silent = here & self._is_silent(name)
                cause[silent] = np.where(could & (kind == 0), NO_RECEIVER, NO_SIGNAL)[silent]
                self._by_layers(name, here & ~silent, cause, station)
            elif name not in after.network.services:
                cause[here] = OFF_AIR
            else:
                self._by_layers(name, here, cause, station)

    def _is_silent(self, service: str) -> BoolArray:
        """Where the station that served is off the air now."""
        before, after = self.before, self.after
        assert before is not None
        on_air = {s.name for s in after.network.stations}
        # The last stands for no station at all.
        is_off = np.array([*(s.name not in on_air for s in before.network.stations), True])
        served_by = before.layers[service].best_server[0]
        return np.asarray(is_off[served_by] | (service not in after.network.services))

    def _by_layers(
        self, service: str, cells: BoolArray, cause: IntArray, station: IntArray
    ) -> None:
        """Causes of cells that a service which is on air does not serve any more."""
        if not cells.any():
            return
        layers = self.after.layers[service]
        why, who = layers.cause[0], layers.culprit[0]
        cause[cells] = np.select(
            [why == SELF_INTERFERENCE, why == INTERFERENCE], [SELF, OTHERS], NOISE
        )[cells]
        station[cells] = np.where(cause == OTHERS, who, NOTHING)[cells]


@dataclass(frozen=True, eq=False)
class Fates:
    """What becomes of every item in every cell, phase by phase and kind by kind of household.

    Attributes
    ----------
    phases : tuple of str
    items : tuple of Item
    stations : tuple of str
        That `station` counts in.
    status, cause : (n_phase, n_item, n_kind, n_cell) int8
        Positions in `STATUS` and `CAUSES`; the latter -1 for those who do not lose.
    station : (n_phase, n_item, n_kind, n_cell) int16
        That disturbs, where the cause is interference; otherwise -1.
    alike : tuple of tuple of int
        Items of one kind that the same services carry in all phases: they share their fate.
    """

    phases: tuple[str, ...]
    items: tuple[Item, ...]
    stations: tuple[str, ...]
    status: NDArray[np.int8]
    cause: NDArray[np.int8]
    station: NDArray[np.int16]
    alike: tuple[tuple[int, ...], ...]


def find_fates(
    phases: Sequence[PhaseReception],
    lonlat_deg: LonLat,
    *,
    items: Sequence[Item] | None = None,
    reaim_deg: float = 20.0,
    one_aerial: bool = True,
) -> Fates:
    """Follow every kind of household through the phases.

    Parameters
    ----------
    phases : sequence of PhaseReception
        By date.
    lonlat_deg : two (1, n) float64
        Cell centres [deg].
    items : sequence of Item, optional
        By default all.
    reaim_deg, one_aerial
        As :class:`Transition` has them.
    """
    networks = [p.network for p in phases]
    wanted = items_of(networks) if items is None else tuple(items)
    alike = _alike(wanted, networks)
    stations = tuple(dict.fromkeys(s.name for n in networks for s in n.stations))
    shape = len(phases), len(wanted), len(KINDS), lonlat_deg[0].shape[1]
    status, cause = np.empty(shape, np.int8), np.empty(shape, np.int8)
    station = np.empty(shape, np.int16)
    before: PhaseReception | None = None
    for p, after in enumerate(phases):
        transition = Transition(
            before, after, lonlat_deg, reaim_deg=reaim_deg, one_aerial=one_aerial
        )
        # The last stands for no station.
        number = np.array([*(stations.index(s.name) for s in after.network.stations), NOTHING])
        for group in alike:
            for kind in range(len(KINDS)):
                found = transition.outcome(wanted[group[0]], kind)
                for i in group:
                    status[p, i, kind], cause[p, i, kind] = found.status, found.cause
                    station[p, i, kind] = number[found.station]
        before = after
    return Fates(
        tuple(n.id for n in networks), wanted, stations, status, cause, station,
        tuple(tuple(group) for group in alike),
    )  # fmt: skip


def _alike(items: Sequence[Item], networks: Sequence[PhaseNetwork]) -> list[list[int]]:
    found: dict[Any, list[int]] = {}
    for i, item in enumerate(items):
        carriers = tuple(carriers_of(item, network) for network in networks)
        found.setdefault((item.kind, carriers), []).append(i)
    return list(found.values())


class Entry(NamedTuple):
    """A row of the ledger, but for its numbers.

    Attributes
    ----------
    phase : str
    item : Item
    status, cause, station : str
        The latter two empty where they do not apply.
    """

    phase: str
    item: Item
    status: str
    cause: str
    station: str


@dataclass(frozen=True, eq=False)
class Ledger:
    """All phases.

    Attributes
    ----------
    units : tuple of str
    entries : dict of Entry to (n_kind, n_unit) float64
        Households in cells of that fate, as if all of them were of the kind.
    weights : dict of str to (n_kind, n_unit) float64
        Share of the households that are of each kind, by phase.
    """

    units: tuple[str, ...]
    entries: Mapping[Entry, Float64Array]
    weights: Mapping[str, Float64Array]

    def households(self, entry: Entry) -> Float64Array:
        """Households of a row, by unit."""
        return np.asarray((self.entries[entry] * self.weights[entry.phase]).sum(axis=0))

    def of(self, phase: str, item: Item) -> list[Entry]:
        """Rows of an item in a phase."""
        return [e for e in self.entries if (e.phase, e.item) == (phase, item)]

    def total(self, phase: str, item: Item, *statuses: str) -> Float64Array:
        """Households of some statuses, by unit."""
        rows = [self.households(e) for e in self.of(phase, item) if e.status in statuses]
        return np.asarray(np.sum([np.zeros(len(self.units)), *rows], axis=0))

    def receiving(self, phase: str, item: Item) -> Float64Array:
        """Households that receive an item in a phase, by unit; aerials not yet turned."""
        return self.total(phase, item, STATUS[STARTS], STATUS[KEEPS], STATUS[GAINS])


def kind_weights(equipped: Float64Array) -> Float64Array:
    """Share of households that are of each kind, from the share that has a receiver.

    Parameters
    ----------
    equipped : (n_phase, n_unit) float64
        Never falling from phase to phase.

    Returns
    -------
    (n_phase, n_kind, n_unit) float64

    Raises
    ------
    ValueError
        A share outside 0 to 1, or one that falls.
    """
    shares = np.asarray(equipped, np.float64)
    if not ((shares >= 0.0) & (shares <= 1.0)).all():
        msg = "shares of households with a receiver must lie between 0 and 1"
        raise ValueError(msg)
    before = np.concatenate([shares[:1], shares[:-1]])
    if (shares < before).any():
        msg = "the share of households with a receiver falls from one phase to the next"
        raise ValueError(msg)
    return np.stack([1.0 - shares, shares - before, before], axis=1)


def build_ledger(
    fates: Fates, households: Any, units: Sequence[str], equipped: Float64Array
) -> Ledger:
    """Count households by their fate.

    Parameters
    ----------
    fates : Fates
    households : (n_unit, n_cell) sparse or dense array
        Households that watch terrestrial television.
    units : sequence of str
    equipped : (n_phase, n_unit) float64
        Share of them with a DVB-T2 receiver.
    """
    matrix = sparse.csr_array(households)
    weights = kind_weights(equipped)
    entries: dict[Entry, Float64Array] = {}
    for p, phase in enumerate(fates.phases):
        for group in fates.alike:
            for kind in range(len(KINDS)):
                for fate, cells in _rows(fates, p, group[0], kind):
                    count = np.asarray(matrix @ cells.astype(np.float64))
                    for i in group:
                        entry = Entry(phase, fates.items[i], *fate)
                        zero = np.zeros((len(KINDS), len(units)))
                        entries.setdefault(entry, zero)[kind] += count
    by_phase = {phase: weights[p] for p, phase in enumerate(fates.phases)}
    return Ledger(tuple(units), entries, by_phase)


def _rows(
    fates: Fates, p: int, item: int, kind: int
) -> Iterator[tuple[tuple[str, str, str], BoolArray]]:
    """Status, cause and station of every fate that occurs, with its cells."""
    status, cause, station = (
        array[p, item, kind].astype(np.int64)
        for array in (fates.status, fates.cause, fates.station)
    )
    code = (status * 16 + cause + 1) * (len(fates.stations) + 1) + station + 1
    for one in np.unique(code):
        cells = code == one
        first = int(np.argmax(cells))
        why, who = int(cause[first]), int(station[first])
        yield (
            STATUS[int(status[first])], CAUSES[why] if why != NO_CAUSE else "",
            fates.stations[who] if who != NOTHING else "",
        ), cells  # fmt: skip

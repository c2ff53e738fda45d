"""What stations carry: DVB-T2 multiplexes, analogue services, and signals that only disturb."""

from __future__ import annotations

from dataclasses import dataclass

from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.protection_tables import DVBT2, VISION_ABOVE_EDGE_MHZ


@dataclass(frozen=True, slots=True)
class Multiplex:
    """A multiplex.

    Attributes
    ----------
    id, title : str
    network : {"mfn", "sfn"}
    mode : Mode
    programmes : tuple of str
    """

    id: str
    title: str
    network: str
    mode: Mode
    programmes: tuple[str, ...] = ()

    system = DVBT2

    @property
    def bandwidth_mhz(self) -> float:
        """Width of its channel [MHz]."""
        return self.mode.bandwidth_mhz

    @property
    def description(self) -> str:
        """What it is sent in, for people."""
        return str(self.mode)

    def edges_mhz(self, frequency_mhz: float) -> tuple[float, float]:
        """Edges of the channel of a station on a centre frequency [MHz]."""
        return _round_centre(frequency_mhz, self.bandwidth_mhz)


@dataclass(frozen=True, slots=True)
class Analogue:
    """An analogue programme or chain, each station on a channel of its own.

    Attributes
    ----------
    id, title, system : str
    bandwidth_mhz : float
        [MHz].
    programmes : tuple of str
    protected_field_dbuv_m, satisfactory_field_dbuv_m : float or None
        Median field of a picture of grade 4 and of grade 3, where the scenario sets it [dB(µV/m)].
    """

    id: str
    title: str
    system: str
    bandwidth_mhz: float
    programmes: tuple[str, ...]
    protected_field_dbuv_m: float | None = None
    satisfactory_field_dbuv_m: float | None = None

    network = "mfn"

    @property
    def description(self) -> str:
        """What it is sent in, for people."""
        return f"analogue {self.system}"

    def edges_mhz(self, frequency_mhz: float) -> tuple[float, float]:
        """Edges of the channel of a station with a vision carrier [MHz]."""
        lower = frequency_mhz - VISION_ABOVE_EDGE_MHZ
        return lower, lower + self.bandwidth_mhz


@dataclass(frozen=True, slots=True)
class Other:
    """A signal that only disturbs, by protection ratios of the scenario's own.

    Attributes
    ----------
    id, title, system : str
    bandwidth_mhz : float
        [MHz].
    """

    id: str
    title: str
    system: str
    bandwidth_mhz: float

    network = "mfn"

    def edges_mhz(self, frequency_mhz: float) -> tuple[float, float]:
        """Edges of the channel of a station on a centre frequency [MHz]."""
        return _round_centre(frequency_mhz, self.bandwidth_mhz)


def _round_centre(centre_mhz: float, width_mhz: float) -> tuple[float, float]:
    return centre_mhz - 0.5 * width_mhz, centre_mhz + 0.5 * width_mhz

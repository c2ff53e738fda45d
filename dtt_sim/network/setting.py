"""What decides on a service, beside the fields of all stations: its groups and how it is received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.network.discrimination import Discrimination
from dtt_sim.network.multiplex import Group, MultiplexLayers, StationFields, evaluate_multiplex
from dtt_sim.network.sfn import SfnReceiver, Window
from dtt_sim.typing import Float64Array, IntArray


class Setting(NamedTuple):
    """What decides on a service in a location, beside the fields of all stations.

    Attributes
    ----------
    groups : tuple of Group
    window : Window
    receiver : SfnReceiver
    antenna : Discrimination
    """

    groups: tuple[Group, ...]
    window: Window
    receiver: SfnReceiver
    antenna: Discrimination

    def layers(
        self,
        stations: Sequence[StationFields],
        lonlat_deg: tuple[Float64Array, Float64Array],
        aim: NDArray[np.int16] | None = None,
        cells: IntArray | None = None,
        *,
        served_only: bool = False,
    ) -> MultiplexLayers:
        """Service over cells; as :func:`dtt_sim.network.multiplex.evaluate_multiplex`."""
        return evaluate_multiplex(
            stations, self.groups, lonlat_deg, window=self.window, receiver=self.receiver,
            antenna=self.antenna, aim=aim, cells=cells, served_only=served_only,
        )  # fmt: skip


def layers_of(
    settings: Sequence[Setting],
    stations: Sequence[StationFields],
    lonlat_deg: tuple[Float64Array, Float64Array],
    aim: NDArray[np.int16] | None = None,
    cells: IntArray | None = None,
    *,
    served_only: bool = False,
) -> MultiplexLayers:
    """Service over cells by the settings of a service.

    A multiplex has one, with two shares of locations. An analogue service has two, for grades of the
    picture: of it "good" is grade 4, "acceptable" grade 3 or better, and all other layers but the
    count of stations are about grade 4.
    """
    good = settings[0].layers(stations, lonlat_deg, aim, cells, served_only=served_only)
    if len(settings) == 1:
        return good
    fair = settings[1].layers(stations, lonlat_deg, aim, cells, served_only=served_only)
    return replace(
        good, served_acceptable=fair.served_good | good.served_good, n_station=fair.n_station
    )

"""What a benchmark measures, as plain values that travel to another process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from dtt_sim.errors import DttSimError

QUICK_RADIUS_KM: Final = 15.0
SHORT: Final = 0.3
"""Share of the radius in the case that shows how the cost grows with it."""
SEED: Final = 20
LEAST_COLUMNS: Final = 20
MOST_COLUMNS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured.

    Attributes
    ----------
    title : str
    p_time_percent : tuple of float
    on_nodes : bool
        Receivers stand on the nodes of the warped ground; otherwise on a user's grid.
    made_up : bool
        With clutter and zones made up from a seed.
    radius_share : float
        Of the setting's radius.
    from_file : bool
        From the elevation file to the raster of field strength.
    """

    title: str
    p_time_percent: tuple[float, ...] = (10.0,)
    on_nodes: bool = True
    made_up: bool = False
    radius_share: float = 1.0
    from_file: bool = False


CASES: Final = {
    "grid_node": Case("One field, receivers on the nodes of the warped ground"),
    "user_grid": Case("One field, user's grid", on_nodes=False),
    "two_fields": Case("50 % and 1 % of time together", (50.0, 1.0)),
    "clutter_zones": Case("One field, made-up clutter and zones", made_up=True),
    "short_radius": Case(f"One field, {SHORT:.0%} of the radius", radius_share=SHORT),
    "end_to_end": Case("File to COG, one field, user's grid", on_nodes=False, from_file=True),
}
START: Final = "start"
"""Not a case over a raster: a process from nothing to its first loss."""


@dataclass(frozen=True, slots=True)
class BenchSetting:
    """Settings of a benchmark; each has a default that shows the solver at its usual work.

    Attributes
    ----------
    elevation : tuple of str
        The user's rasters; empty for the relief that the project ships, mirrored.
    lat_deg, lon_deg : float or None
        The mast; by default in the middle of the elevation [deg].
    radius_km : float
    cell_m : float or None
        Cell of the warped ground and of the receiving grids [m]; by default 30 m, for the user's
        elevation what :func:`dtt_sim.coverage.request.warp_cell` says.
    height_m : float
        Antenna above ground [m].
    samples : int
        Random receivers that the references compute.
    repeats : int
        How often a case is timed; the fastest counts.
    frequency_mhz, rx_height_m, delta_n, n0 : float
        Of the prediction [MHz, m, N-units/km, N-units].

    Raises
    ------
    DttSimError
        Values outside what can be measured.
    """

    elevation: tuple[str, ...] = ()
    lat_deg: float | None = None
    lon_deg: float | None = None
    radius_km: float = 100.0
    cell_m: float | None = None
    height_m: float = 50.0
    samples: int = 2000
    repeats: int = 2
    frequency_mhz: float = 1000.0
    rx_height_m: float = 10.0
    delta_n: float = 45.0
    n0: float = 325.0

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        for name, low, high, unit in (
            ("radius_km", 1.0, 400.0, "km"),
            ("cell_m", 1.0, 10_000.0, "m"),
            ("height_m", 1.0, 3000.0, "m"),
            ("samples", 1, 1_000_000, "receivers"),
            ("repeats", 1, 100, "times"),
            ("lat_deg", -80.0, 80.0, "degrees"),
            ("lon_deg", -180.0, 180.0, "degrees"),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                msg = f"{name} = {value}: give {low:g} to {high:g} {unit}"
                raise DttSimError(msg)
        if (self.lat_deg is None) != (self.lon_deg is None):
            msg = "a mast needs both --lat and --lon; give the other one, or neither"
            raise DttSimError(msg)
        if self.lat_deg is not None and not self.elevation:
            msg = "--lat and --lon place the mast on your own raster; give --elevation too"
            raise DttSimError(msg)
        if self.cell_m is not None:
            self.check_columns(self.cell_m)

    def check_columns(self, cell_m: float) -> None:
        """Refuse a disc of hardly any cells, or of too many.

        Raises
        ------
        DttSimError
        """
        columns = 1000.0 * self.radius_km * SHORT / cell_m
        if not SHORT * LEAST_COLUMNS <= columns <= SHORT * MOST_COLUMNS:
            msg = (
                f"{self.radius_km:g} km in cells of {cell_m:g} m are "
                f"{1000.0 * self.radius_km / cell_m:.0f} columns; give --radius-km and --cell-m "
                f"that make {LEAST_COLUMNS} to {MOST_COLUMNS}"
            )
            raise DttSimError(msg)

    def case_names(self) -> tuple[str, ...]:
        """Cases that the terrain allows: clutter and zones are made up on shipped relief only."""
        return tuple(name for name, case in CASES.items() if not (case.made_up and self.elevation))

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> BenchSetting:
        """Inverse of :meth:`as_dict`, also after JSON."""
        return cls(**(values | {"elevation": tuple(values["elevation"])}))

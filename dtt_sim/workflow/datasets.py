"""What a run leaves for later questions, as NetCDF: people, fates, and figures with their draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.transition.ledger import CAUSES, KINDS, STATUS
from dtt_sim.transition.uncertainty import Bands, Figure
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.output import whole_file
from dtt_sim.workflow.transition import TransitionResult
from terrain.grid import Grid
from terrain.population import Population

if TYPE_CHECKING:
    import xarray as xr

POPULATION, FATES, FIGURES = "population.nc", "transition.nc", "figures.nc"
"""Files in the folder of a run."""


def _of(grid: Grid) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "grid_crs": grid.crs, "grid_transform": grid.transform, "grid_shape": grid.shape,
    }  # fmt: skip


def grid_of(data: xr.Dataset) -> Grid:
    """Receiving grid of a dataset's flat positions."""
    a, b, c, d, e, f = (float(v) for v in data.attrs["grid_transform"])
    n_row, n_col = (int(v) for v in data.attrs["grid_shape"])
    return Grid(str(data.attrs["grid_crs"]), (a, b, c, d, e, f), (n_row, n_col))


def population_dataset(people: Population, grid: Grid, vintage: str) -> xr.Dataset:
    """People by place: the part of a cell that belongs to one unit."""
    import xarray as xr

    by_place = people.matrix.tocoo()
    order = np.lexsort((by_place.col, by_place.row))
    return xr.Dataset(
        {
            "persons": ("place", by_place.data[order], {"units": "1", "long_name": "persons"}),
            "unit_of_place": ("place", by_place.row[order].astype(np.int32)),
            "cell": ("place", by_place.col[order].astype(np.int64),
                     {"long_name": "flat position on the grid"}),
            "persons_outside": ("unit", people.outside,
                                {"units": "1", "long_name": "persons outside the grid"}),
            "is_counted": ("unit", people.is_counted.astype(np.int8),
                           {"long_name": "whether a sum in all counts the unit"}),
        },
        {"unit": ("unit", np.array(people.units, dtype=object))},
        {**_of(grid), "unit_vintage": vintage},
    )  # fmt: skip


def figures_dataset(
    names: tuple[Figure, ...], nominal: Float64Array, bands: Bands | None
) -> xr.Dataset:
    """Figures of a plan, as it is and in every draw."""
    import xarray as xr

    items = [name.item or ("", "") for name in names]
    columns = {
        "phase": [name.phase for name in names],
        "kind": [kind for kind, _ in items],
        "item": [item for _, item in items],
        "what": [name.what for name in names],
    }
    data = xr.Dataset(
        {
            **{key: ("figure", np.array(text, dtype=object)) for key, text in columns.items()},
            "nominal": ("figure", nominal),
        },
        attrs={"Conventions": "CF-1.11"},
    )
    if bands is not None:
        data["draws"] = ("draw", "figure"), bands.draws
        data["sampling_error"] = ("figure",), bands.sampling
    return data


def fates_dataset(result: TransitionResult, grid: Grid, title: str, credits: str) -> xr.Dataset:
    """Fates by phase, item, kind of household and place, as CF conventions have flags.

    A place is the part of a cell that belongs to one unit.
    """
    import xarray as xr

    people, fates = result.people, result.fates
    unit, cell = np.nonzero(people.households)
    weights = np.array([result.ledger.weights[phase] for phase in fates.phases])
    at = ("phase", "item", "household_kind", "place")

    def flags(values: Any, meanings: tuple[str, ...], first: int, text: str) -> Any:
        return (
            at, values[..., cell],
            {"long_name": text, "flag_values": np.arange(first, len(meanings) + first, dtype=np.int8),
             "flag_meanings": " ".join(m.replace(" ", "_") for m in meanings)},
        )  # fmt: skip

    lon, lat = (v[0][cell] for v in people.lonlat_deg)
    return xr.Dataset(
        {
            "status": flags(fates.status, STATUS, 0, "what becomes of the item"),
            "cause": flags(fates.cause, ("none", *CAUSES), -1, "why it is lost"),
            "station": (at, fates.station[..., cell],
                        {"long_name": "position in station_name of what disturbs; -1 for none"}),
            "households": ("place", people.households[unit, cell],
                           {"units": "1", "long_name": "households that watch terrestrial television"}),
            "share": (("phase", "household_kind", "unit"), weights,
                      {"units": "1", "long_name": "share of households of each kind"}),
            "unit_of_place": ("place", unit.astype(np.int32)),
            "cell": ("place", people.cells[cell], {"long_name": "flat position on the grid"}),
            "phase_name": ("phase", np.array(fates.phases, dtype=object)),
            "item_name": ("item", np.array([i.name for i in fates.items], dtype=object)),
            "item_kind": ("item", np.array([i.kind for i in fates.items], dtype=object)),
            "station_name": ("n_station", np.array([*fates.stations], dtype=object)),
        },
        {
            "phase": ("phase", np.array(result.dates, "datetime64[ns]"),
                      {"standard_name": "time", "long_name": "date from which the phase holds"}),
            "household_kind": ("household_kind", np.array(KINDS, dtype=object)),
            "unit": ("unit", np.array(people.units, dtype=object)),
            "lon": ("place", lon, {"standard_name": "longitude", "units": "degrees_east"}),
            "lat": ("place", lat, {"standard_name": "latitude", "units": "degrees_north"}),
        },
        {
            **_of(grid), "title": title, "references": credits,
        },
    )  # fmt: skip


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset as NetCDF, compressed; whole or not at all."""
    encoding: dict[Any, Any] = {
        name: {"zlib": True, "complevel": 4}
        for name, values in dataset.data_vars.items()
        if values.ndim > 1
    }
    if "phase" in dataset.coords and dataset["phase"].dtype.kind == "M":
        encoding["phase"] = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
    with whole_file(path) as part:
        dataset.to_netcdf(part, engine="h5netcdf", encoding=encoding)

"""The data cube of a run as NetCDF-4, slice by slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.report.export.cube import Cube, Variable
from dtt_sim.report.export.source import Source
from dtt_sim.workflow.output import whole_file


def write_netcdf(path: Path, source: Source, cube: Cube) -> None:
    """Write a cube; each phase and service is a chunk of its own.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import h5netcdf

    with whole_file(path) as part, h5netcdf.File(part, "w") as file:
        file.dimensions = cube.sizes
        file.attrs.update(cube.attrs)
        for k, variable in enumerate(cube.variables):
            source.tell("NetCDF", k, len(cube.variables))
            _write_variable(file, cube, variable)


def _write_variable(file: Any, cube: Cube, variable: Variable) -> None:
    import h5py

    is_text = variable.dtype == object
    shape = tuple(cube.sizes[name] for name in variable.dims)
    more: dict[str, Any] = {}
    if len(shape) > 1:
        more = {
            "chunks": (*(1,) * (len(shape) - 2), *shape[-2:]), "compression": "gzip",
            "compression_opts": 4, "shuffle": True,
        }  # fmt: skip
    if variable.fill is not None:
        more["fillvalue"] = variable.dtype.type(variable.fill)
    made = file.create_variable(
        variable.name, variable.dims, h5py.string_dtype() if is_text else variable.dtype, **more
    )
    for at, values in variable.slices():
        made[(*at, ...)] = values if is_text else np.asarray(values, variable.dtype)
    for key, value in variable.attrs.items():
        made.attrs[key] = value

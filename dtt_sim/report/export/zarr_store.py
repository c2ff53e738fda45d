"""The data cube of a run as a Zarr store, slice by slice."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.errors import OutputError
from dtt_sim.report.export.cube import Cube, Variable
from dtt_sim.report.export.source import Source


def write_zarr(path: Path, source: Source, cube: Cube) -> None:
    """Write a cube as Zarr of format 2, which all readers know, with consolidated metadata.

    The store takes its name when it is whole; one that was there before is replaced.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    import zarr

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part.zarr") as name:
            part = Path(name) / "store"
            group = zarr.open_group(str(part), mode="w", zarr_format=2)
            group.attrs.update({k: _plain(v) for k, v in cube.attrs.items()})
            for k, variable in enumerate(cube.variables):
                source.tell("Zarr", k, len(cube.variables))
                _write_variable(group, cube, variable)
            zarr.consolidate_metadata(str(part), zarr_format=2)
            if path.is_dir():
                shutil.rmtree(path)
            part.replace(path)
            path.chmod(0o755)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); free space or choose --out"
        raise OutputError(msg) from error


def _write_variable(group: Any, cube: Cube, variable: Variable) -> None:
    shape = tuple(cube.sizes[name] for name in variable.dims)
    dtype = variable.dtype
    parts = list(variable.slices()) if dtype == object else None
    if parts is not None:
        longest = max((len(text) for _, texts in parts for text in texts.ravel()), default=1)
        dtype = np.dtype(f"<U{max(longest, 1)}")
    with warnings.catch_warnings():
        # Text of a fixed length has been part of format 2 from its beginning.
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification.*")
        made = group.create_array(
            variable.name, shape=shape, dtype=dtype,
            chunks=(*(1,) * (len(shape) - 2), *shape[-2:]) if len(shape) > 1 else shape,
            fill_value=variable.fill,
        )  # fmt: skip
    attrs = {key: _plain(value) for key, value in variable.attrs.items()}
    made.attrs.update({"_ARRAY_DIMENSIONS": list(variable.dims), **attrs})
    for at, values in parts if parts is not None else variable.slices():
        made[(*at, ...)] = np.asarray(values).astype(dtype)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value

"""Vector layers as GeoPackage and GeoJSON."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.errors import OutputError
from dtt_sim.report.export.source import Source
from dtt_sim.report.export.vectors import VectorLayer
from dtt_sim.workflow.output import whole_file


def write_geopackage(path: Path, source: Source, layers: Sequence[VectorLayer]) -> None:
    """Write all layers into one GeoPackage, in the coordinates of the grid.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    if not layers:
        source.note("no vector layer: nothing to write into a GeoPackage")
        return
    with whole_file(path) as part:
        part.unlink()
        for k, layer in enumerate(layers):
            source.tell("GeoPackage", k, len(layers))
            _write(
                part, layer, source.run.grid.crs, driver="GPKG", layer=layer.name, append=k > 0,
                # Of 1.4, which is the default now, programs of a few years ago warn.
                dataset_options={"VERSION": "1.2"},
                layer_options={"DESCRIPTION": f"{layer.title}. {source.about}"[:4000]},
            )  # fmt: skip


def write_geojson(folder: Path, source: Source, layers: Sequence[VectorLayer]) -> list[Path]:
    """Write each layer as GeoJSON of RFC 7946: WGS 84, exterior rings counterclockwise.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    written = []
    for k, layer in enumerate(layers):
        source.tell("GeoJSON", k, len(layers))
        path = folder / f"{layer.name}.geojson"
        with whole_file(path) as part:
            part.unlink()
            _write(
                part, layer, source.run.grid.crs, driver="GeoJSON", layer=layer.name,
                layer_options={
                    "RFC7946": "YES", "WRITE_NAME": "NO",
                    "DESCRIPTION": f"{layer.title}. {source.about}",
                },
            )  # fmt: skip
        written.append(path)
    return written


def _write(path: Path, shown: VectorLayer, crs: str, **options: Any) -> None:
    import pyogrio.raw
    import shapely
    from pyogrio.errors import DataSourceError, FieldError, GeometryError

    geometry = np.array([shapely.to_wkb(g) for g in shown.geometry], object)
    try:
        with warnings.catch_warnings():
            # Whether text is stored in UTF-8 is not left to the machine's own settings.
            warnings.simplefilter("error")
            pyogrio.raw.write(
                path, geometry, list(shown.columns.values()), list(shown.columns),
                geometry_type=shown.geometry_type, crs=crs, encoding="UTF-8", **options,
            )  # fmt: skip
    except (DataSourceError, FieldError, GeometryError) as error:
        msg = f"{path}: cannot be written ({error}); free space or choose another --out"
        raise OutputError(msg) from error

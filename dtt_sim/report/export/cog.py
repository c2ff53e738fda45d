"""Layers as cloud-optimised GeoTIFF: named bands, units, statistics, overviews and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import OutputError
from dtt_sim.report.export.qgis import write_style
from dtt_sim.report.export.source import Source, file_name, plain
from dtt_sim.report.layers import CODED, KINDS, NO_CODE, Palette
from dtt_sim.workflow.finished import PhaseOfRun
from dtt_sim.workflow.output import NODATA, whole_file
from terrain.grid import Grid

BLOCK = 256
LEAST_SIDE = 128
"""Overviews are made down to this many cells."""


class Band(NamedTuple):
    """A band of a raster.

    Attributes
    ----------
    name, unit : str
    values : (n_row, n_col) array
    """

    name: str
    unit: str
    values: NDArray[Any]


class Written(NamedTuple):
    """A raster that was written.

    Attributes
    ----------
    path : Path
    phase, service, layer : str
    palette : Palette
    """

    path: Path
    phase: PhaseOfRun
    service: str
    layer: str
    palette: Palette


def write_rasters(folder: Path, source: Source) -> list[Written]:
    """Write every layer of every service, each with a QGIS style beside it, and every field.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    written = []
    for phase, service in source.each("COG"):
        one = phase.services[service]
        for name, layer in source.layers(phase, service):
            colours = source.colours(phase, service, name, layer.stations)
            path = folder / file_name(phase.id) / f"{file_name(service)}_{name}.tif"
            tags = source.tags | {
                "PHASE": plain(phase.id), "DATE": str(phase.date or ""), "SERVICE": plain(service),
                "TITLE": plain(one.title), "LAYER": plain(colours.caption),
            }  # fmt: skip
            band = Band(f"{name}: {_meaning(name, colours)}", KINDS[name].unit, layer.values)
            _write_layer(path, source.run.grid, band, colours, tags, is_codes=name in CODED)
            write_style(path.with_suffix(".qml"), colours)
            written.append(Written(path, phase, service, name, colours))
    _write_fields(folder / "fields", source)
    return written


def _meaning(name: str, colours: Palette) -> str:
    if name in CODED:
        return ", ".join(f"{step.value:g} {step.text}" for step in colours.steps)
    return colours.title


def _write_layer(
    path: Path, grid: Grid, band: Band, colours: Palette, tags: Mapping[str, str], *, is_codes: bool
) -> None:
    if not is_codes:
        write_bands(path, grid, [band], nodata=NODATA, tags=tags)
        return
    codes = {int(s.value): s.colour for s in colours.steps}
    names = {f"CODE_{int(s.value)}": plain(s.text) for s in colours.steps}
    few = max(codes, default=0) < NO_CODE
    values = np.where(band.values < 0, NO_CODE if few else 65535, band.values)
    band = band._replace(values=values.astype(np.uint8 if few else np.uint16))
    write_bands(
        path, grid, [band], nodata=NO_CODE if few else 65535, tags={**tags, **names}, colours=codes
    )


def _write_fields(folder: Path, source: Source) -> None:
    """All bands of the field rasters, as they are, with statistics and overviews."""
    import rasterio
    from rasterio.errors import RasterioError

    files = source.fields()
    for k, (name, (station, _)) in enumerate(files.items()):
        source.tell("fields", k, len(files))
        path = source.field_path(name)
        if path is None:
            continue
        try:
            with rasterio.open(path) as file:
                bands = [
                    Band(text or "", unit or "", _with_nan(file, i))
                    for i, (text, unit) in enumerate(
                        zip(file.descriptions, file.units, strict=True), start=1
                    )
                ]
        except RasterioError:
            source.note(f"fields/{name}.tif cannot be read; run the scenario again")
            continue
        if bands[0].values.shape != source.run.grid.shape:
            source.note(f"fields/{name}.tif is on another grid; run the scenario again")
            continue
        tags = source.tags | {"TRANSMITTER": plain(station)}
        write_bands(folder / f"{name}.tif", source.run.grid, bands, nodata=NODATA, tags=tags)


def _with_nan(file: Any, i: int) -> NDArray[np.float32]:
    found: NDArray[np.float32] = file.read(i, masked=True).astype(np.float32).filled(np.nan)
    return found


def write_bands(
    path: Path, grid: Grid, bands: Sequence[Band], *, nodata: float, tags: Mapping[str, str],
    colours: Mapping[int, str] | None = None,
) -> None:  # fmt: skip
    """Write bands of one type as a cloud-optimised GeoTIFF.

    Overviews of codes take the code that is most frequent, those of values the mean.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy

    dtype = bands[0].values.dtype
    profile = {
        "driver": "GTiff", "width": grid.n_col, "height": grid.n_row, "count": len(bands),
        "dtype": dtype, "crs": grid.crs, "transform": grid.affine, "nodata": nodata,
    }  # fmt: skip
    try:
        with whole_file(path) as part, MemoryFile() as memory:
            with memory.open(**profile) as file:
                for i, band in enumerate(bands, start=1):
                    filled = band.values
                    if np.issubdtype(dtype, np.floating):
                        filled = np.where(np.isnan(filled), dtype.type(nodata), filled)
                    file.write(filled, i)
                    file.set_band_description(i, plain(band.name))
                    file.set_band_unit(i, band.unit)
                    file.update_tags(i, **_statistics(filled[filled != nodata]))
                if colours:
                    file.write_colormap(
                        1, {code: (*bytes.fromhex(c[1:]), 255) for code, c in colours.items()}
                    )
                file.update_tags(**tags)
            with memory.open() as ready:
                copy(
                    ready, part, driver="COG", compress="deflate", level=6, predictor="yes",
                    blocksize=BLOCK, overview_count=_overview_count(grid),
                    overview_resampling="mode" if colours else "average",
                )  # fmt: skip
    except RasterioError as error:
        msg = f"{path}: cannot be written ({error}); free space or choose another --out"
        raise OutputError(msg) from error


def _overview_count(grid: Grid) -> int:
    side, count = max(grid.shape), 0
    while side > LEAST_SIDE:
        side, count = -(-side // 2), count + 1
    return max(count, 1)


def _statistics(values: NDArray[Any]) -> dict[str, str]:
    """As GDAL keeps them in the tags of a band; none of a band without data."""
    if not values.size:
        return {}
    known = values.astype(np.float64)
    return {
        "STATISTICS_MINIMUM": repr(float(known.min())),
        "STATISTICS_MAXIMUM": repr(float(known.max())),
        "STATISTICS_MEAN": repr(float(known.mean())),
        "STATISTICS_STDDEV": repr(float(known.std())),
    }

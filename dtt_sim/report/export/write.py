"""All formats of an export, into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dtt_sim.errors import DttSimError
from dtt_sim.report.export.source import Source
from dtt_sim.workflow.output import claim_folder, whole_file

FORMATS: Final = ("cog", "gpkg", "geojson", "kmz", "qgis", "netcdf", "zarr")
NOTES: Final = "export.txt"
VECTORS: Final = ("gpkg", "geojson", "qgis")
CUBES: Final = ("netcdf", "zarr")


def write_export(source: Source, out: Path, formats: Sequence[str]) -> list[Path]:
    """Write a run in the chosen formats; what the run lacks is said in ``source.notes``.

    A QGIS project shows rasters and vector layers, so that it brings both with it.

    Raises
    ------
    DttSimError
        The output folder is the run's, or cannot be written.
    """
    if out.resolve() == source.run.folder.resolve():
        msg = f"{out}: is the folder of the run; choose another folder for --out"
        raise DttSimError(msg)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        msg = f"no format {unknown[0]!r}; choose from {', '.join(FORMATS)}"
        raise DttSimError(msg)
    claim_folder(out)
    chosen = set(formats)
    written: list[Path] = []
    if chosen & {"cog", "qgis", "gpkg", "geojson"}:
        written += _write_layers(source, out, chosen)
    if "kmz" in chosen:
        from dtt_sim.report.export.kmz import write_kmz

        written.append(out / f"{source.name}.kmz")
        write_kmz(written[-1], source)
    if chosen & set(CUBES):
        written += _write_cubes(source, out, chosen)
    _write_notes(source, out, written)
    return written


def _write_layers(source: Source, out: Path, chosen: set[str]) -> list[Path]:
    from dtt_sim.report.export.cog import write_rasters
    from dtt_sim.report.export.ogr import write_geojson, write_geopackage
    from dtt_sim.report.export.qgis import write_project
    from dtt_sim.report.export.vectors import vector_layers

    written, rasters = [], []
    layers = vector_layers(source) if chosen & set(VECTORS) else []
    geopackage = out / f"{source.name}.gpkg" if layers else None
    if chosen & {"cog", "qgis"}:
        rasters = write_rasters(out / "cog", source)
        written.append(out / "cog")
    if geopackage is not None and chosen & {"gpkg", "qgis"}:
        write_geopackage(geopackage, source, layers)
        written.append(geopackage)
    if "geojson" in chosen:
        written += write_geojson(out / "geojson", source, layers)
    if "qgis" in chosen:
        written.append(out / f"{source.name}.qgs")
        write_project(written[-1], source, rasters, geopackage, layers)
    return written


def _write_cubes(source: Source, out: Path, chosen: set[str]) -> list[Path]:
    from dtt_sim.report.export.cube import make_cube
    from dtt_sim.report.export.netcdf import write_netcdf
    from dtt_sim.report.export.zarr_store import write_zarr

    written, cube = [], make_cube(source)
    if "netcdf" in chosen:
        written.append(out / f"{source.name}.nc")
        write_netcdf(written[-1], source, cube)
    if "zarr" in chosen:
        written.append(out / f"{source.name}.zarr")
        write_zarr(written[-1], source, cube)
    return written


def _write_notes(source: Source, out: Path, written: Sequence[Path]) -> None:
    """What the folder holds, what it rests on, and what is missing."""
    lines = [f"{key}: {value}" for key, value in source.tags.items()]
    lines += ["", *(path.relative_to(out).as_posix() for path in written)]
    lines += ["", "Missing:", *source.notes] if source.notes else []
    with whole_file(out / NOTES) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")

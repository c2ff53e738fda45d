"""``dtt-sim export``: a finished run in the formats that other programs open."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.progress import progress


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option(
    "--format", "formats", multiple=True, default=("all",), show_default=True, metavar="NAME",
    help="cog, gpkg, geojson, kmz, qgis, netcdf, zarr or all; repeat, or join by commas.",
)  # fmt: skip
@click.option("--phase", "phases", multiple=True, metavar="ID", help="Only this phase; repeat.")
@click.option(
    "--service", "services", multiple=True, metavar="ID", help="Only this service; repeat."
)
@click.option("--lang", default="en", show_default=True, help="Language of legends: en or vi.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def export(
    *,
    run: Path,
    out: Path,
    formats: tuple[str, ...],
    phases: tuple[str, ...],
    services: tuple[str, ...],
    lang: str,
    quiet: bool,
) -> None:
    """Write the folder of a finished RUN as rasters, vector layers, overlays and data cubes.

    A run that lacks something, was interrupted or is of another version is exported as far as it
    goes; what is missing is said.
    """
    from dtt_sim.report.export.source import Source
    from dtt_sim.report.export.write import FORMATS, write_export
    from dtt_sim.report.language import language
    from dtt_sim.workflow.remains import open_run_or_remains

    chosen = [name for text in formats for name in text.replace(",", " ").split()]
    say = language(lang)
    opened = open_run_or_remains(run)
    with progress(quiet=quiet) as tell:
        source = Source.of(opened.run, phases, services, say, tell)
        for note in opened.notes:
            source.note(note)
        written = write_export(source, out, FORMATS if "all" in chosen else chosen)
    for path in written:
        click.echo(f"written: {path}")
    for note in source.notes:
        click.echo(f"missing: {note}", err=True)

"""``dtt-sim stations``: lists of stations into the station table, and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dtt_sim.stations.importing import Imported


@click.group()
def stations() -> None:
    """Read and write lists of stations: CSV, XLSX, GeoJSON, GeoPackage, KML."""


@stations.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Table to write; none: only report."
)
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook.")
@click.option("--layer", metavar="NAME", help="Layer of a GeoPackage.")
@click.option("--encoding", metavar="NAME", help="Encoding of a text table, such as cp1258.")
@click.option("--crs", default="", metavar="CODE", help="Coordinate system, such as EPSG:3405.")
@click.option("--multiplex", default="", metavar="ID", help="Of rows that name none.")
@click.option("--raster", default="", help="Of VHF channels that do not tell: VHF_DK or VHF_B.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="HEADING=FIELD",
    help="What a heading means; once for each.",
)
@click.option(
    "--scenario", type=click.Path(path_type=Path), help="Check against its services, ids and box."
)
@click.option("--fix", is_flag=True, help="Take the likely right position where there is one only.")
@click.option("--strict", is_flag=True, help="Write nothing unless every row is taken, no guesses.")
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON.")
def import_(
    *, file: Path, output: Path | None, sheet: str | None, layer: str | None, encoding: str | None,
    crs: str, multiplex: str, raster: str, maps: tuple[str, ...], scenario: Path | None,
    fix: bool, strict: bool, is_json: bool,
) -> None:  # fmt: skip
    """Read the list of stations FILE and write the station table of a scenario.

    The report has the fate of every row: taken, taken with a note, refused with a reason, or left
    out as no station. Refused rows are not written.
    """
    from dtt_sim.stations.headings import read_maps
    from dtt_sim.stations.importing import Options, import_stations

    if output is not None and output.suffix.lower() != ".csv":
        msg = f"{output}: a station table is a CSV file; name one that ends in .csv"
        raise click.BadParameter(msg, param_hint="-o")
    if output is not None and output.resolve() == file.resolve():
        msg = f"{output} is the list itself; choose another name"
        raise click.BadParameter(msg, param_hint="-o")
    options = Options(sheet, layer, encoding, crs, multiplex, raster, read_maps(maps), fix, strict)
    loaded = None
    if scenario is not None:
        from dtt_sim.scenario.load import load_scenario

        loaded = load_scenario(scenario)
    folder = None if output is None else output.parent
    imported = import_stations(file, options, scenario=loaded, out_folder=folder)
    is_good = bool(imported.rows) and not (strict and imported.count("refused"))
    if is_good and output is not None:
        from dtt_sim.stations.writers import write_stations
        from dtt_sim.workflow.output import whole_file

        with whole_file(output) as part:
            write_stations(part, imported.columns, imported.rows)
    _tell(imported, output if is_good else None, is_json=is_json)
    if not is_good:
        raise SystemExit(2)


def _tell(imported: Imported, written: Path | None, *, is_json: bool) -> None:
    """The report; nothing else on stdout where it is JSON."""
    import json

    from dtt_sim.stations.report import as_json, as_text, summary

    if is_json:
        report = as_json(imported) | {"written": None if written is None else str(written)}
        click.echo(json.dumps(report, indent=1, ensure_ascii=False))
        return
    click.echo(as_text(imported))
    what = "nothing is written" if written is None else f"written: {written}"
    click.echo(f"{summary(imported)}; {what}")


@stations.command()
@click.argument("source", metavar="SCENARIO|TABLE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write; its suffix says how.",
)
def export(*, source: Path, output: Path) -> None:
    """Write the stations of a scenario (.toml), or a station table (.csv), for others.

    CSV, XLSX, GeoJSON, GeoPackage or KML, by the suffix of the output; all rows of the table, on
    air or not, without the changes of overrides and phases.
    """
    from dtt_sim.stations.writers import FORMATS, read_table, write_stations
    from dtt_sim.workflow.output import whole_file

    if output.suffix.lower() not in FORMATS:
        msg = f"{output}: the suffix says the format; use one of {', '.join(FORMATS)}"
        raise click.BadParameter(msg, param_hint="-o")
    if output.resolve() == source.resolve():
        msg = f"{output} is the table itself; choose another name"
        raise click.BadParameter(msg, param_hint="-o")
    table = source
    if source.suffix.lower() == ".toml":
        from dtt_sim.scenario.load import load_scenario

        table = Path(load_scenario(source).keys.stations.file)
    columns, rows = read_table(table, output.parent)
    with whole_file(output) as part:
        write_stations(part, columns, rows)
    click.echo(f"written: {output} ({len(rows)} stations)")

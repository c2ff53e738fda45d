"""``dtt-sim point``: one location of a finished run explained."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--lat", type=click.FloatRange(-90.0, 90.0), help="[deg]")
@click.option("--lon", type=click.FloatRange(-180.0, 180.0), help="[deg]")
@click.option("--place", help="A place or unit of the scenario instead.")
@click.option("--multiplex", help="Draw this one; the first by default.")
@click.option("--phase", help="Phase of the plan; the last by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for point.csv and point.png.")
def point(
    run: Path,
    lat: float | None,
    lon: float | None,
    place: str | None,
    multiplex: str | None,
    phase: str | None,
    out: Path | None,
) -> None:
    """Explain one location of a finished RUN: every station's level, delay and part.

    With --out also a table, and a picture of the echoes in the receiver's window and of the terrain
    to the site that the antenna points at.
    """
    from dtt_sim._jit import enable_cache
    from dtt_sim.errors import DttSimError

    if (place is None) == (lat is None or lon is None):
        msg = "give --lat and --lon, or --place, one of the two"
        raise DttSimError(msg)
    enable_cache()
    from dtt_sim.report.point import draw_point, point_lines, point_rows
    from dtt_sim.workflow.area import read_ground, receiving_grid
    from dtt_sim.workflow.output import write_csv
    from dtt_sim.workflow.point import explain_point, load_run_scenario, place_of

    scenario = load_run_scenario(run, phase)
    if place is not None:
        lat, lon = place_of(scenario, place)
    assert lat is not None
    assert lon is not None
    report = explain_point(run, scenario, lat, lon)
    chosen = multiplex or next(iter(report.multiplexes))
    if chosen not in report.multiplexes:
        msg = f"no multiplex {chosen!r} on air; choose from {', '.join(report.multiplexes)}"
        raise DttSimError(msg)
    for line in point_lines(report):
        click.echo(line)
    if out is not None:
        write_csv(out / "point.csv", *point_rows(report))
        draw_point(
            report, chosen, read_ground(scenario, receiving_grid(scenario)), out / "point.png"
        )
        click.echo(f"\nwritten: {out / 'point.csv'}, {out / 'point.png'}")

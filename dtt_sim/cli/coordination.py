"""``dtt-sim coordination``: fields along a border against trigger values."""

from __future__ import annotations

import math
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--line", type=click.Path(path_type=Path), required=True, help="Border: lines or polygons."
)
@click.option("--phase", help="Phase of the plan; the last by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the table and picture.")
def coordination(run: Path, line: Path, phase: str | None, out: Path | None) -> None:
    """Field strength of a finished RUN along a border, at 10 m and 1 % of time.

    Compares every station with the trigger value of its band. The values are those of GE06, of
    which Viet Nam is no part: put bilateral ones in their place where they are known.
    """
    from dtt_sim.report.coordination import draw_border
    from dtt_sim.workflow.coordination import coordinate
    from dtt_sim.workflow.output import write_csv
    from dtt_sim.workflow.point import load_run_scenario

    scenario = load_run_scenario(run, phase)
    border, fields = coordinate(run, scenario, line)
    on_grid = float(border.km[border.inside].sum())
    click.echo(f"{on_grid:,.0f} of {border.km.sum():,.0f} km of the line lie on the receiving grid")
    click.echo(f"{'station':<20}{'MHz':>7}{'trigger':>9}{'largest':>9}{'excess':>8}{'km over':>9}")
    rows = []
    for f in fields:
        if f.strongest < 0:
            continue
        k = f.strongest
        most = float(f.field_dbuv_m[k])
        click.echo(
            f"{f.station:<20}{f.frequency_mhz:>7g}{f.trigger_dbuv_m:>9.1f}{most:>9.1f}"
            f"{f.excess_db:>+8.1f}{f.over_km:>9.1f}"
        )
        trigger = round(f.trigger_dbuv_m, 1) if math.isfinite(f.trigger_dbuv_m) else ""
        excess = round(f.excess_db, 2) if math.isfinite(f.excess_db) else ""
        rows.append(
            (f.station, f.frequency_mhz, trigger, round(most, 2), excess,
             round(float(border.lat_deg[k]), 5), round(float(border.lon_deg[k]), 5),
             round(f.over_km, 2))
        )  # fmt: skip
    if out is not None:
        write_csv(
            out / "coordination.csv",
            ("station", "frequency_mhz", "trigger_dbuv_m", "largest_field_dbuv_m", "excess_db",
             "lat_deg", "lon_deg", "km_over_trigger"),
            rows,
        )  # fmt: skip
        draw_border(
            border, fields, f"{scenario.title}: {line.name}", out / "coordination.png",
            is_schematic=scenario.keys.terrain.schematic,
        )  # fmt: skip
        click.echo(f"written: {out / 'coordination.csv'}, {out / 'coordination.png'}")

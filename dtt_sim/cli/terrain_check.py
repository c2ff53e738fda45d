"""``dtt-sim terrain check``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over it.")
@click.option(
    "--elevation",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Elevation raster in place of the scenario's; repeat for tiles.",
)
@click.option("--land", type=click.Path(path_type=Path), help="Land polygons in place of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), help="Folder for a picture per layer."
)
def check(
    *,
    scenario: Path,
    override: str | None,
    elevation: tuple[Path, ...],
    land: Path | None,
    as_json: bool,
    out: Path | None,
) -> None:
    """Say what the ground of a SCENARIO needs and has, and what is odd about it.

    Ends with 2 where a run would stop.
    """
    import json

    from dtt_sim.report.terrain_check import check_dict, check_lines
    from dtt_sim.scenario.load import load_scenario
    from dtt_sim.workflow.output import claim_folder
    from dtt_sim.workflow.terrain_check import check_terrain

    values: dict[str, object] = {}
    if elevation:
        values["terrain.elevation"] = [str(path) for path in elevation]
        values["terrain.schematic"] = False
        values["terrain.credits"] = []
    if land:
        values["terrain.land"] = str(land)
    loaded = load_scenario(scenario, override=override, set_values=values)
    if out is not None:
        claim_folder(out)
    found = check_terrain(loaded)
    if as_json:
        click.echo(json.dumps(check_dict(found), indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(check_lines(found)))
    if out is not None:
        from dtt_sim.report.terrain_maps import draw_layers

        names = [path.name for path in draw_layers(found, out)]
        click.echo(f"written: {out} ({', '.join(names)})", err=True)
    if any(finding.level == "error" for finding in found.findings):
        raise SystemExit(2)

"""``dtt-sim validate``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path), required=False)
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over it.")
@click.option("--json", "as_json", is_flag=True, help="Print problems as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of scenario files.")
def validate(*, scenario: Path | None, override: str | None, as_json: bool, schema: bool) -> None:
    """Check a scenario: all problems at once, or what would be computed."""
    import json

    from dtt_sim.errors import ScenarioError
    from dtt_sim.scenario.load import load_scenario
    from dtt_sim.scenario.schema import json_schema

    if schema:
        click.echo(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return
    if scenario is None:
        msg = "give a scenario file, or --schema"
        raise click.UsageError(msg)
    try:
        loaded = load_scenario(scenario, override=override)
    except ScenarioError as error:
        if not as_json:
            raise
        rows = [
            {"file": p.file, "line": p.line, "key": p.key, "message": p.message}
            for p in error.problems
        ]
        click.echo(json.dumps({"ok": False, "problems": rows}, indent=1, ensure_ascii=False))
        raise SystemExit(2) from error
    from dtt_sim.workflow.service import check_protection

    for one in loaded.phases or (loaded,):
        check_protection(one)
    if as_json:
        click.echo(json.dumps({"ok": True, "warnings": loaded.warnings}, ensure_ascii=False))
        return
    click.echo(loaded.title)
    for one in loaded.phases:
        assert one.phase is not None
        click.echo(f"  {one.phase.date} {one.phase.id}: {len(one.transmitters)} transmitters")
    at_the_end = " in the last phase" if loaded.phases else ""
    for name, service in loaded.services.items():
        click.echo(
            f"  {name}: {service.description}, {len(loaded.on_air(name))} transmitters" + at_the_end
        )
    click.echo(f"{len(loaded.assumptions)} assumptions; reception {loaded.reception.reception}")
    for text in loaded.warnings:
        click.echo(f"warning: {text}")
    click.echo("no problems found")

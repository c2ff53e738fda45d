"""``dtt-sim bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "--elevation",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Your own elevation raster; repeat for tiles. Otherwise the relief of the checkout, "
    "mirrored to fill the disc.",
)
@click.option("--lat", type=float, help="Latitude of the mast on your raster [deg].")
@click.option("--lon", type=float, help="Longitude of the mast on your raster [deg].")
@click.option("--radius-km", type=float, default=100.0, show_default=True)
@click.option(
    "--cell-m",
    type=float,
    help="Cell of the warped ground and of the receiving grids [30; on your raster, what the "
    "solver would take].",
)
@click.option("--height-m", type=float, default=50.0, show_default=True, help="Mast's antenna.")
@click.option(
    "--samples",
    type=int,
    default=2000,
    show_default=True,
    help="Random receivers that the references compute too.",
)
@click.option(
    "--repeats", type=int, default=2, show_default=True, help="Runs of a case; the fastest counts."
)
@click.option(
    "--case", "cases", multiple=True, help="Only this case, by the name in the tables; repeat."
)
@click.option("--features", is_flag=True, help="Also with fewer of the processor's vectors.")
@click.option("--threads", type=click.IntRange(min=1), help="Cores to use (all).")
@click.option("--quick", is_flag=True, help="A radius of 15 km, to try it out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def bench(
    *,
    elevation: tuple[Path, ...],
    lat: float | None,
    lon: float | None,
    radius_km: float,
    cell_m: float | None,
    height_m: float,
    samples: int,
    repeats: int,
    cases: tuple[str, ...],
    features: bool,
    threads: int | None,
    quick: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure the fast solver on this machine: time by stage, memory, exactness.

    Every case runs in a process of its own. The same run computes random receivers path by path, on
    the warped ground (which must agree) and on the raster itself (what resampling costs in dB).
    """
    import json

    from dtt_sim.workflow.bench.campaign import run_bench
    from dtt_sim.workflow.bench.setting import QUICK_RADIUS_KM, BenchSetting

    setting = BenchSetting(
        elevation=tuple(str(path.resolve()) for path in elevation),
        lat_deg=lat,
        lon_deg=lon,
        radius_km=min(radius_km, QUICK_RADIUS_KM) if quick else radius_km,
        cell_m=cell_m,
        height_m=height_m,
        samples=samples,
        repeats=repeats,
    )

    def tell(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    found = run_bench(setting, cases=cases, levels=features, threads=threads, tell=tell)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    """Tables with rules on a terminal, plain columns elsewhere."""
    import sys

    from dtt_sim.workflow.bench.report import machine_line, setting_line, tables

    terrains = {case["terrain"] for case in found["cases"].values()}
    for line in (machine_line(found), setting_line(found), *sorted(terrains)):
        click.echo(line)
    if not sys.stdout.isatty():
        for table in tables(found):
            click.echo(f"\n{table.as_text()}")
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for table in tables(found):
        shown = Table(title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
        for k, name in enumerate(table.head):
            shown.add_column(
                name, justify="left" if k == 0 else "right", no_wrap=k == 0, overflow="fold"
            )
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)

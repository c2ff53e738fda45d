"""``dtt-sim terrain fetch`` and ``credits``: open data into a local store."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dtt_sim.scenario.load import Scenario
    from terrain.store.fetch import Fetcher, Report, Row
    from terrain.store.plan import Request

_STORE = click.option(
    "--store", type=click.Path(path_type=Path), default=Path("terrain-store"), show_default=True,
    envvar="DTT_SIM_STORE", help="Folder of the store; or DTT_SIM_STORE.",
)  # fmt: skip


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path), required=False)
@click.option("--bbox", nargs=4, type=float, metavar="W S E N", help="A box instead [deg].")
@click.option(
    "--source", "sources", multiple=True, metavar="ID",
    help="glo30 (default), glo90, gedtm30, srtm, worldcover, worldpop, worldpop_1km, hrsl or "
    "geoboundaries; again for more.",
)  # fmt: skip
@click.option("--country", "countries", multiple=True, metavar="ISO3", help="Such as VNM.")
@click.option("--year", default=2025, show_default=True, help="Of worldpop.")
@click.option("--level", default="ADM1", show_default=True, help="Of geoboundaries.")
@_STORE
@click.option(
    "--mirror", "mirrors", multiple=True, metavar="[ID=]URL",
    help="Take files from there; or DTT_SIM_MIRROR, DTT_SIM_MIRROR_<ID>.",
)  # fmt: skip
@click.option("--from-folder", type=click.Path(path_type=Path), help="Take files from a folder.")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST", help="May be redirected to.")
@click.option("--offline", is_flag=True, help="Send no request: say what is missing.")
@click.option("--dry-run", is_flag=True, help="List what would be fetched, with sizes.")
@click.option("--refresh-lists", is_flag=True, help="Fetch lists of tiles again.")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 16))
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the scenario over it.")
@click.option("--write", type=click.Path(path_type=Path), help="TOML file to write.")
def fetch(
    *,
    scenario: Path | None,
    bbox: tuple[float, float, float, float] | None,
    sources: tuple[str, ...],
    countries: tuple[str, ...],
    year: int,
    level: str,
    store: Path,
    mirrors: tuple[str, ...],
    from_folder: Path | None,
    hosts: tuple[str, ...],
    offline: bool,
    dry_run: bool,
    refresh_lists: bool,
    threads: int,
    override: str | None,
    write: Path | None,
) -> None:
    """Bring terrain and other open data for SCENARIO, or a box, into a local store.

    Ends with the lines for the scenario file; --write puts them into a file that extends it. What
    is there already is checked and not fetched again. Exit code 1 if something is missing.
    """
    from dtt_sim.errors import OutputError
    from dtt_sim.workflow.fetch import boxes_of, check_write, load_for_fetch
    from terrain.errors import MissingTerrainError, StoreError
    from terrain.store.fetch import Fetcher
    from terrain.store.local import Store
    from terrain.store.origin import Origin, read_mirrors
    from terrain.store.plan import Request

    if (scenario is None) == (bbox is None):
        msg = "give a scenario file or --bbox, one of the two"
        raise click.UsageError(msg)
    if write is not None and scenario is None:
        msg = "--write extends a scenario: give one instead of --bbox"
        raise click.UsageError(msg)
    if from_folder is not None and not from_folder.is_dir():
        msg = f"{from_folder}: no such folder; give one for --from-folder"
        raise MissingTerrainError(msg)
    if write is not None:
        check_write(write)
    loaded = load_for_fetch(scenario, override) if scenario else None
    box, ground_box = boxes_of(loaded) if loaded else (bbox, None)
    assert box is not None
    request = Request(box, sources or ("glo30",), countries, year, level.upper(), ground_box)
    origin = Origin(read_mirrors(mirrors, os.environ), from_folder, hosts)
    fetcher = Fetcher(
        Store(store), origin=origin, offline=offline, refresh_lists=refresh_lists, n_thread=threads
    )
    try:
        if dry_run:
            _say_plan(fetcher.plan(request))
            return
        report = _with_progress(fetcher, request)
    except StoreError as error:  # the machine's fault, not the input's
        raise OutputError(str(error)) from error
    _say_report(report, store)
    if report.missing:
        click.echo("the lines for the scenario file come once nothing is missing", err=True)
        raise SystemExit(1)
    _say_lines(report, fetcher, loaded, write)


@click.command()
@_STORE
def credits(store: Path) -> None:
    """Print what the licences of everything in the store want said."""
    from terrain.errors import MissingTerrainError
    from terrain.store.local import Store, credits_text

    entries = Store(store).entries()
    if not entries:
        msg = f"{store}: nothing fetched there; choose --store"
        raise MissingTerrainError(msg)
    click.echo(credits_text(entries).rstrip())


def _with_progress(fetcher: Fetcher, request: Request) -> Report:
    """Fetch with lines on a terminal that follow the bytes, and one for each file done."""
    from rich.console import Console
    from rich.progress import FileSizeColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        FileSizeColumn(),
        TransferSpeedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        fetcher.tell = _Teller(progress)
        return fetcher.fetch(request)


class _Teller:
    """Shows what several threads report."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}
        self.total: TaskID | None = None
        self.n_file, self.n_done = 0, 0
        self.lock = Lock()

    def __call__(self, name: str, size: int, state: str) -> None:
        """Take a report of :data:`terrain.store.fetch.Tell`."""
        with self.lock:
            if state == "files":
                self.n_file += size
                if self.total is None:
                    self.total = self.progress.add_task("", total=None)
            elif state == "":
                if name not in self.tasks:
                    short = name.rpartition("/")[2]
                    self.tasks[name] = self.progress.add_task(short, total=None)
                self.progress.update(self.tasks[name], completed=size)
            else:
                self._ended(name, size, state)
            if self.total is not None:
                text = f"{self.n_done} of {self.n_file} files"
                self.progress.update(self.total, description=text)

    def _ended(self, name: str, size: int, state: str) -> None:
        if name in self.tasks:
            self.progress.remove_task(self.tasks.pop(name))
        if self.total is not None:  # lists of tiles come before and do not count
            self.n_done += 1
            self.progress.advance(self.total, size)
        if state != "there":
            text = f"{state:<7}{name}" + (f"  {_megabytes(size)}" if state == "done" else "")
            self.progress.console.print(text, markup=False, soft_wrap=True)


def _say_plan(rows: list[Row]) -> None:
    """List a plan with its sizes."""
    from terrain.store.fetch import total_bytes

    for row in rows:
        size = ""
        if row.state == "fetch":
            size = _megabytes(row.size) + ("" if row.is_known else " or so")
        click.echo(f"{row.state:<8}{size:>16}  {row.name}" + (f"  {row.text}" if row.text else ""))
    wanted = [row for row in rows if row.state == "fetch"]
    rough = "" if all(row.is_known for row in wanted) else " or so (sizes of some are typical ones)"
    click.echo(f"{len(wanted)} files to fetch, {_megabytes(total_bytes(rows))}{rough}")
    if any(row.state == "missing" for row in rows):
        raise SystemExit(1)


def _say_report(report: Report, store: Path) -> None:
    click.echo(
        f"{store}: {len(report.fetched)} files fetched, {len(report.present)} were there, "
        f"{len(report.sea)} tiles are open sea"
    )
    for note in report.notes:
        click.echo(f"note: {note}")
    for name, why in report.missing.items():
        click.echo(f"missing: {name}: {why}", err=True)


def _say_lines(
    report: Report, fetcher: Fetcher, scenario: Scenario | None, write: Path | None
) -> None:
    """Print the lines for the scenario file, or write the file that has them."""
    from dtt_sim.workflow.fetch import scenario_lines, write_extension

    folder = write.parent if write else scenario.path.parent if scenario else Path()
    lines = scenario_lines(report, fetcher.store, folder, scenario)
    for note in lines.notes:
        click.echo(f"note: {note}")
    if write is not None and scenario is not None:
        write_extension(write, scenario, lines, next(iter(report.files)))
        click.echo(f"written: {write}")
        return
    where = scenario.path.name if scenario else "a scenario file in this folder"
    click.echo(f"\nFor {where}:\n\n{lines.as_toml()}")


def _megabytes(n: int) -> str:
    return f"{n / 1e6:,.1f} MB" if n >= 50_000 else f"{n / 1e3:,.1f} kB"

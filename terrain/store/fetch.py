"""Carry a request out: what is there is checked, what is not is fetched, what fails is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from terrain.errors import AbsentError, FetchError
from terrain.store.client import Client
from terrain.store.local import Store
from terrain.store.make import MAX_LIST, Maker
from terrain.store.origin import Origin
from terrain.store.plan import Item, Request, Tiles, by_list, items_of, list_item, sea_item
from terrain.store.sources import Source, source_named
from terrain.store.tiles import parse_list

State = Literal["there", "fetch", "sea", "missing"]
Tell = Callable[[str, int, str], object]
"""Called with a file's name, the bytes that are there, and "", "done", "there" or "failed"; and with
the number of files to come, and "files"."""


@dataclass(frozen=True, slots=True)
class Row:
    """A file of a plan.

    Attributes
    ----------
    name : str
    state : str
    size : int
        Bytes to fetch.
    is_known : bool
        Whether the size was asked for, or is a typical one.
    text : str
        Address, or why it is missing.
    """

    name: str
    state: State
    size: int
    is_known: bool
    text: str


@dataclass
class Report:
    """What came of a request.

    Attributes
    ----------
    files : dict of str to list of Path
        Usable files by source, those of the sea last.
    fetched, present, sea : list of str
        Names in the store.
    missing : dict of str to str
        Why each file that is not there is not.
    notes : list of str
    """

    files: dict[str, list[Path]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    sea: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Fetcher:
    """Fetches into a store.

    Attributes
    ----------
    store : Store
    client : Client
    origin : Origin
    offline : bool
        Send no request: say what is missing.
    refresh_lists : bool
        Fetch lists of tiles again.
    n_thread : int
        Files at a time.
    tell : callable
        Called with progress, from several threads.
    """

    store: Store
    client: Client = field(default_factory=Client)
    origin: Origin = field(default_factory=Origin)
    offline: bool = False
    refresh_lists: bool = False
    n_thread: int = 4
    tell: Tell = lambda name, size, state: None  # noqa: ARG005
    _lists: dict[str, Tiles | str] = field(default_factory=dict)

    @property
    def _maker(self) -> Maker:
        return Maker(self.store, self.client, self.origin, lambda n, size: self.tell(n, size, ""))

    def fetch(self, request: Request) -> Report:
        """Bring everything of a request into the store that can be had.

        Raises
        ------
        TerrainError
            A request that cannot be; a store that cannot be written. Files that could not be had
            are in the report.
        """
        request.check()
        if not self.offline:
            self.store.claim()
        report = Report()
        wanted: list[Item] = []
        for name in dict.fromkeys(request.sources):
            there, sea = self._sorted_out(source_named(name), request, report, dry=False)
            wanted += [*there, *sea]
        self._carry_out([item for item in wanted if not item.is_sea], report)
        known = self.store.entries()
        report.notes += [
            f"{name}: {known[name].note}" for name in report.fetched if known[name].note
        ]
        self._carry_out([item for item in wanted if item.is_sea], report)  # like their neighbours
        for item in wanted:
            if item.name not in report.missing:
                path = self.store.path(item.name)
                report.files.setdefault(item.source.id, []).append(path)
        return report

    def plan(self, request: Request) -> list[Row]:
        """What :meth:`fetch` would do, with sizes; nothing is written.

        Raises
        ------
        TerrainError
            A request that cannot be.
        """
        request.check()
        rows: list[Row] = []
        for name in dict.fromkeys(request.sources):
            report = Report()
            there, sea = self._sorted_out(source_named(name), request, report, dry=True)
            with ThreadPoolExecutor(self.n_thread) as pool:
                rows += pool.map(self._row, there)
            rows += [Row(i.name, "sea", 0, True, "no tile in the list: open sea") for i in sea]
            rows += [Row(n, "missing", 0, True, why) for n, why in report.missing.items()]
        return rows

    def _row(self, item: Item) -> Row:
        if not self.store.fault(item.name):
            return Row(item.name, "there", 0, True, "")
        if self.offline:
            return Row(item.name, "missing", 0, True, "not in the store, and offline")
        typical = _typical_bytes(item)
        if self.origin.folder is not None:
            path = self.origin.local(item.source, item.path_in_folder)
            if path is None:
                return Row(item.name, "missing", 0, True, f"not in {self.origin.folder}")
            known = item.box is None
            return Row(item.name, "fetch", path.stat().st_size if known else typical, known, "")
        url = self.origin.url(item.source, item.path)
        if item.source.layout != "tiles":
            return Row(item.name, "fetch", typical, False, url)
        try:
            size = self.client.size_of(url, hosts=self.origin.allowed(item.source)).size
        except AbsentError as error:
            return Row(item.name, "missing", 0, True, str(error))
        except FetchError:
            size = None  # some servers answer no HEAD
        return Row(item.name, "fetch", typical if size is None else size, size is not None, url)

    def _sorted_out(
        self, source: Source, request: Request, report: Report, *, dry: bool
    ) -> tuple[list[Item], list[Item]]:
        """Files to have, and tiles of the sea to make; what is in no list is reported."""
        items = items_of(source, request)
        if not source.list_path:
            return items, []
        listed = self._tiles(source, dry=dry)
        if isinstance(listed, str):
            report.notes.append(
                f"{source.id}: the list of tiles is not at hand ({listed}); an absent tile is "
                "not taken for the sea"
            )
            return items, []

        def fuller() -> Tiles:
            found = self._tiles(source_named(source.fuller_list), dry=dry)
            if isinstance(found, str):
                report.notes.append(
                    f"{source.id}: tiles that its list lacks were taken for the sea, unchecked "
                    f"against {source.fuller_list}, which has all land ({found})"
                )
                return frozenset()
            return found

        there, absent, withheld = by_list(items, listed, fuller)
        for item in withheld:
            report.missing[item.name] = (
                f"land that {source.id} withholds; fetch --source {source.fuller_list}"
            )
        if source.kind != "elevation":
            if absent:
                names = ", ".join(item.tile.name for item in absent if item.tile)
                report.notes.append(f"{source.id} has no tiles {names}: open sea")
            return there, []
        if absent and not there and not withheld:
            report.notes.append(
                f"{source.id}: nothing but open sea in the box; is it the right one?"
            )
        return there, [sea_item(item) for item in absent]

    def _tiles(self, source: Source, *, dry: bool) -> Tiles | str:
        """Tiles in a source's list, or why there is no list."""
        if source.id not in self._lists:
            try:
                text = self._list_text(source, dry=dry)
            except FetchError as error:
                self._lists[source.id] = str(error)
            else:
                self._lists[source.id] = parse_list(text, source)
        return self._lists[source.id]

    def _list_text(self, source: Source, *, dry: bool) -> str:
        item = list_item(source)
        fault = self.store.fault(item.name)
        if fault and self.offline:
            msg = f"{item.name}: {fault}"
            raise FetchError(msg)
        if not self.offline and (fault or self.refresh_lists):
            if not dry:
                self._one(item, again=self.refresh_lists)
            elif self.origin.folder is None:
                url, hosts = self.origin.url(source, item.path), self.origin.allowed(source)
                return self.client.read(url, limit=MAX_LIST, hosts=hosts)[0].decode()
            else:
                return self._maker.in_folder(item).read_text(encoding="utf-8")
        return self.store.path(item.name).read_text(encoding="utf-8")

    def _carry_out(self, items: list[Item], report: Report) -> None:
        """Fetch files, several at a time; a store that fails ends it all."""
        if self.offline:
            for item in items:
                fault = self.store.fault(item.name)
                if fault:
                    report.missing[item.name] = f"{fault}, and offline"
                else:
                    report.present.append(item.name)
            return
        self.tell("", len(items), "files")
        pool = ThreadPoolExecutor(self.n_thread)
        try:
            waiting = {pool.submit(self._one, item): item for item in items}
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    item = waiting.pop(future)
                    try:
                        was_there = not future.result()
                    except FetchError as error:
                        report.missing[item.name] = str(error)
                        self.tell(item.name, 0, "failed")
                        continue
                    where = report.sea if item.is_sea else report.fetched
                    (report.present if was_there else where).append(item.name)
        finally:
            if waiting:
                self.client.stop.set()
            pool.shutdown(cancel_futures=True)
            report.fetched.sort()

    def _one(self, item: Item, *, again: bool = False) -> bool:
        """Bring one file into the store; whether it had to be."""
        with self.store.busy(item.name, self.client.stop) as part:
            if not again and not self.store.fault(item.name):
                self.tell(item.name, 0, "there")
                return False
            self.tell(item.name, 0, "")
            entry = self._maker.make(item, part)
            path = self.store.keep(item.name, part, entry)
            self.tell(item.name, path.stat().st_size, "done")
        return True


def _typical_bytes(item: Item) -> int:
    if item.box is None:
        return item.source.typical_bytes
    west, south, east, north = item.box
    return round((east - west) * (north - south) * item.source.typical_bytes)


def total_bytes(rows: Iterable[Row]) -> int:
    """Bytes that a plan would fetch."""
    return sum(row.size for row in rows if row.state == "fetch")

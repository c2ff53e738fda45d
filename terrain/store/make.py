"""One file of the store: fetched, unpacked, cut out or made, and checked."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from terrain.errors import AbsentError, FetchError, StoreError, TerrainError
from terrain.store.answer import Remote, check_url
from terrain.store.client import Client
from terrain.store.compare import height_ratio
from terrain.store.content import check_tile, check_units, unpack_hgt, write_sea_tile
from terrain.store.cut import cut_window, remote_raster
from terrain.store.local import Entry, Store
from terrain.store.origin import Origin
from terrain.store.plan import Item
from terrain.store.sources import MB, Source
from terrain.store.tiles import n_columns, parse_list

MAX_LIST: Final = 50 * MB
_MAX_ANSWER: Final = 5 * MB


@dataclass(frozen=True)
class Maker:
    """Writes the parts of files.

    Attributes
    ----------
    store : Store
    client : Client
    origin : Origin
    tell : callable
        Called with a file's name and the bytes that are there.
    """

    store: Store
    client: Client
    origin: Origin
    tell: Callable[[str, int], object]

    def make(self, item: Item, part: Path) -> Entry:
        """Write a file's part and check it; what the index is to know of it."""
        if item.is_sea:
            assert item.tile is not None
            write_sea_tile(part, item.source, item.tile, self._neighbour(item))
            return self._entry(item, "", note="open sea by the list of tiles: 0 m")
        if item.box is not None:
            return self._cut(item, part)
        if item.source.layout == "units":
            return self._units(item, part)
        return self._file(item, part)

    def _file(self, item: Item, part: Path) -> Entry:
        """A list or a tile as it lies on the server; skadi's are unpacked."""
        source, note = item.source, ""
        is_packed = item.path.endswith(".gz")
        raw = part.with_name(part.name.replace(".tif.part", ".gz.part")) if is_packed else part
        remote = self._get(item, raw)
        try:
            if item.is_list:
                _check_list(raw, source)
            elif is_packed and item.tile is not None:
                note = unpack_hgt(raw, part, item.tile, remote.url)
                raw.unlink()
            elif item.tile is not None:
                check_tile(raw, source, item.tile, remote.url, whole=remote.size is None)
        except TerrainError:
            raw.unlink(missing_ok=True)  # whole, and not what it should be
            raise
        return self._entry(item, remote.url, remote, note=note)

    def _get(self, item: Item, part: Path, url: str = "") -> Remote:
        """A file from the folder, the mirror or the server."""
        source = item.source
        if self.origin.folder is not None:
            local = self.in_folder(item)
            size = local.stat().st_size
            if size > source.max_bytes:
                msg = f"{local}: {size:,} bytes are more than such a file may have"
                raise FetchError(msg)
            try:
                shutil.copyfile(local, part)
            except OSError as error:
                msg = f"{part}: cannot be copied ({error.strerror or error}); free space"
                raise StoreError(msg) from error
            return Remote(local.name, size)
        return self.client.download(
            url or self.origin.url(source, item.path),
            part,
            limit=MAX_LIST if item.is_list else source.max_bytes,
            hosts=self.origin.allowed(source),
            tell=lambda size: self.tell(item.name, size),
        )

    def _cut(self, item: Item, part: Path) -> Entry:
        assert item.box is not None
        source = item.source
        if self.origin.folder is not None:
            path = self.in_folder(item)
            name, remote = str(path), Remote(path.name, path.stat().st_size)
        else:
            url = self.origin.url(source, item.path)
            name, remote = remote_raster(self.client, url, self.origin.allowed(source))
        cut_window(
            self.client, name, item.box, part, source, remote.url,
            lambda size: self.tell(item.name, size),
        )  # fmt: skip
        note = self._agreement(part, remote.url) if source.value_unit else ""
        return self._entry(item, remote.url, remote, note=note)

    def _agreement(self, part: Path, url: str) -> str:
        """Compare heights with those of GLO-30 or GLO-90, where the store has them.

        Raises
        ------
        FetchError
            Heights of another unit: that of GEDTM30 changed between its versions.
        """
        known = [
            self.store.path(name)
            for name in self.store.entries()
            if name.startswith(("glo30/", "glo90/")) and name.endswith("_DEM.tif")
        ]
        ratio = height_ratio(part, known)
        if ratio is None:
            return (
                "taken to be in metres, unchecked: too little high ground of glo30 or glo90 in the "
                "store to compare with; look at a height that you know"
            )
        if not 0.5 < ratio < 2.0:
            part.unlink()
            msg = (
                f"{url}: heights are {ratio:.2g} times those of Copernicus: the unit of the file "
                "is another than was known of it; use another source"
            )
            raise FetchError(msg)
        return f"in metres: {ratio:.2f} times the heights of Copernicus in the median"

    def _units(self, item: Item, part: Path) -> Entry:
        """What the API says of a country's units, then the file that it names."""
        source, credit, url = item.source, "", ""
        if self.origin.folder is None:
            api = self.origin.url(source, item.path)
            data, _ = self.client.read(api, limit=_MAX_ANSWER, hosts=self.origin.allowed(source))
            url, credit = self._boundary(data, api, source)
        remote = self._get(item, part, url)
        try:
            check_units(part, remote.url)
        except FetchError:
            part.unlink(missing_ok=True)
            raise
        return self._entry(item, remote.url, remote, credit=credit)

    def _boundary(self, data: bytes, api: str, source: Source) -> tuple[str, str]:
        """Address and credit of an answer of the API."""
        try:
            answer = json.loads(data)
            url = answer["gjDownloadURL"]
            parts = answer.get("boundarySource", ""), answer.get("boundaryLicense", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            msg = f"{api}: no answer with gjDownloadURL ({error!r}); check country and level"
            raise FetchError(msg) from error
        check_url(str(url))
        own, other = urlsplit(api), urlsplit(url)
        if other.netloc not in {own.netloc, *self.origin.allowed(source)}:
            msg = (
                f"{api}: names a file on another host, {other.netloc}; if that is right, give "
                f"--allow-host {other.netloc}"
            )
            raise FetchError(msg)
        if own.scheme == "https" and other.scheme != "https":
            msg = f"{api}: names {url}, which is not encrypted; use another mirror"
            raise FetchError(msg)
        return url, "; ".join([source.credit, *(str(p) for p in parts if p)])

    def _neighbour(self, item: Item) -> Path | None:
        """A real tile with as many columns as a sea tile should have."""
        assert item.tile is not None
        for name in self.store.entries():
            if not name.startswith(f"{item.source.id}/") or not name.endswith("_DEM.tif"):
                continue
            south = name.rpartition("_00_")[0].rpartition("_00_")[0][-3:]
            lat = int(south[1:]) * (-1 if south[0] == "S" else 1)
            if n_columns(item.source, lat) == n_columns(item.source, item.tile.lat_deg):
                return self.store.path(name)
        return None

    def _entry(
        self,
        item: Item,
        url: str,
        remote: Remote | None = None,
        *,
        note: str = "",
        credit: str = "",
    ) -> Entry:
        return Entry(
            source=item.source.id,
            url=url,
            size=0,
            sha256="",
            fetched=dt.datetime.now(dt.UTC).date().isoformat(),
            etag=remote.etag if remote else "",
            last_modified=remote.last_modified if remote else "",
            credit=credit,
            note=note,
        )

    def in_folder(self, item: Item) -> Path:
        """The file that is to be copied from the folder."""
        path = self.origin.local(item.source, item.path_in_folder)
        if path is None:
            name = item.path_in_folder.rpartition("/")[2]
            msg = f"{name} is not in {self.origin.folder}; put it there"
            raise AbsentError(msg)
        return path


def _check_list(path: Path, source: Source) -> None:
    try:
        parse_list(path.read_text(encoding="utf-8"), source)
    except (TerrainError, UnicodeDecodeError) as error:
        msg = f"{source.id}: what came is no list of tiles ({error}); check mirror and proxy"
        raise FetchError(msg) from error

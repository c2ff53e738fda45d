"""The store on disk: whole files only, an index with checksums, and the credits of what is there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from terrain.errors import StoreError, TerrainError
from terrain.store.sources import source_named

INDEX: Final = "index.json"
CREDITS: Final = "CREDITS.txt"
_FORMAT: Final = 1
_ALWAYS: Final = ("source", "url", "size", "sha256", "fetched")
_LOCK_WAIT_S: Final = 0.5
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_NOTE = "The organisations of a source's licence want this said wherever its data appear."


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of a file.

    Attributes
    ----------
    source : str
        Id of its source.
    url : str
        Where it came from.
    size : int
        Bytes.
    sha256 : str
    fetched : str
        Day.
    etag, last_modified : str
        Of what was fetched.
    credit : str
        Of this file in particular, where it differs from the source's.
    note : str
        What was made of it on the way.
    """

    source: str
    url: str
    size: int
    sha256: str
    fetched: str
    etag: str = ""
    last_modified: str = ""
    credit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Store:
    """A folder of fetched files. Several programs may use it at once.

    Attributes
    ----------
    root : Path
    """

    root: Path
    _known: dict[str, tuple[tuple[int, int], str]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def path(self, name: str) -> Path:
        """Where a file lies or will lie.

        Raises
        ------
        StoreError
            A name that would lead out of the store.
        """
        parts = name.split("/")
        if not all(_SAFE.fullmatch(part) and ".." not in part for part in parts):
            msg = f"{name!r} is no name of a file in a store; names are letters, digits, . _ + -"
            raise StoreError(msg)
        path = self.root.joinpath(*parts)
        root = self.root.resolve()
        if not path.resolve().is_relative_to(root):
            msg = f"{path}: leads out of the store by a link; remove the link"
            raise StoreError(msg)
        return path

    def claim(self) -> None:
        """Find out whether the store can be written, before anything is fetched.

        Raises
        ------
        StoreError
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".write-test-{os.getpid()}"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink()
        except OSError as error:
            msg = f"{self.root}: cannot be written ({error.strerror or error}); choose --store"
            raise StoreError(msg) from error

    def entries(self) -> dict[str, Entry]:
        """All files of the index.

        Raises
        ------
        StoreError
            An index that is broken.
        """
        path = self.root / INDEX
        if not path.exists():
            return {}
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != _FORMAT:
                msg = f"{path}: layout {data['format']!r} is of another version; choose --store"
                raise StoreError(msg)
            return {str(name): Entry(**entry) for name, entry in data["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{path}: not an index ({error}); delete it, the files are then fetched again"
            raise StoreError(msg) from error
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror or error}); choose --store"
            raise StoreError(msg) from error

    def fault(self, name: str) -> str:
        """What is wrong with a file, by its checksum; empty where it is as it was fetched."""
        path, entry = self.path(name), self.entries().get(name)
        if not path.is_file():
            return "not there"
        if entry is None:
            return "not in the index"
        if path.stat().st_size != entry.size:
            return f"{path.stat().st_size:,} bytes instead of {entry.size:,}"
        return "" if self._sha256(path) == entry.sha256 else "damaged: another checksum"

    def _sha256(self, path: Path) -> str:
        """Checksum, once for each state of a file."""
        status = path.stat()
        state = status.st_mtime_ns, status.st_size
        known = self._known.get(str(path))
        if known is None or known[0] != state:
            known = state, sha256_of(path)
            self._known[str(path)] = known
        return known[1]

    def keep(self, name: str, part: Path, entry: Entry) -> Path:
        """Give a whole part its name, and put it into the index."""
        path = self.path(name)
        try:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            found = replace(entry, size=part.stat().st_size, sha256=sha256_of(part))
            part.replace(path)
        except OSError as error:
            msg = f"{path}: cannot be written ({error.strerror or error}); free space"
            raise StoreError(msg) from error
        with self._locked(INDEX):
            files = self.entries() | {name: found}
            self._write(INDEX, json.dumps(_as_json(files), indent=1, ensure_ascii=False) + "\n")
            self._write(CREDITS, credits_text(files))
        return path

    @contextmanager
    def busy(self, name: str, stop: threading.Event | None = None) -> Iterator[Path]:
        """Hold a file alone, among all programs, while it is fetched: yields the part's path.

        The lock ends with the program, however that ends; what lies in the part stays.

        Raises
        ------
        StoreError
            The store cannot be written, or `stop` was set while another program had the file.
        """
        path = self.path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{path.parent}: cannot be written ({error.strerror or error}); choose --store"
            raise StoreError(msg) from error
        with self._locked(name.replace("/", "--"), stop):
            part = path.with_name(path.name + ".part")
            if part.is_symlink():
                msg = f"{part}: a link; remove it"
                raise StoreError(msg)
            yield part

    @contextmanager
    def _locked(self, name: str, stop: threading.Event | None = None) -> Iterator[None]:
        # filelock: what flock and its like do on each system, behind one name.
        from filelock import FileLock, Timeout

        path = self.root / ".locks" / f"{name}.lock"
        lock = FileLock(path)
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock.acquire(timeout=_LOCK_WAIT_S)
                break
            except Timeout:
                if stop is not None and stop.is_set():
                    msg = f"{path}: another program has it; run the same command again"
                    raise StoreError(msg) from None
            except OSError as error:
                msg = f"{path}: cannot be written ({error.strerror or error}); choose --store"
                raise StoreError(msg) from error
        try:
            yield
        finally:
            lock.release()

    def _write(self, name: str, text: str) -> None:
        part = self.root / f"{name}.part"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(self.root / name)
        except OSError as error:
            msg = f"{part}: cannot be written ({error.strerror or error}); free space"
            raise StoreError(msg) from error

    def credits(self, names: Iterator[str] | list[str] | None = None) -> tuple[str, ...]:
        """What maps and reports have to say, of some files or of all."""
        files = self.entries()
        chosen = files if names is None else {n: files[n] for n in names if n in files}
        return tuple(dict.fromkeys(_credit(entry) for entry in chosen.values() if _credit(entry)))


def sha256_of(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _as_json(files: Mapping[str, Entry]) -> dict[str, Any]:
    rows = {
        name: {k: v for k, v in asdict(files[name]).items() if v != "" or k in _ALWAYS}
        for name in sorted(files)
    }
    return {"format": _FORMAT, "files": rows}


def _credit(entry: Entry) -> str:
    if entry.credit:
        return entry.credit
    try:
        return source_named(entry.source).credit_text
    except TerrainError:
        return ""  # of a later version's source


def credits_text(files: Mapping[str, Entry]) -> str:
    """Credits, notices and licences of files, for people."""
    lines = [_NOTE, ""]
    for name in sorted({entry.source for entry in files.values()}):
        try:
            source = source_named(name)
        except TerrainError:
            continue
        listing = f"{name}/{source.list_path}"
        own = dict.fromkeys(
            _credit(entry) for file, entry in files.items()
            if entry.source == name and file != listing
        )  # fmt: skip
        if not own:
            continue  # only its list of tiles was looked at
        lines += [source.title, *(f"  {text}" for text in own if text)]
        lines += [f"  {source.notice}"] if source.notice else []
        lines += [f"  Licence: {source.licence} ({source.licence_url})", ""]
    return "\n".join(lines)

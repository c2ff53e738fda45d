"""Whence files are taken: the source's own server, a mirror of it, or a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from terrain.errors import TerrainError
from terrain.store.answer import check_url
from terrain.store.sources import SOURCES, Source, source_named


@dataclass(frozen=True)
class Origin:
    """Where to look for a source's files.

    Attributes
    ----------
    mirrors : dict of str to str
        Address that takes the place of a source's root, by its id; under "" one whose folders are
        the ids.
    folder : Path or None
        Local folder that takes the place of all servers.
    hosts : tuple of str
        Further hosts to which servers may refer.
    """

    mirrors: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    hosts: tuple[str, ...] = ()

    def root(self, source: Source) -> str:
        """Address below which a source's paths lie."""
        if source.id in self.mirrors:
            return self.mirrors[source.id].rstrip("/")
        if "" in self.mirrors:
            return f"{self.mirrors[''].rstrip('/')}/{source.id}"
        return source.base

    def url(self, source: Source, path: str) -> str:
        """Address of a file."""
        return f"{self.root(source)}/{path}"

    def allowed(self, source: Source) -> tuple[str, ...]:
        """Hosts to which the source's server may refer."""
        return (*source.hosts, *self.hosts)

    def local(self, source: Source, path: str) -> Path | None:
        """The file in the folder, or None.

        As on the server, below a folder of the source's id or not; or by its bare name.
        """
        assert self.folder is not None
        name = path.rpartition("/")[2]
        places = [self.folder / source.id / path, self.folder / path]
        places += [self.folder / source.id / name, self.folder / name]
        return next((place for place in places if place.is_file()), None)


def read_mirrors(options: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, str]:
    """Mirrors from options (``URL`` or ``SOURCE=URL``) and, below them, the environment.

    The environment has ``DTT_SIM_MIRROR`` and ``DTT_SIM_MIRROR_GLO30`` and so on.

    Raises
    ------
    TerrainError
        No such source, or no address.
    """
    found: dict[str, str] = {}
    for name in ("", *(source.id for source in SOURCES)):
        key = f"DTT_SIM_MIRROR_{name.upper()}".rstrip("_")
        if environment.get(key):
            found[name] = environment[key]
    for option in options:
        name, equals, url = option.partition("=")
        if not equals or "/" in name:
            name, url = "", option
        elif name:
            source_named(name)
        found[name] = url
    for name, url in found.items():
        try:
            check_url(url)
        except TerrainError as error:
            msg = f"mirror{f' of {name}' if name else ''}: {error}"
            raise TerrainError(msg) from error
    return found

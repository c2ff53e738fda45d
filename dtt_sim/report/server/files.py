"""Files of a run's folder by the path of a request, and never one outside."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".nc": "application/x-netcdf",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".txt": "text/plain; charset=utf-8",
}
"""Kinds of files that a run leaves; others are not given out."""


def file_within(root: Path, asked: str) -> Path | None:
    """The file that a decoded path names, or None.

    A path is refused that is absolute, goes up, names a hidden file or a drive, or goes through a
    symbolic link: what lies in the folder is given out, and nothing that lies elsewhere.
    """
    parts = asked.split("/")
    if any(_is_bad(part) for part in parts):
        return None
    here = root
    for part in parts:
        here /= part
        if here.is_symlink():
            return None
    if here.suffix.lower() not in TYPES or not here.is_file():
        return None
    if not here.resolve().is_relative_to(root.resolve()):
        return None
    return here


def _is_bad(part: str) -> bool:
    return not part or part.startswith(".") or any(c in part for c in "\\:\0")

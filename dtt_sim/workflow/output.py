"""Files of a run, each written under a temporary name and renamed when whole."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import OutputError
from terrain.grid import Grid

NODATA = -9999.0


def claim_folder(out: Path) -> None:
    """Find out before hours of work whether the folder can be written."""
    if out.exists() and not out.is_dir():
        msg = f"{out}: is a file; choose a folder for --out"
        raise OutputError(msg)
    probe = out / ".write-test"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
    except OSError as error:
        msg = f"{out}: cannot be written ({error.strerror or error}); choose another --out"
        raise OutputError(msg) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the name when the block succeeds.

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=f".part{path.suffix}")
        os.close(handle)
        part = Path(name)
        try:
            yield part
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OutputError:
        raise
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); free space or choose --out"
        raise OutputError(msg) from error


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a JSON file, UTF-8, names as they are."""
    with whole_file(path) as part:
        part.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file that spreadsheets open with Vietnamese names intact (UTF-8 with mark)."""
    with whole_file(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_cog(
    path: Path,
    grid: Grid,
    bands: Sequence[tuple[str, str, NDArray[Any]]],
    *,
    nodata: float | None,
    tags: Mapping[str, str],
    colours: Mapping[int, str] | None = None,
) -> None:
    """Write bands (name, unit, values) as a cloud-optimised GeoTIFF.

    NaN becomes `nodata`; bands share the type of the first. `colours` are those of codes, "#rrggbb".
    """
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy

    dtype = bands[0][2].dtype
    with whole_file(path) as part:
        try:
            with MemoryFile() as memory:
                with memory.open(
                    driver="GTiff", width=grid.n_col, height=grid.n_row, count=len(bands),
                    dtype=dtype, crs=grid.crs, transform=grid.affine, nodata=nodata,
                ) as file:  # fmt: skip
                    for i, (name, unit, values) in enumerate(bands, start=1):
                        filled = values
                        if nodata is not None and np.issubdtype(dtype, np.floating):
                            filled = np.where(np.isnan(values), dtype.type(nodata), values)
                        file.write(filled.astype(dtype, copy=False), i)
                        file.set_band_description(i, name)
                        file.set_band_unit(i, unit)
                    file.update_tags(**tags)
                    if colours is not None:
                        file.write_colormap(
                            1, {code: tuple(bytes.fromhex(c[1:])) for code, c in colours.items()}
                        )
                with memory.open() as source:
                    # Deflate's first level makes these files no larger than its sixth, and sooner.
                    copy(
                        source, part, driver="COG", compress="deflate", level=1, predictor="yes",
                        num_threads="all_cpus",
                    )  # fmt: skip
        except RasterioError as error:
            msg = f"{path}: cannot be written ({error}); free space or choose --out"
            raise OutputError(msg) from error

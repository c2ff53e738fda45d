"""Fetch the libraries of the HTML report from npm: exact versions, minified files, licences.

    python scripts/fetch_web_libraries.py

They are kept in the package, so that a report needs no network and neither does installing. A newer
version is a new number below and its new digests in dtt_sim/report/web/lib/libraries.json.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

LIB = Path(__file__).parents[1] / "dtt_sim" / "report" / "web" / "lib"
LIBRARIES = {
    "leaflet@1.9.4": {
        "dist/leaflet.js": "leaflet.js",
        "dist/leaflet.css": "leaflet.css",
        "LICENSE": "leaflet.LICENSE",
    },
    "d3@7.9.0": {"dist/d3.min.js": "d3.js", "LICENSE": "d3.LICENSE"},
    "@observablehq/plot@0.6.17": {"dist/plot.umd.min.js": "plot.js", "LICENSE": "plot.LICENSE"},
}


def fetch(spec: str, files: dict[str, str]) -> dict[str, str]:
    """Take files out of a package; their SHA-256 by name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            ["npm", "pack", spec, "--silent"],
            cwd=folder, check=True, capture_output=True, text=True,
        )  # fmt: skip
        with tarfile.open(Path(folder) / told.stdout.split()[-1]) as archive:
            for inside, name in files.items():
                member = archive.extractfile(f"package/{inside}")
                assert member is not None, inside
                data = member.read()
                (LIB / name).write_bytes(data)
                found[name] = hashlib.sha256(data).hexdigest()
    return found


def main() -> None:
    LIB.mkdir(parents=True, exist_ok=True)
    table = {spec: fetch(spec, files) for spec, files in LIBRARIES.items()}
    text = json.dumps(table, indent=1) + "\n"
    (LIB / "libraries.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Any file of stations to a sheet of cells: what it is shows in its first bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dtt_sim.stations.cells import MAX_BYTES, Sheet, StationFileError
from dtt_sim.stations.headings import Meaning
from dtt_sim.stations.text_tables import read_text_table
from dtt_sim.stations.vectors import read_features, read_kml, unpack_kmz
from dtt_sim.stations.workbooks import check_archive, read_workbook

_OLD = b"\xd0\xcf\x11\xe0"
_NO_TEXT = {
    ".ods": "an OpenDocument sheet", ".pdf": "a PDF", ".docx": "a Word document", ".doc": "a Word document",
    ".shp": "a Shapefile",
}  # fmt: skip


def read_sheet(
    path: Path,
    *,
    maps: Mapping[str, Meaning],
    sheet: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> Sheet:
    """The sheet, layer or table of a file.

    Parameters
    ----------
    path : Path
    maps : mapping
        Meanings of headings that the user gave.
    sheet, layer, encoding : str, optional
        Which of a workbook's sheets, which of a GeoPackage's layers, how text is encoded.

    Raises
    ------
    StationFileError
        No such file, a file that is too large, of another kind, or broken.
    """
    data = _bytes(path)
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    suffix = path.suffix.lower()
    if data.startswith(_OLD):
        msg = (
            f"{path.name}: an old XLS workbook, or one with a password; save it as XLSX without "
            "a password"
        )
        raise StationFileError(msg)
    if suffix in _NO_TEXT:
        msg = f"{path.name}: {_NO_TEXT[suffix]}; save the list as XLSX, CSV or GeoPackage"
        raise StationFileError(msg)
    if data.startswith(b"PK"):
        if suffix == ".kmz":
            check_archive(path)
            return read_kml(path, unpack_kmz(path))
        return read_workbook(path, maps, sheet)
    if data.startswith(b"SQLite format 3\0") or head.startswith(b"{"):
        return read_features(path, layer)
    if head.startswith(b"<"):
        return read_kml(path, data)
    if suffix in {".xlsx", ".xlsm", ".gpkg", ".geojson", ".json", ".kmz", ".kml"}:
        msg = f"{path.name}: not what its name says; save it as {suffix[1:]} again"
        raise StationFileError(msg)
    return read_text_table(path, data, maps, encoding)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            msg = (
                f"{path}: {path.stat().st_size / 1e6:.0f} MB; a list of stations has at most "
                f"{MAX_BYTES // 1024**2} MB"
            )
            raise StationFileError(msg)
        data = path.read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
        msg = f"{path}: cannot be read ({reason}); check the path"
        raise StationFileError(msg) from error
    if not data.strip():
        msg = f"{path}: empty; give a list with headings and a station in each row"
        raise StationFileError(msg)
    return data

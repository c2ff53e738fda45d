"""``dtt-sim paths``: predict the loss of single paths from tables of profiles and cases."""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dtt_sim.coverage.paths import PathProfile, PathSetting
    from dtt_sim.typing import Polarisation

PROFILE_REQUIRED = ("profile_id", "d_km", "h_m")
CASE_REQUIRED = (
    "case_id",
    "profile_id",
    "f_GHz",
    "p_pct",
    "htg_m",
    "hrg_m",
    "lat_t_deg",
    "lon_t_deg",
    "lat_r_deg",
    "lon_r_deg",
    "DN",
    "N0",
)
CASE_OPTIONAL = ("pL_pct", "sigmaL_dB", "wa_m", "pol", "dct_km", "dcr_km", "Ptx_kW")

# Column of the case table for each parameter of the array API: errors speak of the user's columns.
_COLUMN_OF = {
    "frequency_ghz": "f_GHz",
    "p_time_percent": "p_pct",
    "p_location_percent": "pL_pct",
    "tx_height_agl_m": "htg_m",
    "rx_height_agl_m": "hrg_m",
    "tx_lat_deg": "lat_t_deg",
    "tx_lon_deg": "lon_t_deg",
    "rx_lat_deg": "lat_r_deg",
    "rx_lon_deg": "lon_r_deg",
    "delta_n": "DN",
    "n0": "N0",
    "sigma_db": "sigmaL_dB",
    "w_a_m": "wa_m",
    "erp_kw": "Ptx_kW",
    "distance_km": "d_km",
    "height_m": "h_m",
}


class InputError(click.ClickException):
    """A file or column that makes the whole run impossible."""

    exit_code = 2


class RowError(ValueError):
    """What is wrong with one row."""


@dataclass(slots=True)
class RawProfile:
    """Rows of one profile as text, in file order, with the line of each."""

    line: list[int] = field(default_factory=list)
    row: list[Mapping[str, str]] = field(default_factory=list)


@click.command(name="paths", short_help="Predict single paths from tables.")
@click.argument("profiles", type=click.Path(path_type=Path))
@click.argument("cases", type=click.Path(path_type=Path))
@click.option(
    "--model",
    type=click.Choice(["p1812"]),
    default="p1812",
    show_default=True,
    help="Propagation model: Rec. ITU-R P.1812-8.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Result file; standard output if not given.",
)
@click.pass_context
def paths(ctx: click.Context, profiles: Path, cases: Path, model: str, out: Path | None) -> None:
    """Predict loss and field strength of every row of CASES over the paths of PROFILES.

    PROFILES (CSV): profile_id, d_km, h_m, and optionally i (order of the points), clutter_m and
    zone (1 sea, 3 coastal land, 4 inland; inland if there is no such column).

    CASES (CSV): case_id, profile_id, f_GHz, p_pct (time), htg_m, hrg_m (heights above ground),
    lat_t_deg, lon_t_deg, lat_r_deg, lon_r_deg, DN (N/km, positive), N0. Optional, and optionally
    empty: pL_pct (locations, 50), sigmaL_dB (location standard deviation; computed from wa_m where
    that is given instead, else 0), pol (1 horizontal, 2 vertical; 1), dct_km, dcr_km (land distance
    to the coast, 500 = none; derived from the zones), Ptx_kW (e.r.p., 1). Other columns are ignored.

    One result row is written per case, in order, with the loss, the field strength and all
    intermediate values. A row that cannot be predicted is reported with its line number and has
    empty results and its reason in the column "error"; exit status 1 then.
    """
    del model  # one so far
    from dtt_sim._jit import enable_cache

    enable_cache()
    rows = _read_cases(cases)
    raw_profiles = _read_profiles(profiles)
    if out is not None:
        _check_writable(out, (profiles, cases))
    text, n_failed = _predict_all(rows, raw_profiles, cases, profiles)
    if out is None:
        click.echo(text, nl=False)
    else:
        _write_atomically(out, text)
    if n_failed:
        click.echo(f"{n_failed} of {len(rows)} cases could not be predicted", err=True)
        ctx.exit(1)


def _read_table(
    path: Path, required: Sequence[str], optional: Sequence[str] = ()
) -> tuple[list[int], list[dict[str, str]]]:
    """Line numbers and rows of a CSV file; missing cells are empty, blank lines left out."""
    lines: list[int] = []
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header, required, optional)
            keep = [(i, name) for i, name in enumerate(header) if name in {*required, *optional}]
            for cells in reader:
                if not any(map(str.strip, cells)):
                    continue
                n_cell = len(cells)
                lines.append(reader.line_num)
                rows.append({name: cells[i] if i < n_cell else "" for i, name in keep})
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); give the path of a CSV file"
        raise InputError(msg) from None
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: not a CSV file in UTF-8 ({error}); save it as one"
        raise InputError(msg) from None
    return lines, rows


def _check_header(
    path: Path, header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> None:
    """Refuse a table without the columns it needs, or with one of them twice."""
    wanted = {*required, *optional}
    twice = sorted({name for name in header if name in wanted and header.count(name) > 1})
    if twice:
        msg = f"{path}: column {twice[0]!r} appears more than once; keep one"
        raise InputError(msg)
    missing = [name for name in required if name not in header]
    if not missing:
        return
    folded = {name.lower(): name for name in header if name and name not in wanted}
    problems = []
    for name in missing:
        near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
        hint = f" (nearest column there: {folded[near[0]]!r})" if near else ""
        problems.append(f"{name!r}{hint}")
    msg = f"{path}: missing column {', '.join(problems)}; the first line must name the columns"
    raise InputError(msg)


def _read_cases(path: Path) -> list[tuple[int, dict[str, str]]]:
    lines, rows = _read_table(path, CASE_REQUIRED, CASE_OPTIONAL)
    return list(zip(lines, rows, strict=True))


def _read_profiles(path: Path) -> dict[str, RawProfile]:
    lines, rows = _read_table(path, PROFILE_REQUIRED, ("i", "clutter_m", "zone"))
    found: dict[str, RawProfile] = {}
    for line, row in zip(lines, rows, strict=True):
        raw = found.setdefault(row["profile_id"].strip(), RawProfile())
        raw.line.append(line)
        raw.row.append(row)
    return found


def _predict_all(
    rows: Sequence[tuple[int, Mapping[str, str]]],
    raw_profiles: Mapping[str, RawProfile],
    cases: Path,
    profiles: Path,
) -> tuple[str, int]:
    """Result table as CSV text, and the number of rows that failed (each said on stderr)."""
    from dtt_sim.coverage.paths import RESULT_COLUMNS, predict_path
    from dtt_sim.errors import ModelDomainError

    parsed: dict[str, PathProfile | str] = {}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["case_id", "profile_id", *RESULT_COLUMNS, "error"])
    empty = [""] * len(RESULT_COLUMNS)
    n_failed = 0
    for line, row in rows:
        ids = [row["case_id"].strip(), row["profile_id"].strip()]
        reason = ""
        try:
            profile = _profile(ids[1], raw_profiles, parsed, profiles)
            values = predict_path(profile, _setting(row)).as_row()
        except RowError as error:
            reason = str(error)
        except ModelDomainError as error:
            reason = _in_columns(str(error))
        if reason:
            n_failed += 1
            click.echo(f"{cases}:{line}: case {ids[0]}: {reason}", err=True)
            writer.writerow([*ids, *empty, reason])
        else:
            writer.writerow([*ids, *map(str, values.values()), ""])
    return buffer.getvalue(), n_failed


def _in_columns(message: str) -> str:
    """Put the table's column names in the place of the array API's parameter names."""
    return re.sub(r"\w+", lambda word: _COLUMN_OF.get(word[0], word[0]), message)


def _profile(
    profile_id: str,
    raw_profiles: Mapping[str, RawProfile],
    parsed: dict[str, PathProfile | str],
    path: Path,
) -> PathProfile:
    """Look up a profile, parsed at its first use; one that is bad is bad for every case of it."""
    if profile_id not in raw_profiles:
        near = difflib.get_close_matches(profile_id, raw_profiles, n=1)
        hint = f"; nearest there: {near[0]!r}" if near else ""
        msg = f"profile_id {profile_id!r} is not in {path}{hint}"
        raise RowError(msg)
    if profile_id not in parsed:
        try:
            parsed[profile_id] = _parse_profile(raw_profiles[profile_id])
        except ValueError as error:
            line = raw_profiles[profile_id].line[0]
            reason = _in_columns(str(error))
            parsed[profile_id] = f"profile {profile_id!r} (from {path}:{line}): {reason}"
    profile = parsed[profile_id]
    if isinstance(profile, str):
        raise RowError(profile)
    return profile


def _parse_profile(raw: RawProfile) -> PathProfile:
    from dtt_sim.coverage.paths import PathProfile

    columns = raw.row[0].keys()
    rows, lines = raw.row, raw.line
    if "i" in columns:
        place = _numbers("i", rows, lines)
        order = sorted(range(len(rows)), key=place.__getitem__)
        rows, lines = [rows[k] for k in order], [lines[k] for k in order]
    return PathProfile(
        _numbers("d_km", rows, lines),
        _numbers("h_m", rows, lines),
        _numbers("clutter_m", rows, lines) if "clutter_m" in columns else None,
        _numbers("zone", rows, lines) if "zone" in columns else None,
    )


def _numbers(column: str, rows: Sequence[Mapping[str, str]], lines: Iterable[int]) -> list[float]:
    try:
        return [float(row[column]) for row in rows]
    except ValueError:
        for row, line in zip(rows, lines, strict=True):
            try:
                float(row[column])
            except ValueError:
                msg = f"line {line}: {column} = {row[column]!r} is not a number"
                raise RowError(msg) from None
        raise


def _setting(row: Mapping[str, str]) -> PathSetting:
    from dtt_sim.coverage.paths import PathSetting

    sigma_db = _optional(row, "sigmaL_dB")
    return PathSetting(
        frequency_ghz=_required(row, "f_GHz"),
        p_time_percent=_required(row, "p_pct"),
        p_location_percent=_or_default(row, "pL_pct", 50.0),
        tx_height_agl_m=_required(row, "htg_m"),
        rx_height_agl_m=_required(row, "hrg_m"),
        tx_lat_deg=_required(row, "lat_t_deg"),
        tx_lon_deg=_required(row, "lon_t_deg"),
        rx_lat_deg=_required(row, "lat_r_deg"),
        rx_lon_deg=_required(row, "lon_r_deg"),
        delta_n=_required(row, "DN"),
        n0=_required(row, "N0"),
        polarisation=_polarisation(row),
        sigma_db=sigma_db,
        # The tables keep the square's side beside a sigma that was computed from it.
        w_a_m=_optional(row, "wa_m") if sigma_db is None else None,
        dct_km=_optional(row, "dct_km"),
        dcr_km=_optional(row, "dcr_km"),
        erp_kw=_or_default(row, "Ptx_kW", 1.0),
    )


def _required(row: Mapping[str, str], column: str) -> float:
    value = _optional(row, column)
    if value is None:
        msg = f"{column} is empty; give a number"
        raise RowError(msg)
    return value


def _optional(row: Mapping[str, str], column: str) -> float | None:
    """Give the number in a cell; None where the column or the cell is missing or empty."""
    text = row.get(column, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        msg = f"{column} = {text!r} is not a number"
        raise RowError(msg) from None


def _or_default(row: Mapping[str, str], column: str, default: float) -> float:
    value = _optional(row, column)
    return default if value is None else value


def _polarisation(row: Mapping[str, str]) -> Polarisation:
    code = _or_default(row, "pol", 1.0)
    if code == 1.0:
        return "horizontal"
    if code == 2.0:
        return "vertical"
    msg = f"pol = {code:g}; use 1 (horizontal) or 2 (vertical)"
    raise RowError(msg)


def _check_writable(out: Path, inputs: Sequence[Path]) -> None:
    """Refuse a result file that could not be written, before anything is computed."""
    if out.is_dir():
        msg = f"{out}: is a folder; name a file for the results"
        raise InputError(msg)
    if not out.parent.is_dir():
        msg = f"{out}: there is no folder {out.parent}; make it first"
        raise InputError(msg)
    if out.exists() and any(out.samefile(path) for path in inputs):
        msg = f"{out}: is an input; name another file for the results"
        raise InputError(msg)


def _write_atomically(out: Path, text: str) -> None:
    """Write beside `out` and rename, so that no half-written table is ever seen."""
    # A device or pipe is written as it is: renaming over it would replace it.
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    target = out if out.exists() and not out.is_file() else temporary
    try:
        target.write_text(text, encoding="utf-8", newline="")
        if target is temporary:
            temporary.replace(out)
    except OSError as error:
        msg = f"{out}: cannot be written ({error.strerror}); name another file"
        raise InputError(msg) from None
    finally:
        temporary.unlink(missing_ok=True)

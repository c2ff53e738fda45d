"""The page: one file with everything in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dtt_sim import __version__
from dtt_sim.report.html.blobs import Blobs
from dtt_sim.report.html.charts import charts_of
from dtt_sim.report.html.headline import Sentence, headline
from dtt_sim.report.html.layers import map_of
from dtt_sim.report.html.placement import thinning
from dtt_sim.report.html.source import Source, Table
from dtt_sim.report.html.tables import tables_of
from dtt_sim.report.html.versus import Versus, compare_sources
from dtt_sim.report.html.words import Words, as_number
from dtt_sim.report.language import Language
from dtt_sim.report.links import picture_of
from dtt_sim.workflow.output import whole_file

WEB: Final = Path(__file__).parents[1] / "web"
LIBRARIES: Final = ("leaflet.js", "d3.js", "plot.js")
SCRIPT_GROUPS: Final = ("report_script", "cause", "quality", "change", "report_table")


def write_html(
    folder: Path, out: Path, language: Language, *, compare: Path | None = None
) -> list[str]:
    """Write the report of a run; the names of what was missing.

    Parameters
    ----------
    folder : path
        Of a run; an interrupted one, or one of an older version, is told of as far as it goes.
    out : path
        HTML file.
    language : Language
    compare : path, optional
        Folder of a second run, to be held against the first.

    Raises
    ------
    DttSimError
        A folder without anything of a run, or a file that cannot be written.
    """
    source = Source.open(folder)
    other = Source.open(compare, _other_label(folder, compare)) if compare is not None else None
    page, missing = render(source, language, other)
    with whole_file(out) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
    return missing


def _other_label(folder: Path, other: Path) -> str:
    """Name of the second run: that of its folder, with that above it where both are called alike."""
    a, b = folder.resolve(), other.resolve()
    return b.name if a.name != b.name else f"{b.parent.name}/{b.name}"


def render(
    source: Source, language: Language, other: Source | None = None
) -> tuple[str, list[str]]:
    """The page, and the names of what was missing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words, blobs = Words(language, source), Blobs()
    versus = compare_sources(words, other) if other is not None else None
    data = page_data(words, other, versus, blobs)
    told = headline(words)
    tables = tables_of(words)
    scripts = [*((WEB / "lib" / name).read_text("utf-8") for name in LIBRARIES),
               (WEB / "report.js").read_text("utf-8")]  # fmt: skip
    scripts = [re.sub(r"//# sourceMappingURL=\S*\s*$", "", text) for text in scripts]
    # Pictures of controls that the map has not.
    styles = re.sub(r"url\(images/[^)]*\)", "none", (WEB / "lib/leaflet.css").read_text("utf-8"))
    env = Environment(
        loader=FileSystemLoader(WEB), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    missing = list(source.missing)
    if other is not None:
        missing += [f"{other.run.label}/{name}" for name in other.missing]
    page = env.get_template("report.html.j2").render(
        t=language, words=words, run=source.run, source=source, other=other, versus=versus,
        headline=told, tables=tables, data=safe_json(data), blobs=blobs.items, missing=missing,
        scripts=scripts, styles=[styles, (WEB / "report.css").read_text("utf-8")],
        policy=_policy(scripts), profiles=_profiles(source), notes=_notes(words, other), credits=_credits(source, other),
        libraries=_libraries(), version=__version__, n_draw=_draws(source), has_map=bool(data["runs"][0]["phases"]),
    )  # fmt: skip
    return page, missing


def _currency(source: Source) -> str:
    return str((source.run.manifest["scenario"].get("prices") or {}).get("currency", ""))


def _draws(source: Source) -> int:
    """Draws that the bands rest on; 0 where there are none."""
    found = {int(as_number(row["draws"]) or 0) for row in source.rows("headline") if row["low"]}
    return max(found, default=0)


def page_data(
    words: Words, other: Source | None, versus: Versus | None, blobs: Blobs
) -> dict[str, Any]:
    """What the page's script reads."""
    language = words.language
    runs = [map_of(words, blobs)]
    charts = [charts_of(words)]
    if other is not None:
        second = Words(language, other)
        runs.append(map_of(second, blobs))
        charts.append(charts_of(second))
    return {
        "lang": language.code,
        "decimal": language.messages["number.decimal"],
        "group": language.messages["number.group"],
        "text": {
            key: text
            for key, text in language.messages.items()
            if key.split(".")[0] in SCRIPT_GROUPS
        },
        "terms": _terms(language),
        "same_grid": versus is not None and versus.is_same_grid,
        "each": [] if versus is None else versus.each,
        "currency": _currency(words.source),
        "runs": runs,
        "charts": charts,
        "tables": [_lazy(words, t, blobs) for t in words.source.tables.values()],
    }


def _terms(language: Language) -> dict[str, dict[str, str]]:
    """Words for what cells of the run's tables hold, by column."""
    groups = {
        "status": ("status",), "cause": ("cause", "loss"), "quality": ("quality",),
        "confidence": ("confidence",), "criterion": ("report_criterion",),
        "measure": ("report_measure",), "item": ("report_cost",),
    }  # fmt: skip
    return {
        column: {
            key.removeprefix(f"{group}."): text
            for group in own
            for key, text in language.messages.items()
            if key.startswith(f"{group}.")
        }
        for column, own in groups.items()
    }


def _lazy(words: Words, table: Table, blobs: Blobs) -> dict[str, Any]:
    """A whole table of the run, unpacked when a reader opens it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.header, *table.rows])
    return {
        "name": table.name,
        "title": words.language.term("report_file", table.name),
        "labels": [words.language.term("report_column", column) for column in table.header],
        "n": len(table.rows),
        "blob": blobs.add_text(text.getvalue()),
    }


def safe_json(data: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element: it can end none, and opens no comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _profiles(source: Source) -> list[tuple[str, str]]:
    """Names of paths, and the pictures of their profiles that the run has."""
    found = []
    for row in source.rows("links"):
        path = picture_of(source.run.folder, row["name"])
        if path.is_file():
            picture = base64.b64encode(path.read_bytes()).decode()
            found.append((row["name"], f"data:image/png;base64,{picture}"))
    return found


def _policy(scripts: list[str]) -> str:
    """Content security policy: these scripts and no other, and nothing from anywhere."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _notes(words: Words, other: Source | None) -> list[Sentence]:
    """What is schematic, approximate or thinned in the report."""
    run = words.source.run
    told = []
    if run.is_schematic:
        told.append(Sentence("warning", words.language("schematic.warning")))
    people = run.manifest["scenario"].get("population") or {}
    if people.get("approximate"):
        told.append(Sentence("warning", words("note_people", vintage=run.vintage)))
    elif run.vintage:
        told.append(Sentence("plain", words("note_vintage", vintage=run.vintage)))
    keys = ["note_map", "note_click", "note_band", "note_quality"]
    if not words.source.is_whole or (other is not None and not other.is_whole):
        keys.insert(0, "note_salvaged")
    told += [Sentence("plain", words(key)) for key in keys]
    step = thinning(run.grid.shape)
    if step > 1:
        told.append(Sentence("plain", words("note_thinned", n=step)))
    notes = [*(run.manifest["terrain"].get("notes") or ())]
    notes += [*(run.manifest.get("population_notes") or ()), *(run.manifest.get("warnings") or ())]
    return told + [Sentence("plain", str(text)) for text in notes]


def _credits(source: Source, other: Source | None) -> list[str]:
    return list(dict.fromkeys([*source.run.credits, *(other.run.credits if other else ())]))


def _libraries() -> list[tuple[str, str]]:
    """Libraries in the page with their licences."""
    table = json.loads((WEB / "lib" / "libraries.json").read_text("utf-8"))
    return [
        (spec, (WEB / "lib" / name).read_text("utf-8").strip())
        for spec, files in table.items()
        for name in files
        if name.endswith(".LICENSE")
    ]

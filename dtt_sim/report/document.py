"""The annex of a plan as a Word document, in the order that Vietnamese provinces use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dtt_sim.errors import DttSimError
from dtt_sim.report.annex.back import (
    Compared,
    missing_text,
    write_assumptions,
    write_comparison_section,
    write_comparison_summary,
    write_credits,
    write_missing,
)  # fmt: skip
from dtt_sim.report.annex.facts import Facts
from dtt_sim.report.annex.front import (
    write_demand,
    write_head,
    write_legal,
    write_state,
    write_summary,
)  # fmt: skip
from dtt_sim.report.annex.material import Material, Missing
from dtt_sim.report.annex.money import (
    write_cost,
    write_effect,
    write_organisation,
    write_support,
)  # fmt: skip
from dtt_sim.report.annex.network import write_network, write_phases
from dtt_sim.report.annex.word import Writer
from dtt_sim.report.language import language
from dtt_sim.workflow.output import whole_file


def write_docx(
    run: Path | str, path: Path | str, code: str = "vi", *, compare: Path | str | None = None
) -> list[str]:
    """Write the annex of a run's plan.

    Parameters
    ----------
    run : path
        Folder of a run; one that was interrupted or is of an older version gives what it has.
    path : path
        DOCX file to write.
    code : str
        Language, by its code.
    compare : path, optional
        Folder of another run, held against this one in a section of its own.

    Returns
    -------
    list of str
        What is missing, for the one who asked.

    Raises
    ------
    DttSimError
        Nothing of a run is there, or no such language.
    """
    f = Facts(Material.open(run), language(code))
    w = Writer(f.text)
    w.document.core_properties.title = " ".join(f.text("document_head.title").split())[:255]
    with compared_runs(f.m, compare) as found:
        _write(w, f, found)
    with whole_file(Path(path)) as part:
        w.save(part)
    return missing_lines(f.m)


def _write(w: Writer, f: Facts, compared: Compared | None) -> None:
    """All sections, in the order that provinces use."""
    write_head(w, f)
    write_summary(w, f)
    if compared is not None:
        write_comparison_summary(w, f, compared)
    for kind in ("heading", "table", "figure"):
        w.contents(kind, f.text(f"document_contents.{kind}"))
    w.page_break()
    write_legal(w, f)
    write_state(w, f)
    write_demand(w, f)
    write_network(w, f)
    write_phases(w, f)
    write_support(w, f)
    write_cost(w, f)
    write_effect(w, f)
    if compared is not None:
        write_comparison_section(w, f, compared)
    write_organisation(w, f)
    write_assumptions(w, f)
    write_credits(w, f)
    write_missing(w, f)


def missing_lines(material: Material) -> list[str]:
    """What is missing, in English, for a terminal."""
    f = Facts(material, language("en"))
    found = [
        m for m in dict.fromkeys(material.missing) if m.reason not in {"none_asked", "no_plan"}
    ]
    return [missing_text(f, one) for one in found]


@contextmanager
def compared_runs(base: Material, other: Path | str | None) -> Iterator[Compared | None]:
    """A comparison in a folder that goes when the block ends; None where none is asked for.

    What cannot be compared gives the reason, and no comparison: the rest of a document stands.
    """
    if other is None:
        yield None
        return
    with TemporaryDirectory(prefix="dtt-sim-") as folder:
        yield _compare(base, Path(other), Path(folder))


def _compare(base: Material, other: Path, folder: Path) -> Compared:
    from dtt_sim.comparison.dataset import labelled
    from dtt_sim.comparison.folder import write_comparison
    from dtt_sim.report.comparison_maps import draw_changes
    from dtt_sim.workflow.finished import FinishedRun

    names = base.folder.resolve().name, other.resolve().name
    titles = base.title, names[1]
    try:
        runs = labelled([FinishedRun.open(base.folder), FinishedRun.open(other)])
        names, titles = (runs[0].label, runs[1].label), (runs[0].title, runs[1].title)
        found = write_comparison(runs, folder / "comparison", draw=draw_changes)
    except DttSimError as error:
        # A document goes to others: folders by their names alone.
        why = str(error)
        for path, name in sorted(zip((base.folder, other), names, strict=True), reverse=True):
            why = why.replace(str(path), name)
        base.missing.append(Missing(names[1], "not_compared", why))
        return Compared(folder, names, titles, trouble=why)
    return Compared(folder / "comparison", names, titles, found.against[0].runs.warnings)

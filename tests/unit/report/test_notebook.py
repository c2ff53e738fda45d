"""Runs in a notebook: what they show of themselves is text, and layers are figures."""

from __future__ import annotations

import inspect
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from run_folder import LONG, TITLE

import dtt_sim
from dtt_sim.errors import DttSimError
from dtt_sim.report import notebook
from dtt_sim.workflow import run as workflow
from dtt_sim.workflow.finished import FinishedRun


class _Page(HTMLParser):
    """Tags and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert not attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_run_shows_itself(folders: tuple[Path, Path]) -> None:
    run = dtt_sim.open_run(folders[0])
    assert isinstance(run, FinishedRun)
    page = _Page(run._repr_html_())
    assert page.tags <= {"div", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert TITLE in page.texts
    assert "aso" in page.texts
    assert "100.0 %" in page.texts
    assert "SCHEMATIC TERRAIN: the relief is made up" in page.texts
    assert max(map(len, page.texts)) < len(LONG)
    assert len(repr(run)) < 600


def test_a_layer_with_one_call(folders: tuple[Path, Path]) -> None:
    run = dtt_sim.open_run(folders[0])
    assert isinstance(run.plot("margin", service="K33", phase="aso", lang="vi", dpi=50), Figure)
    with pytest.raises(DttSimError, match="did you mean 'margin'"):
        run.plot("margn")


def test_a_run_that_was_cut_off(folders: tuple[Path, Path]) -> None:
    with pytest.warns(UserWarning, match="was not finished"):
        run = dtt_sim.open_run(folders[1])
    assert "aso" in run._repr_html_()


def test_running_is_the_same_but_for_what_is_shown() -> None:
    assert inspect.signature(dtt_sim.run).parameters == inspect.signature(workflow.run).parameters
    assert dtt_sim.run.__doc__ == workflow.run.__doc__
    assert issubclass(notebook.Run, workflow.Run)

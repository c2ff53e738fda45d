"""Languages: the same messages with the same names in each, numbers and dates as they are written."""

from __future__ import annotations

import datetime as dt
import string

import pytest

from dtt_sim.errors import DttSimError
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.report.language import Language, _messages, language, languages
from dtt_sim.transition.ledger import CAUSES as LOSSES
from dtt_sim.transition.ledger import STATUS


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", languages())
def test_every_language_says_everything(code: str) -> None:
    english, own = _messages("en"), _messages(code)
    assert set(own) == set(english)
    for key in english:
        assert own[key].strip(), key
        # A date may leave out the name of the month, or its number.
        if key != "date.day":
            assert names_in(own[key]) == names_in(english[key]), key


def test_every_name_of_the_program_has_a_word() -> None:
    vi = language("vi")
    for group, names in (("status", STATUS), ("loss", LOSSES), ("cause", CAUSES)):
        for name in names:
            assert vi.term(group, name) != name
    assert vi.term("loss", "something else") == "something else"


def test_numbers_and_dates() -> None:
    vi, en = language("vi"), language("en")
    assert vi.number(1723067) == "1.723.067"
    assert en.number(1723067) == "1,723,067"
    assert vi.percent(12.5) == "12,5 %"
    assert vi.number(-1234.5, 1) == "-1.234,5"
    assert en.number(-0.2) == "0"
    assert vi.date(dt.date(2017, 12, 31)) == "31/12/2017"
    assert vi.date(dt.date(2017, 2, 3)) == "03/02/2017"
    assert en.date(dt.date(2017, 12, 31)) == "31 December 2017"


def test_values_are_put_in_as_they_are() -> None:
    own = Language("xx", {"a.b": "{name}: {n}"})
    assert own("a.b", name="{n} <b>", n=3) == "{n} <b>: 3"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(DttSimError, match="no language 'fr'; choose from en, vi"):
        language("fr")

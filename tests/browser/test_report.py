"""The HTML report in a real browser: no error, no request, and everything that a reader can do."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from chromium import Page
from small_plan import PEOPLE, SCENARIO, TABLE, write_plan

from dtt_sim.report.html.page import write_html
from dtt_sim.report.language import language
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.run import run

DRAWN = {"served", "margin", "cause", "best", "people"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of a plan with a weak and with a strong station."""
    folder = tmp_path_factory.mktemp("runs")
    scenario = write_plan(folder)
    for name, erp_kw in (("weak", 0.02), ("strong", 20.0)):
        values = {"transmitters.d.erp_kw": erp_kw}
        run(load_scenario(scenario, set_values=values), folder / name, cache=folder / "cache")
    return folder


@pytest.fixture(scope="module")
def reports(runs: Path) -> Path:
    write_html(runs / "weak", runs / "en.html", language("en"))
    write_html(runs / "weak", runs / "both.html", language("vi"), compare=runs / "strong")
    return runs


def test_nothing_fails_and_nothing_is_fetched(driver: Any, reports: Path) -> None:
    for name in ("en.html", "both.html"):
        page = Page(driver, reports / name)
        for phase in ("before", "aso"):
            page.choose("c-phase", phase)
        page.shown()
        page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.until("return document.querySelectorAll('.lazy table').length > 5")
        assert page.logged() == []
        # Half a pixel of rounding is no scroll bar.
        for width in (390, 1400):
            driver.set_window_size(width, 1000)
            assert page.run("return document.documentElement.scrollWidth - innerWidth") <= 0
        driver.set_window_size(1400, 1000)


def test_layers_change_with_every_choice(driver: Any, reports: Path) -> None:
    page = Page(driver, reports / "en.html")
    values = page.run(
        "return [...document.querySelectorAll('#c-quantity option')].map(o => o.value)"
    )
    assert set(values) == DRAWN
    pictures = {}
    page.choose("c-phase", "stronger")
    page.choose("c-service", "K33")
    for quantity in values:
        page.choose("c-quantity", quantity)
        (pictures[quantity],) = page.shown()
        assert page.run("return document.querySelectorAll('#legend .swatch').length") >= 1
    assert len(set(pictures.values())) == len(values)
    page.choose("c-quantity", "served")
    page.choose("c-service", "PAL")
    assert page.shown() != [pictures["served"]]
    page.run(
        "const o = document.getElementById('c-opacity'); o.value = 40;"
        "o.dispatchEvent(new Event('input'))"
    )
    opacity = "return document.querySelector('.leaflet-left-pane img').style.opacity"
    assert page.run(opacity) == "0.4"


def test_a_click_explains_the_cell(driver: Any, reports: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    page = Page(driver, reports / "en.html")
    page.choose("c-phase", "stronger")
    page.run(
        "document.getElementById('c-units').click(); document.getElementById('map').scrollIntoView()"
    )
    source = FinishedRun.open(reports / "weak")
    margin = source.layer("stronger", "K33", "margin").values
    box = driver.find_element(By.ID, "map")
    for x, y in ((-60, -90), (80, 60), (150, -20)):
        ActionChains(driver).move_to_element_with_offset(box, x, y).click().perform()
        told = page.until("const b = document.getElementById('explanation'); const at = b.dataset.at;"
                          "delete b.dataset.at; return at && [at, b.querySelector('tbody tr').innerText]")  # fmt: skip
        lat, lon = (float(v) for v in told[0].split())
        row, col = (round(float(v)) for v in source.grid.fractional_index(lon, lat))
        assert told[1].startswith("K33")
        assert f"{margin[row, col]:.1f} dB".replace("-", "−") in told[1]
    # The same without a mouse: Enter on the map, and the button.
    page.run("document.getElementById('explain').click()")
    page.until("return document.getElementById('explanation').dataset.at")


def test_two_runs_side_by_side(driver: Any, reports: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    page = Page(driver, reports / "both.html")
    page.choose("c-phase", "stronger")
    left, right = page.shown()
    assert left != right
    clips = "return ['left', 'right'].map((p) => document.querySelector(`.leaflet-${p}-pane`).style.clipPath)"
    before = page.run(clips)
    driver.find_element(By.ID, "c-divider").send_keys(Keys.ARROW_RIGHT * 10)
    after = page.run(clips)
    assert before[0] != after[0]
    assert before[1] != after[1]
    page.choose("c-quantity", "change")
    assert len(page.shown()) == 1
    assert page.run("return document.getElementById('divider').hidden")
    assert "strong tốt hơn theo tiêu chí" in page.words()


def test_vietnamese_is_vietnamese(driver: Any, reports: Path) -> None:
    page = Page(driver, reports / "both.html")
    assert page.run("return document.documentElement.lang") == "vi"
    words = page.words()
    assert "Ai mất sóng và vì sao" in words
    assert "01/01/2017" in words
    assert "Who loses" not in words
    assert not re.search(r"report_\w+\.", words)


def test_it_prints_to_a4(driver: Any, reports: Path) -> None:
    Page(driver, reports / "both.html")
    told = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    data = base64.b64decode(told["data"])
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert len(boxes) > 2
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}


def test_tables_sort_and_copy_as_csv(driver: Any, reports: Path) -> None:
    page = Page(driver, reports / "en.html")
    values = "return [...document.querySelectorAll('#table-units-t tbody tr')].map((r) => Number(r.cells[1].dataset.v))"
    header = "document.querySelectorAll('#table-units-t thead button')[1].click()"
    page.run(header)
    assert page.run(values) == sorted(page.run(values))
    page.run(header)
    assert page.run(values) == sorted(page.run(values), reverse=True)
    page.run("document.getElementById('file-ledger').open = true")
    page.until("return document.querySelector('#file-ledger table')")
    page.run("document.querySelector('#file-ledger .copy').click()")
    copied = page.until("return document.body.dataset.copied")
    own = (reports / "weak" / "ledger.csv").read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(copied))) == list(csv.reader(io.StringIO(own)))
    page.run(
        "const f = document.querySelector('#file-ledger input'); f.value = 'aso loses';"
        "f.dispatchEvent(new Event('input'))"
    )
    rows = page.run(
        "return [...document.querySelectorAll('#file-ledger tbody tr')].map((r) => r.innerText)"
    )
    assert rows
    assert all("aso" in row and "loses" in row for row in rows)


def nasty(mark: str) -> str:
    """A name that would end an attribute, an element or a script, and that nobody expects."""
    return (
        f"{mark} \"'`--><script>window.hacked='{mark}'</script></script><img src=x "
        f"onerror=\"window.hacked='{mark}'\">&amp;{{{{7*7}}}}{{x}} Đặng Thị Ưu مرحبا \u202eabc\u202c"
    )


def injected(folder: Path) -> dict[str, str]:
    """Write the plan with such names in every text field; the names by field."""
    fields = (
        "title", "description", "ground-credit", "people-credit", "vintage", "multiplex", "analogue",
        "programme", "phase", "note", "key", "value", "reason", "source", "link", "alternative",
        "currency", "unit", "site",
    )  # fmt: skip
    names = {field: nasty(f"{field}-mark") for field in fields}
    names["reason"] += "x" * 10_000
    names["title"] += " Đ" * 5_000
    quoted = {field: json.dumps(name, ensure_ascii=False) for field, name in names.items()}
    text = SCENARIO
    for old, template in (
        ('name = "plan"', 'name = "plan"\ntitle = {title}\ndescription = {description}'),
        ('elevation = "dem.tif"', 'elevation = "dem.tif"\ncredits = [{ground-credit}]'),
        ('fft = "32K"', 'title = {multiplex}\nfft = "32K"'),
        ('["VTV1", "VTV2"]', '["VTV1", {programme}]'),
        ('[analogue.PAL]\n', '[analogue.PAL]\ntitle = {analogue}\n'),
        ('vintage = "before 2025"', 'vintage = {vintage}\ncredits = [{people-credit}]'),
        ('islands = ["West", "B"]\n', 'islands = [{unit}]\n'),
        ('[prices]\n', '[prices]\ncurrency = {currency}\n'),
        ('must_carry = ["VTV1"]', 'must_carry = [{programme}]'),
        ('id = "aso"\n', 'id = "aso"\ntitle = {phase}\nnote = {note}\n'),
    ):  # fmt: skip
        assert old in text, old
        new = template
        for field, name in quoted.items():
            new = new.replace(f"{{{field}}}", name)
        text = text.replace(old, new)
    text += f"""
[[assumption]]
key = {quoted["key"]}
value = {quoted["value"]}
confidence = "ASSUMED"
reason = {quoted["reason"]}
source = {quoted["source"]}
[[link]]
name = {quoted["link"]}
transmitter = "d"
lat_deg = 10.0
lon_deg = 104.5
[[alternative]]
override = "stronger"
title = {quoted["alternative"]}
[override.stronger]
transmitters.d.erp_kw = 50.0
"""
    (folder / "s.toml").write_text(text, encoding="utf-8")
    for name, table, old, field in (
        ("tx.csv", TABLE, "East", "site"), ("people.csv", PEOPLE, "West", "unit"),
    ):  # fmt: skip
        out = io.StringIO()
        csv.writer(out).writerows(
            [names[field] if cell == old else cell for cell in row]
            for row in csv.reader(io.StringIO(table))
        )
        (folder / name).write_text(out.getvalue(), encoding="utf-8")
    return names


def test_text_of_users_is_text(driver: Any, tmp_path: Path) -> None:
    write_plan(tmp_path)
    names = injected(tmp_path)
    label = "<img src=x onerror=hacked()>&'"
    for name in ("one", label):
        run(load_scenario(tmp_path / "s.toml"), tmp_path / name, cache=tmp_path / "cache")
    for code in ("en", "vi"):
        out = tmp_path / f"{code}.html"
        write_html(tmp_path / "one", out, language(code), compare=tmp_path / label)
        page = Page(driver, out)
        page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.until("return document.querySelectorAll('.lazy table').length >= 10")
        page.run("document.getElementById('explain').click()")
        page.until("return document.getElementById('explanation').dataset.at")
        for quantity in ("best", "change", "served"):
            page.choose("c-quantity", quantity)
        page.run("document.querySelectorAll('.leaflet-marker-icon.site').forEach((m) => m.click())")
        page.run(
            "document.querySelectorAll('path.leaflet-interactive').forEach((p) =>"
            " p.dispatchEvent(new MouseEvent('mouseover', { bubbles: true, clientX: 300, clientY: 300 })))"
        )
        words = page.words()
        lost = [field for field, name in names.items() if name not in words]
        assert not lost
        assert label in words
        assert page.run("return window.hacked ?? null") is None
        assert page.run("return document.querySelectorAll('img[src=\"x\"]').length") == 0
        assert page.logged() == []
        assert page.run("return document.documentElement.scrollWidth - innerWidth") <= 0

"""The picture of a plan: every station, every day, and nothing on top of something else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Annotation

from dtt_sim.report.gantt import ANALOGUE_COLOUR, DIGITAL_COLOUR, draw_plan, plan_figure, plan_rows
from dtt_sim.scenario.load import Scenario, load_scenario

SHIPPED = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
MULTIPLEX = """\
[multiplexes.{}]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
programmes = ["P1"]
"""
HEAD = """\
format = 1
name = "plan"
title = "Costs $5 and $6"
[terrain]
elevation = "dem.tif"
[grid]
crs = "EPSG:32648"
cell_size = 1000
west_deg = 104.0
south_deg = 9.0
east_deg = 106.0
north_deg = 11.0
[analogue.VTV1]
[others.lte]
system = "LTE"
bandwidth_mhz = 10
[stations]
file = "tx.csv"
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,frequency_mhz,on_air
d1,North,10.0,104.5,100,10,A,33,,true
l1,South,9.5,105.0,60,1,lte,,796,true
d2,South,9.5,105.0,100,2,B,34,,true
a1,North,10.0,104.5,100,10,VTV1,27,,true
never,East,10.5,105.5,100,10,A,33,,false
"""
PLAN = """\
[[phase]]
id = "one"
date = 2015-01-01
on = ["d1"]
[[phase]]
id = "two"
date = 2015-01-11
confidence = "VERIFIED"
on = ["d2"]
transmitters.d1.erp_kw = 20.0
[[phase]]
id = "three"
date = 2015-01-21
transmitters.d1.channel = "35"
transmitters.d1.height_agl_m = 150
transmitters.a1.erp_kw = 10.0
multiplexes.B.modulation = "256QAM"
multiplexes.B.programmes = ["P1", "P2"]
[[phase]]
id = "four"
date = 2015-02-01
off = ["d1"]
[[phase]]
id = "five"
date = 2015-02-11
on = ["d1"]
analogue_off = true
"""


@pytest.fixture
def made_up(tmp_path: Path) -> Scenario:
    (tmp_path / "dem.tif").write_bytes(b"x")
    (tmp_path / "tx.csv").write_text(TABLE, encoding="utf-8")
    text = HEAD + MULTIPLEX.format("A") + MULTIPLEX.format("B")
    (tmp_path / "s.toml").write_text(f"{text}{PLAN}", encoding="utf-8")
    return load_scenario(tmp_path / "s.toml")


def bars(figure: Figure) -> dict[str, list[tuple[float, float, str]]]:
    """First and last day and colour of the bars that are drawn, by station."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    for container in figure.axes[0].containers:
        for bar in container.patches:  # type: ignore[attr-defined]
            of_station = found.setdefault(str(container.get_label()), [])
            of_station.append(
                (bar.get_x(), bar.get_x() + bar.get_width(), to_hex(bar.get_facecolor()))
            )
    return found


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def titles(ax: Axes) -> list[Annotation]:
    """Of phases, which stand above the axis."""
    top = ax.get_window_extent().y1
    found = [t for t in ax.texts if isinstance(t, Annotation)]
    return [t for t in found if t.get_window_extent().y0 > top]


def lines(ax: Axes) -> dict[float, tuple[float, bool]]:
    """Days of phases with the top of their line [px] and whether it is dashed."""
    found = {}
    for line in ax.lines:
        x, y = line.get_xdata(), line.get_ydata()
        if len(x) == 2 and x[0] == x[1] and y[1] > 1.0:
            top = line.get_transform().transform((x[1], y[1]))[1]
            found[float(x[0])] = (top, line.get_linestyle() == "--")
    return found


def check_nothing_covers_a_title(figure: Figure) -> None:
    ax = figure.axes[0]
    boxes = [t.get_window_extent() for t in titles(ax)]
    whole = figure.bbox
    for k, box in enumerate(boxes):
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert not any(box.overlaps(other) for other in boxes[:k])
        for day, (top, _) in lines(ax).items():
            x = ax.transData.transform((day, 0.0))[0]
            assert not (box.x0 + 1.0 < x < box.x1 and top > box.y0)


def test_every_station_of_the_shipped_plan_is_drawn(tmp_path: Path) -> None:
    scenario = load_scenario(SHIPPED)
    figure = plan_figure(scenario)
    drawn = bars(figure)
    assert set(drawn) == set(scenario.station_ids)
    assert [text.split()[0] for text in labels(figure.axes[0])] == list(drawn)
    assert labels(figure.axes[0])[:4] == [
        "hon_me_k33  K33  10 kW", "hon_me_k34  K34  10 kW", "hon_me_vtv  K45  10 kW",
        "vtv1_hon_me  R10  20 kW",
    ]  # fmt: skip
    days = {p.phase.id: p.phase.date.toordinal() for p in scenario.phases if p.phase}
    (k51,) = drawn["vtv2_rach_gia"]
    assert k51 == (days["analogue_only"], days["band_700_vacated"], ANALOGUE_COLOUR)
    start, change, end = (drawn["hon_me_k33"][0][0], *(bar[1] for bar in drawn["hon_me_k33"]))
    assert (start, change) == (days["first_dvb_t2"], days["sdtv_line_up"])
    assert end > days["band_700_vacated"]
    assert {bar[2] for bar in drawn["hon_me_k33"]} == {DIGITAL_COLOUR}
    dashed = {day for day, (_, is_dashed) in lines(figure.axes[0]).items() if is_dashed}
    sure = {days["neighbour_switch_off"], days["sdtv_line_up"]}
    assert dashed == set(days.values()) - sure
    assert len(titles(figure.axes[0])) == 7
    check_nothing_covers_a_title(figure)
    draw_plan(scenario, tmp_path / "plan.png")
    height, width, _ = imread(tmp_path / "plan.png").shape
    assert (width, height) == (1950, round(150 * figure.get_size_inches()[1]))
    assert [path.name for path in tmp_path.iterdir()] == ["plan.png"]


def test_changes_are_marked(made_up: Scenario) -> None:
    rows = {row.station: row for row in plan_rows(made_up)}
    assert list(rows) == ["d1", "a1", "l1", "d2"]  # by site
    end = max(bar.end for row in rows.values() for bar in row.bars)

    def day(month: int, of_month: int) -> dt.date:
        return dt.date(2015, month, of_month)

    assert [(bar.start, bar.end, bar.change) for bar in rows["d1"].bars] == [
        (day(1, 1), day(1, 11), ""),
        (day(1, 11), day(1, 21), "20 kW"),
        (day(1, 21), day(2, 1), "K35, height"),
        (day(2, 11), end, ""),
    ]
    assert [bar.change for bar in rows["d2"].bars] == ["", "line-up, mode"]
    assert [bar.change for bar in rows["a1"].bars] == [""]
    assert [bar.kind for bar in rows["l1"].bars] == ["other"]
    figure = plan_figure(made_up)
    assert {name: len(found) for name, found in bars(figure).items()} == {
        "d1": 4, "a1": 1, "l1": 1, "d2": 2
    }  # fmt: skip
    written = {t.get_text() for t in figure.axes[0].texts}
    assert {"20 kW", "K35, height", "line-up, mode", "North", "South"} <= written
    assert "l1  796 MHz  1 kW" in labels(figure.axes[0])
    check_nothing_covers_a_title(figure)


def test_colours_stay_apart_in_grey() -> None:
    digital, analogue = (
        sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), to_rgb(colour), strict=True))
        for colour in (DIGITAL_COLOUR, ANALOGUE_COLOUR)
    )
    assert analogue - digital > 0.35


def test_one_phase(made_up: Scenario, tmp_path: Path) -> None:
    text = made_up.path.read_text(encoding="utf-8").split('[[phase]]\nid = "two"')[0]
    (made_up.path.parent / "one.toml").write_text(text, encoding="utf-8")
    scenario = load_scenario(made_up.path.parent / "one.toml")
    draw_plan(scenario, tmp_path / "plan.png")
    assert set(bars(plan_figure(scenario))) == {"d1", "a1", "l1", "d2"}

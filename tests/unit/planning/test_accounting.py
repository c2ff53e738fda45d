"""Interferers and drills: against evaluations done by hand."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from plain_network import SCENARIO, network

from dtt_sim.cli.main import main
from dtt_sim.network.multiplex import Group, Interferer, evaluate_multiplex
from dtt_sim.planning.accounting import NetworkProblem, account_interference, drill


def problem(seed: int = 5) -> NetworkProblem:
    """Two stations of a network, two that disturb on its channel and one beside it."""
    whole = network(seed, n_station=5)
    group = Group(
        (0, 1),
        whole.group.budget,
        (Interferer(2, whole.group.budget.cn_db), Interferer(3, 10.0), Interferer(4, -30.0)),
    )
    return NetworkProblem(**{
        **{f.name: getattr(whole, f.name) for f in dataclasses.fields(whole)}, "groups": (group,)
    })  # fmt: skip


def people(of: NetworkProblem, group: Group) -> float:
    layers = evaluate_multiplex(
        of.stations, [group], of.lonlat_deg, window=of.window, receiver=of.receiver
    )
    return float(layers.served_good[0] @ of.persons)


def test_total_and_unique_losses() -> None:
    of = problem()
    (group,) = of.groups
    account = account_interference(of)
    without = people(of, dataclasses.replace(group, others=()))
    with_all = people(of, group)
    assert account.without.persons == without
    assert account.with_all.persons == with_all
    assert without > with_all
    by_name = {x.station: x for x in account.losses}
    assert set(by_name) == {"S2", "S3", "S4"}
    for other in group.others:
        one = by_name[of.stations[other[0]].name]
        alone = people(of, dataclasses.replace(group, others=(other,)))
        silent = people(
            of, dataclasses.replace(group, others=tuple(o for o in group.others if o != other))
        )
        assert one.total_persons == without - alone
        assert one.unique_persons == silent - with_all
        assert one.protection_db == other[1]
    totals = [x.total_persons for x in account.losses]
    assert totals == sorted(totals, reverse=True)


def test_a_single_interferer_costs_all_of_it() -> None:
    of = problem()
    (group,) = of.groups
    of = dataclasses.replace(of, groups=(dataclasses.replace(group, others=group.others[:1]),))
    account = account_interference(of)
    (one,) = account.losses
    lost = account.without.persons - account.with_all.persons
    assert one.total_persons == one.unique_persons == pytest.approx(lost)
    assert one.total_km2 == account.without.area_km2 - account.with_all.area_km2


def test_drill_takes_one_station_at_a_time() -> None:
    of = problem()
    (group,) = of.groups
    found = drill(of, [300.0])
    assert [(d.station, d.late_us) for d in found] == [
        ("S0", None), ("S0", 300.0), ("S1", None), ("S1", 300.0)
    ]  # fmt: skip
    before = people(of, group)
    off = people(of, dataclasses.replace(group, members=(1,)))
    assert found[0].gained_persons - found[0].lost_persons == pytest.approx(off - before)
    late = dataclasses.replace(
        of, stations=(of.stations[0], dataclasses.replace(of.stations[1], delay_us=300.0),
                      *of.stations[2:])
    )  # fmt: skip
    assert found[3].gained_persons - found[3].lost_persons == pytest.approx(
        people(late, group) - before
    )
    assert drill(of, [0.0])[1].lost_persons == 0.0
    with pytest.raises(ValueError, match="give microseconds"):
        drill(of, [math.nan])


def test_the_last_station_leaves_nobody() -> None:
    of = problem()
    of = dataclasses.replace(of, groups=(Group((0,), of.groups[0].budget),))
    (only,) = drill(of)
    assert only.lost_persons == of.served().persons > 0.0
    assert only.gained_persons == 0.0


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coarse = tmp_path / "coarse.toml"
    coarse.write_text(
        f'extends = "{SCENARIO.as_posix()}"\ngrid.cell_size = 8000\n', encoding="utf-8"
    )
    cache = str(tmp_path / "cache")
    for command, file, columns in (
        ("interference", "interference.csv", "station,protection_ratio_db,total_loss_persons"),
        ("drill", "drill.csv", "station,failure,lost_persons"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main([command, str(coarse), "--multiplex", "K33", "--out", str(tmp_path), "--cache",
                  cache, "-q"])  # fmt: skip
        assert stopped.value.code == 0
        assert "hon_me_k3" in capsys.readouterr().out
        lines = (tmp_path / file).read_text(encoding="utf-8-sig").splitlines()
        assert lines[0].startswith(columns)
        assert len(lines) > 8
    with pytest.raises(SystemExit) as stopped:
        main(["drill", str(coarse), "--multiplex", "K35", "--out", str(tmp_path), "-q"])
    assert stopped.value.code == 2
    assert "choose from K33" in capsys.readouterr().err

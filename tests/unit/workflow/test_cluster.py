"""Path losses on a Dask cluster: the same bits, resumed after a kill, failures named."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_plan import write_plan

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow import tasks
from dtt_sim.workflow.cluster import Cluster, connect
from dtt_sim.workflow.run import run
from dtt_sim.workflow.tasks import TaskError

distributed = pytest.importorskip("distributed")
pytestmark = [
    # Dask leaves sockets and loops to the collector when its processes are killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SMALL_PART = 40  # receivers: several parts of a mast


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_plan(tmp_path_factory.mktemp("cluster")).parent
    run(load_scenario(folder / "s.toml"), folder / "alone", draws=0)
    return folder


def same_folders(a: Path, b: Path) -> None:
    """All products, byte for byte; what says how they came about left out."""
    names = sorted(
        p.relative_to(a) for p in a.rglob("*")
        if p.is_file() and p.suffix in {".csv", ".tif", ".nc", ".npz"}
    )  # fmt: skip
    assert len(names) > 30
    for name in names:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[distributed.Client]:
    with (
        distributed.LocalCluster(
            n_workers=request.param, threads_per_worker=1, processes=False, dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield client


@pytest.mark.parametrize(("client", "size"), [(2, 17), (4, 1000)], indirect=["client"])
def test_the_same_bits(
    folder: Path, tmp_path: Path, client: distributed.Client, size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(tasks, "PART_RECEIVERS", size)
    cluster = Cluster(client, tmp_path / "tasks.log")
    found = run(load_scenario(folder / "s.toml"), tmp_path / "out", draws=0, cluster=cluster)
    assert set(found.computed) == {"p", "d"}
    same_folders(folder / "alone", tmp_path / "out")
    lines = [json.loads(x) for x in (tmp_path / "tasks.log").read_text("utf-8").splitlines()]
    parts = [x for x in lines if "part" in x["task"]]
    assert len(parts) >= (2 if size == 1000 else 8)
    assert sum("put together" in x["task"] for x in lines) == 2
    assert all(x["state"] == "computed" and x["seconds"] >= 0.0 for x in lines)
    assert not list((tmp_path / "out" / "cache" / "parts").iterdir())
    # Once more: everything is kept.
    again = run(load_scenario(folder / "s.toml"), tmp_path / "out", draws=0, cluster=cluster)
    assert again.computed == ()


@pytest.mark.parametrize("client", [2], indirect=True)
def test_a_failure_names_transmitter_and_part(
    folder: Path, tmp_path: Path, client: distributed.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PART_RECEIVERS", SMALL_PART)
    solve = tasks.solve_part

    def broken(source: object, request: tasks.PartRequest, number: int, count: int) -> object:
        if number == 1 and request.mast.lon_deg == 104.7:
            msg = "made to fail"
            raise ValueError(msg)
        return solve(source, request, number, count)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "solve_part", broken)
    cluster = Cluster(client, tmp_path / "tasks.log")
    with pytest.raises(TaskError, match=r"d, part 2 of \d+: made to fail"):
        run(load_scenario(folder / "s.toml"), tmp_path / "out", draws=0, cluster=cluster)
    # All else is finished and kept; the other mast needs nothing more.
    monkeypatch.setattr(tasks, "solve_part", solve)
    found = run(load_scenario(folder / "s.toml"), tmp_path / "out", draws=0, cluster=cluster)
    assert found.computed == ("d",)
    states = [json.loads(x) for x in (tmp_path / "tasks.log").read_text("utf-8").splitlines()]
    assert any(x["state"] == "failed" and "d, part 2" in x["task"] for x in states)
    assert any(x["state"] == "kept" for x in states)
    same_folders(folder / "alone", tmp_path / "out")


def test_damaged_parts_are_computed_again(folder: Path, tmp_path: Path) -> None:
    from dtt_sim.coverage.cache import LossCache
    from dtt_sim.coverage.parts import PartRequest
    from dtt_sim.coverage.request import Emission, Mast
    from dtt_sim.workflow.area import prediction_of, read_area

    scenario = load_scenario(folder / "s.toml")
    area = read_area(scenario)
    station = scenario.transmitters[0]
    request = PartRequest(
        Mast.of(station), (Emission(station.frequency_mhz),), area.grid, prediction_of(scenario)
    )
    task = tasks.MastTask.of(
        area.ground, tasks.TerrainOf.of(scenario, area.ground), request, ["d"],
        LossCache(tmp_path), 3,
    )  # fmt: skip
    records = [tasks.solve_task(task, k) for k in range(3)]
    assert [r.state for r in records] == ["computed"] * 3
    assert tasks.solve_task(task, 1).state == "kept"
    whole = task.part_file(1).read_bytes()
    task.part_file(1).write_bytes(whole[: len(whole) // 2])
    middle = bytearray(task.part_file(2).read_bytes())
    middle[len(middle) // 2] ^= 0xFF
    task.part_file(2).write_bytes(bytes(middle))
    tasks.join_task(task, records)
    kept = folder / "alone" / "cache" / f"{task.keys[0]}.npz"
    assert (tmp_path / f"{task.keys[0]}.npz").read_bytes() == kept.read_bytes()
    other = tasks.TerrainOf(str(folder / "s.toml"), "", "{}", "another")
    with pytest.raises(TaskError, match="reads other terrain than the run"):
        tasks._ground(other)


PROGRAM = """
import sys
from dtt_sim.workflow import tasks
tasks.PART_RECEIVERS = 25
from dtt_sim.cli.main import main
main(["run", sys.argv[1], "--out", sys.argv[2], "--draws", "0", "-q", "--scheduler", "local",
      "--workers", "2"])
"""


def test_killed_and_started_again(folder: Path, tmp_path: Path) -> None:
    """SIGKILL to the whole program, or to a worker, at random moments; the end is the same."""
    rng = random.Random(int(os.environ.get("DTT_SIM_KILL_SEED", "1")))
    out = tmp_path / "out"
    kills = int(os.environ.get("DTT_SIM_KILLS", "2"))
    command = [sys.executable, "-c", f"if __name__ == '__main__':\n exec({PROGRAM!r})",
               str(folder / "s.toml"), str(out)]  # fmt: skip
    for _ in range(kills):
        program = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(rng.uniform(3.0, 9.0))
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        assert not (out / "manifest.json").exists() or program.returncode == 0
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=240)
    for kept in (out / "cache").glob("*.npz"):
        with np.load(kept, allow_pickle=False) as entry:
            assert entry["loss_db"].ndim == 4
    for name in sorted(p.relative_to(out) for p in out.rglob("*.csv")):
        assert (out / name).read_bytes() == (folder / "alone" / name).read_bytes(), name


def test_what_would_be_computed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for cache, expected in ((tmp_path / "none", "2 masts in 2 tasks"),
                            (folder / "alone" / "cache", "0 masts in 0 tasks")):  # fmt: skip
        with pytest.raises(SystemExit) as stop:
            main(["run", str(folder / "s.toml"), "--out", str(tmp_path / "o"), "--plan",
                  "--cache", str(cache)])  # fmt: skip
        assert not stop.value.code
        assert expected in capsys.readouterr().out
    assert not (tmp_path / "o").exists()


def test_no_scheduler_answers() -> None:
    with (
        pytest.raises(DttSimError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        connect("tcp://127.0.0.1:9"),
    ):
        pass

"""What is compiled beforehand is what a run calls."""

from __future__ import annotations

from pathlib import Path

from dtt_sim.coverage import binning, cpu
from dtt_sim.coverage.wedge.solve import solve_wedges
from dtt_sim.network import multiplex
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow import warm_up
from dtt_sim.workflow.run import run
from terrain import profile, resample, sector

SCENARIO = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"


def test_no_kernel_is_compiled_a_second_time(tmp_path: Path) -> None:
    """For arguments of another type."""
    drivers = (
        solve_wedges, cpu.solve_paths, binning._count, binning._pack, sector._warp_block,
        resample._fill_rows, profile._draw, multiplex._evaluate_cells,
    )  # fmt: skip
    run(load_scenario(SCENARIO, set_values={"grid.cell_size": 2_000}), tmp_path)
    compiled = [driver.signatures for driver in drivers]
    assert all(compiled), [
        d for d, signatures in zip(drivers, compiled, strict=True) if not signatures
    ]
    warm_up.compile_search()
    warm_up.compile_rest()
    assert [driver.signatures for driver in drivers] == compiled

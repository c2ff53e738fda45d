"""All measurements of a setting, one process after the other, as one object for JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.bench import child
from dtt_sim.workflow.bench.setting import CASES, START, BenchSetting

FORMAT: Final = 1

_AVX2 = "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+lzcnt,+movbe,+f16c"
LEVELS: Final = {
    "AVX2": ("avx512f", "haswell", _AVX2),
    "SSE2": ("avx", "x86-64", "+sse2"),
}
"""Levels of an x86 processor below its own: the feature that makes the host more than that, and
numba's name and features for it."""

Tell = Callable[[str], None]


def run_bench(
    setting: BenchSetting,
    *,
    cases: Sequence[str] = (),
    levels: bool = False,
    threads: int | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Measure a setting on this machine.

    Parameters
    ----------
    setting : BenchSetting
    cases : sequence of str
        Names of :data:`CASES`, and ``"start"``; all by default.
    levels : bool
        Also the first case as processors without the newest vectors would run it.
    threads : int, optional
        All cores by default.
    tell : callable, optional
        Told what is going on.

    Returns
    -------
    dict
        Plain values: `machine`, `setting`, `cases`, `growth`, `start`, `levels`.

    Raises
    ------
    DttSimError
        A case that there is none, or a terrain that cannot be used.
    """
    tell = tell or (lambda _text: None)
    possible = (*setting.case_names(), START)
    wrong = [name for name in cases if name not in possible]
    if wrong:
        msg = f"no case {wrong[0]!r} with this terrain; choose from {', '.join(possible)}"
        raise DttSimError(msg)
    environment = {} if threads is None else {"NUMBA_NUM_THREADS": str(threads)}
    chosen = [name for name in possible if not cases or name in cases]
    if setting.elevation:  # what cannot be opened is said before half a minute of compiling
        child.ask({"do": "terrain", "elevation": list(setting.elevation)})
    found: dict[str, Any] = {
        "format": FORMAT,
        "machine": child.ask({"do": "machine"}, environment),
        "setting": setting.as_dict(),
        "cases": {},
    }
    _compile(environment, tell)
    for name in chosen:
        if name == START:
            tell("start: compiles everything anew, then starts again from kept code")
            found["start"] = child.measure_start()
            continue
        tell(f"{name}: {CASES[name].title}")
        found["cases"][name] = child.ask(_request(setting, name), environment)
    found["growth"] = growth(found["cases"])
    if levels:
        found["levels"] = _levels(setting, found, environment, tell)
    return found


def _compile(environment: dict[str, str], tell: Tell) -> None:
    """Keep compiled code: neither its time nor the compiler's memory belongs to a case."""
    tell("compiling, where this version is not yet compiled for this processor (half a minute)")
    child.ask({"do": "start"}, environment)


def _request(setting: BenchSetting, name: str, *, with_references: bool = True) -> dict[str, Any]:
    return {
        "do": "case",
        "case": name,
        "setting": setting.as_dict(),
        "with_references": with_references,
    }


def growth(cases: dict[str, Any]) -> dict[str, float] | None:
    """How much dearer a pixel is at the whole radius than at the short one [ratio]."""
    if not {"grid_node", "short_radius"} <= set(cases):
        return None
    far, near = cases["grid_node"], cases["short_radius"]
    return {
        "from_radius_km": near["radius_km"],
        "to_radius_km": far["radius_km"],
        "total": far["us_per_pixel_core"] / near["us_per_pixel_core"],
        "search": far["search_us_per_pixel_core"] / near["search_us_per_pixel_core"],
    }


def _levels(
    setting: BenchSetting, found: dict[str, Any], environment: dict[str, str], tell: Tell
) -> list[dict[str, Any]]:
    """The first case on lower levels of the processor, the host's own beside them."""
    own = found["cases"].get("grid_node")
    if own is None:
        tell("processor levels: this processor's own")
        own = child.ask(_request(setting, "grid_node"), environment)
    rows = [_level(found["machine"]["processor"]["vectors"], found["machine"]["processor"], own)]
    features = set(found["machine"]["features"])
    for name, (above, cpu, flags) in LEVELS.items():
        if above not in features:
            continue
        tell(f"processor level {name}")
        level = environment | {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": flags}
        _compile(level, tell)
        processor = child.ask({"do": "machine"}, level)["processor"]
        rows.append(_level(name, processor, child.ask(_request(setting, "grid_node"), level)))
    return rows


def _level(name: str, processor: dict[str, str], case: dict[str, Any]) -> dict[str, Any]:
    return {
        "level": name,
        "processor": processor,
        "total_s": case["total_s"],
        "pixels_per_s": case["pixels_per_s"],
        "us_per_pixel_core": case["us_per_pixel_core"],
        "search_us_per_pixel_core": case["search_us_per_pixel_core"],
        "reference_us_per_core": case["reference"]["all_threads_us_per_core"],
        "max_db": case["exact"]["max_db"],
    }

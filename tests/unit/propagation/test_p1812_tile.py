"""Tiles of receivers against the scalar reference, on the same profiles."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dtt_sim._jit import driver
from dtt_sim.propagation.geometry import (
    EARTH_RADIUS_KM,
    SEA,
    _construct_nu,
    _largest_nu,
    _signed_root,
    analyse,
    path_zones,
    smooth_earth_fit,
    steepest_slopes,
    terrain_roughness_m,
)
from dtt_sim.propagation.p1812 import Geometry, Path, loss_parts
from dtt_sim.propagation.p1812_tile import geometry as tile_geometry
from dtt_sim.propagation.p1812_tile import losses as tile_losses
from dtt_sim.propagation.p1812_tile import rows as pt

F64 = NDArray[np.float64]
RNG_SEED = 20240917
PERCENTAGES = np.array([1.0, 3.0, 10.0, 30.0, 49.9, 50.0])


class Tile(NamedTuple):
    """A finished tile and the geometry that the scalar analysis finds for each lane."""

    rows: F64  # (N_ROW, STRIDE), a view of `flat`
    flat: F64
    geometry: list[Geometry]
    site: tuple[float, float, float]  # ground at the transmitter, antenna heights


def profile(rng: np.random.Generator, kind: str) -> tuple[F64, F64, F64, NDArray[np.uint8], float]:
    """Distances, heights, clutter, zones and step of a random path with a last step of its own."""
    n = int(rng.integers(4, 90))
    step = float(10 ** rng.uniform(-1.5, 0.5))
    d = np.arange(n + 1) * step
    d[n] = d[n - 1] + step * rng.uniform(0.5, 1.5)
    h = np.cumsum(rng.normal(0.0, 10 ** rng.uniform(-1, 1.8), n + 1))
    zone = rng.choice(np.array([3, 4], np.uint8), n + 1)
    if kind == "flat":
        h[:] = rng.uniform(-5.0, 400.0)
    elif kind == "coast":
        h = np.maximum(h - rng.uniform(0.0, 100.0), 0.0)
        zone[h == 0.0] = SEA
        first, last = np.sort(rng.integers(0, n + 1, 2))
        zone[first:last] = SEA
    elif kind == "sea":
        h[:] = 0.0
        zone[:] = SEA
    clutter = np.where(rng.random(n + 1) < 0.3, rng.uniform(0.0, 25.0, n + 1), 0.0)
    return d, h, clutter * (kind != "flat"), zone, step


def fill_lane(
    rows: F64,
    lane: int,
    d: F64,
    h: F64,
    clutter: F64,
    zone: NDArray[np.uint8],
    step_km: float,
    path: Path,
) -> Geometry:
    """Input rows as the search over the profile gives them, by the scalar kernels."""
    n = d.size - 1
    length = d[n]
    hts = h[0] + path.htg_m
    hrs = h[n] + path.hrg_m
    ae = EARTH_RADIUS_KM * 157.0 / (157.0 - path.delta_n)
    slopes = steepest_slopes(d, h, clutter, n, hts, hrs, ae, pt.AB_KM)
    is_trans_horizon = slopes.tx > (hrs - hts) / length - 500.0 * length / ae
    i_t, i_r = slopes.i_tx, slopes.i_rx
    if not is_trans_horizon:
        _, i_t = _largest_nu(d, h, clutter, n, hts, hrs, ae, 0.0)
        i_r = i_t
    hst_n, hsr_n = smooth_earth_fit(d, h, n)
    hst, hsr = min(hst_n, h[0]), min(hsr_n, h[n])
    zones = path_zones(d, zone, n)
    geometry = analyse(d, h, clutter, zone, n, path)
    values = {
        pt.D_KM: length,
        pt.STEP_KM: step_km,
        pt.N_COL: n,
        pt.H_R: h[n],
        pt.AE_KM: ae,
        pt.LAT_DEG: path.lat_deg,
        pt.N0: path.n0,
        pt.TRANS_HORIZON: is_trans_horizon,
        pt.TX_SLOPE: slopes.tx,
        pt.RX_SLOPE: slopes.rx,
        pt.DLT_KM: d[i_t],
        pt.DLR_KM: length - d[i_r],
        pt.HOBS_M: slopes.obstruction_m,
        pt.ALPHA_T: slopes.alpha_t,
        pt.ALPHA_R: slopes.alpha_r,
        pt.HST_N: hst_n,
        pt.HSR_N: hsr_n,
        pt.HM_M: max(10.0, terrain_roughness_m(d, h, i_t, i_r, hst, (hsr - hst) / length)),
        pt.OMEGA: zones.omega,
        pt.DTM_KM: zones.dtm_km,
        pt.DLM_KM: zones.dlm_km,
        pt.DCT_KM: geometry.dct_km,
        pt.DCR_KM: geometry.dcr_km,
    }
    for first, radius, stim, srim in (
        (pt.COVER_TH_E, ae, slopes.stim_e, slopes.srim_e),
        (pt.COVER_TH_B, pt.AB_KM, slopes.stim_b, slopes.srim_b),
    ):
        nu, _ = _largest_nu(d, h, clutter, n, hts, hrs, radius, 1.0)
        values |= {
            first: stim >= (hrs - hts) / length,
            first + 1: stim,
            first + 2: srim,
            first + 3: nu,
        }
    for row, value in values.items():
        rows[row, lane] = value
    return geometry


def random_tile(seed: int, htg_m: float, hrg_m: float, h_t: float) -> Tile:
    """All lanes filled and finished; the transmitter's ground is at `h_t` on every path."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((pt.N_ROW, pt.STRIDE))
    geometry = []
    for lane in range(pt.LANES):
        kind = ("fractal", "coast", "flat", "sea")[(lane // 8) % 4]
        d, h, clutter, zone, step = profile(rng, kind)
        if kind in {"fractal", "coast"}:
            h += h_t - h[0]  # the sea then lies below the datum, which changes nothing
        elif rng.random() < 0.7:
            h[:] = h_t
        h[0] = h_t
        dct, dcr = rng.uniform(-4.0, 8.0, 2)  # below zero: from the zones
        path = Path(
            htg_m, hrg_m, rng.uniform(-80.0, 80.0), rng.uniform(30.0, 60.0),
            rng.uniform(300.0, 390.0), dct, dcr,
        )  # fmt: skip
        geometry.append(fill_lane(rows, lane, d, h, clutter, zone, step, path))
    flat = rows.reshape(-1)
    tile_geometry.finish_tile(flat, pt.LANES, h_t, htg_m, hrg_m)
    return Tile(rows, flat, geometry, (h_t, htg_m, hrg_m))


HEIGHTS = [(50.0, 10.0, 120.0), (5.0, 1.5, 3.0), (1000.0, 20.0, 0.0), (20.0, 20.0, 700.0)]


@pytest.fixture(scope="module", params=range(len(HEIGHTS)))
def tile(request: pytest.FixtureRequest) -> Tile:
    return random_tile(RNG_SEED + request.param, *HEIGHTS[request.param])


def losses(tile: Tile, f_ghz: float, polarisation: int, m: int = pt.LANES) -> F64:
    """(n_p, 2, m) Lbc and Lb0p."""
    out = np.full(2 * PERCENTAGES.size * pt.STRIDE, np.nan)
    tile_losses.tile_losses(tile.flat, m, f_ghz, polarisation, PERCENTAGES, out)
    return out.reshape(PERCENTAGES.size, 2, pt.STRIDE)[:, :, :m]


def test_finish_equals_the_analysis(tile: Tile) -> None:
    rows, geometry = tile.rows[:, : pt.LANES], tile.geometry
    named = {
        pt.NU_E: "nu_e",
        pt.NU_B: "nu_b",
        pt.NU_SMOOTH_E: "nu_smooth_e",
        pt.NU_SMOOTH_B: "nu_smooth_b",
        pt.THETA_T: "theta_t_mrad",
        pt.THETA_R: "theta_r_mrad",
        pt.THETA: "theta_mrad",
        pt.HSTD: "hstd_m",
        pt.HSRD: "hsrd_m",
        pt.HTE: "hte_m",
        pt.HRE: "hre_m",
    }
    for row, name in named.items():
        expected = np.array([getattr(g, name) for g in geometry])
        np.testing.assert_allclose(rows[row], expected, rtol=2e-11, atol=2e-11, err_msg=name)
    for row, name in ((pt.LN_BETA0, "beta0"), (pt.LN_BETA, "beta_percent")):
        expected = np.log([getattr(g, name) for g in geometry])
        np.testing.assert_allclose(rows[row], expected, rtol=0, atol=1e-11, err_msg=name)


def scalar_losses(geometry: list[Geometry], f_ghz: float, polarisation: int) -> F64:
    """(n_p, 2, lanes) as :func:`losses`, by the scalar closed form."""
    parts = [[loss_parts(g, f_ghz, p, polarisation) for g in geometry] for p in PERCENTAGES]
    return np.array([[[q.lbc_db for q in row], [q.lb0p_db for q in row]] for row in parts])


@pytest.mark.parametrize("f_ghz", [0.03, 0.1, 0.47, 0.7, 2.0, 6.0])
@pytest.mark.parametrize("polarisation", [1, 2])
def test_losses_equal_the_scalar_closed_form(tile: Tile, f_ghz: float, polarisation: int) -> None:
    rows = tile.rows
    same = [
        g._replace(
            nu_e=rows[pt.NU_E, lane],
            nu_b=rows[pt.NU_B, lane],
            nu_smooth_e=rows[pt.NU_SMOOTH_E, lane],
            nu_smooth_b=rows[pt.NU_SMOOTH_B, lane],
            theta_t_mrad=rows[pt.THETA_T, lane],
            theta_r_mrad=rows[pt.THETA_R, lane],
            theta_mrad=rows[pt.THETA, lane],
            hstd_m=rows[pt.HSTD, lane],
            hsrd_m=rows[pt.HSRD, lane],
            hte_m=rows[pt.HTE, lane],
            hre_m=rows[pt.HRE, lane],
        )
        for lane, g in enumerate(tile.geometry)
    ]
    got = losses(tile, f_ghz, polarisation)
    np.testing.assert_allclose(got, scalar_losses(same, f_ghz, polarisation), rtol=0, atol=1e-11)


def test_losses_equal_the_scalar_path_end_to_end(tile: Tile) -> None:
    expected = scalar_losses(tile.geometry, 0.6, 1)
    np.testing.assert_allclose(losses(tile, 0.6, 1), expected, rtol=0, atol=1e-10)


def test_tiles_reach_every_branch() -> None:
    every = [random_tile(RNG_SEED + i, *heights) for i, heights in enumerate(HEIGHTS)]
    rows = np.concatenate([t.rows[:, : pt.LANES] for t in every], axis=1)

    def both(condition: NDArray[np.bool_]) -> bool:
        return bool(condition.any() and not condition.all())

    assert both(rows[pt.TRANS_HORIZON] > 0.0)
    assert both(rows[pt.COVER_TH_E] > 0.0)
    assert both(rows[pt.COVER_TH_B] > rows[pt.TRANS_HORIZON])
    assert both(rows[pt.HOBS_M] > 0.0)
    assert both(rows[pt.NU_SMOOTH_E] > 0.0)
    assert both(rows[pt.HSE_E] > 0.0)
    assert both(np.abs(rows[pt.LAT_DEG]) > 70.0)
    assert both(rows[pt.SHIELD_T] > 0.0)
    for dc, dl in ((pt.DCT_KM, pt.DLT_KM), (pt.DCR_KM, pt.DLR_KM)):
        assert both((rows[pt.OMEGA] >= 0.75) & (rows[dc] <= 5.0) & (rows[dc] <= rows[dl]))
    for p_time in PERCENTAGES[:2]:
        assert both(np.exp(rows[pt.LN_BETA0]) < p_time)


def test_lanes_are_independent(tile: Tile) -> None:
    """A lane gives the same bits at another place, beside others, and in a short tile."""
    order = np.random.default_rng(3).permutation(pt.LANES)
    moved = np.zeros_like(tile.rows)
    moved[: pt.N_INPUT, : pt.LANES] = tile.rows[: pt.N_INPUT, order]
    whole = losses(tile, 0.6, 2)
    for m in (pt.GROUP, 48, pt.LANES):
        flat = moved.copy().reshape(-1)
        tile_geometry.finish_tile(flat, m, *tile.site)
        part = losses(tile._replace(flat=flat), 0.6, 2, m)
        np.testing.assert_array_equal(part, whole[:, :, order[:m]])


def test_a_path_at_sea_does_not_change_its_neighbours(tile: Tile) -> None:
    results, spheres = [], []
    for omega in (0.0, 0.9):
        rows = tile.rows.copy()
        rows[pt.OMEGA] = 0.0
        rows[pt.OMEGA, 7] = omega
        flat = rows.reshape(-1)
        tile_geometry.finish_tile(flat, pt.LANES, *tile.site)
        results.append(losses(tile._replace(flat=flat), 0.2, 2))
        spheres.append(rows[pt.SPHERE_E, 7])
    land, sea = results
    others = np.arange(pt.LANES) != 7
    np.testing.assert_array_equal(land[:, :, others], sea[:, :, others])
    assert spheres[0] != spheres[1]


def test_percentages_are_independent(tile: Tile) -> None:
    together = losses(tile, 0.6, 1)
    out = np.empty(2 * pt.STRIDE)
    for j, p_time in enumerate(PERCENTAGES):
        tile_losses.tile_losses(tile.flat, pt.LANES, 0.6, 1, np.array([p_time]), out)
        np.testing.assert_array_equal(out.reshape(2, -1)[:, : pt.LANES], together[j])


@driver
def every_sample_nu(
    d_km: float, step_km: float, n: int, h_t: float, h_r: float, radius_km: float
) -> float:
    """The smooth path's ν √λ over all samples, each visited."""
    c = 500.0 / radius_km
    stim = srim = best = -np.inf
    for i in range(1, n):
        a = i * step_km
        b = d_km - a
        stim = max(stim, c * b - h_t / a)
        srim = max(srim, c * a - h_r / b)
        clearance = c * a * b - (h_t * b + h_r * a) / d_km
        best = max(best, clearance * abs(clearance) / (a * b))
    if stim >= (h_r - h_t) / d_km:
        return _construct_nu(h_t, h_r, d_km, stim, srim)  # type: ignore[no-any-return,unused-ignore]
    return _signed_root(best) * math.sqrt(0.002 * d_km)


def smooth_nu(cases: list[tuple[int, float, float, float, float, float]]) -> F64:
    """NU_SMOOTH_E of (n, step, last step / step, h't, h'r, radius)."""
    n, step, last, h_t, h_r, radius = np.array(cases).T
    d = (n - 1.0 + last) * step
    found = np.empty(n.size)
    for lane in range(0, n.size, pt.GROUP):
        part = np.ones((pt.N_ROW, pt.STRIDE))
        for row, value in (
            (pt.D_KM, d), (pt.STEP_KM, step), (pt.N_COL, n),
            (pt.HEIGHT_T, h_t), (pt.HEIGHT_R, h_r), (pt.ROOT_T, np.sqrt(h_t)),
            (pt.ROOT_R, np.sqrt(h_r)), (pt.RADIUS_E, radius), (pt.CURVATURE_E, 500.0 / radius),
            (pt.ROOT_A_E, np.sqrt(0.002 * radius)), (pt.PER_D, 1.0 / d), (pt.PER_STEP, 1.0 / step),
            (pt.AEM_KM, 500.0 * (d / (np.sqrt(h_t) + np.sqrt(h_r))) ** 2),
        ):  # fmt: skip
            chunk = value[lane : lane + pt.GROUP]
            part[row, : chunk.size] = chunk
        tile_geometry._smooth_earth(part.reshape(-1), pt.GROUP, 0)
        size = min(pt.GROUP, n.size - lane)
        found[lane : lane + size] = part[pt.NU_SMOOTH_E, :size]
    return found


def assert_smooth_nu(cases: list[tuple[int, float, float, float, float, float]]) -> None:
    expected = [
        every_sample_nu((n - 1.0 + last) * step, step, n, h_t, h_r, radius)
        for n, step, last, h_t, h_r, radius in cases
    ]
    np.testing.assert_allclose(smooth_nu(cases), expected, rtol=1e-11, atol=1e-11)


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


@given(
    n=st.integers(4, 3000),
    step=log_uniform(0.01, 1.0),
    last=st.floats(0.5, 1.5),
    h_t=log_uniform(0.5, 5000.0),
    h_r=log_uniform(0.5, 5000.0),
    radius=st.sampled_from([7000.0, 8500.0, 12000.0, pt.AB_KM]),
)
@example(4, 0.03, 0.5, 1000.0, 1.5, 8500.0)
@example(2000, 0.06, 1.5, 3500.0, 0.5, 8500.0)  # m near 1/2, c near 1: nearly a double root
@example(2000, 0.06, 0.5, 0.5, 3500.0, 8500.0)
@example(500, 0.2, 1.0, 200.0, 200.0, 8500.0)  # c = 0
@example(3000, 0.03, 1.0, 100.0, 10.0, 8500.0)
@settings(deadline=None, max_examples=300)
def test_smooth_nu_equals_the_full_loop(
    n: int, step: float, last: float, h_t: float, h_r: float, radius: float
) -> None:
    assert_smooth_nu([(n, step, last, h_t, h_r, radius)])


def test_smooth_nu_equals_the_full_loop_on_many_paths() -> None:
    rng = np.random.default_rng(11)
    size = 6000
    assert_smooth_nu(
        [
            (int(n), step, last, h_t, h_r, radius)
            for n, step, last, h_t, h_r, radius in zip(
                rng.integers(4, 600, size),
                np.exp(rng.uniform(math.log(0.01), math.log(2.0), size)),
                rng.uniform(0.5, 1.5, size),
                np.exp(rng.uniform(0.0, math.log(5000.0), size)),
                np.exp(rng.uniform(0.0, math.log(5000.0), size)),
                rng.choice([7000.0, 8500.0, pt.AB_KM], size),
                strict=True,
            )
        ]
    )


@pytest.mark.parametrize("m", [1e-6, 0.1, 0.45, 0.5, 0.55, 1.0, 10.0, 300.0])
@pytest.mark.parametrize("c", [-0.9995, -0.9, -0.3, 0.0, 1e-9, 0.5, 0.99, 0.9995])
def test_stationary_point_is_that_of_the_recommendation(m: float, c: float) -> None:
    cosine = 1.5 * c * math.sqrt(3.0 * m / (m + 1.0) ** 3)
    b = (
        2.0
        * math.sqrt((m + 1.0) / (3.0 * m))
        * math.cos(math.pi / 3.0 + math.acos(min(1.0, max(-1.0, cosine))) / 3.0)
    )
    got = tile_geometry._stationary_point(c / (m + 1.0), m / (m + 1.0))
    assert got == pytest.approx(b, abs=1e-11 / min(1.0, math.sqrt(m)))
    assert abs(m * got**3 - (m + 1.0) * got + c) < 1e-13 * (m + 1.0)


def test_loops_are_vectorised() -> None:
    """No loop falls back to one lane at a time: packed roots and quotients in the machine code."""
    flat = np.ones(pt.N_ROW * pt.STRIDE)
    tile_geometry.finish_tile(flat, pt.GROUP, 0.0, 10.0, 10.0)
    tile_losses.tile_losses(flat, pt.GROUP, 0.6, 1, np.array([10.0]), np.empty(2 * pt.STRIDE))
    for loop in (
        tile_geometry._heights_and_angles,
        tile_geometry._smooth_earth,
        tile_geometry._constant_terms,
        tile_geometry._time_percentages,
        tile_losses._over_ground,
        tile_losses._diffraction,
        tile_losses._ducting,
        tile_losses._combine,
    ):
        for code in loop.inspect_llvm().values():  # type: ignore[attr-defined,unused-ignore]
            assert "fdiv <" in code, loop

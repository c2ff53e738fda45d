"""The fast solver over whole grids: any coordinate system, against both references."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import rasterio
import xarray as xr

from dtt_sim.coverage import flags
from dtt_sim.coverage.binning import MIN_COLUMNS, bin_receivers, pack_receivers
from dtt_sim.coverage.field import Emission, Mast, Prediction, RefractivityMap, path_loss
from dtt_sim.coverage.request import warp_cell
from dtt_sim.coverage.wedge.solve import empty_receivers
from dtt_sim.errors import ModelDomainError
from terrain.errors import TerrainError
from terrain.grid import WGS84, Grid
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground
from terrain.local import receiver_positions
from terrain.resample import GroundAtCells
from terrain.windows import GroundFiles

LAT, LON = 10.0, 104.5
CELL_DEG = 1.0 / 1200.0  # 92 m
MAST = Mast(LAT, LON, height_agl_m=80.0)
SIGNALS = [Emission(570.0), Emission(98.0, "vertical")]
PREDICTION = Prediction(delta_n=53.5, n0=381.0, radius_km=(24.0, 30.0))


def raster(lat: float = LAT, lon: float = LON, half_deg: float = 0.3) -> Grid:
    return Grid.from_lonlat_box(
        lon - half_deg, lat - half_deg, lon + half_deg, lat + half_deg,
        crs="EPSG:4326", cell_size=CELL_DEG,
    )  # fmt: skip


def rolling(grid: Grid, *, clutter: bool = False, zones: bool = False) -> Ground:
    """Hills many cells long, so that resampling them costs next to nothing."""
    i, j = np.indices(grid.shape)
    height = 90.0 + 60.0 * np.sin(i / 37.0) * np.cos(j / 41.0) + 25.0 * np.sin(j / 17.0)
    zone = np.full(grid.shape, INLAND, np.uint8)
    if zones:
        zone[height < 80.0] = COASTAL
        zone[height < 50.0] = SEA
        height[height < 50.0] = 0.0
    cover = np.where((i // 40 + j // 50) % 3 == 0, 12.0, 0.0) if clutter else np.zeros(grid.shape)
    return Ground(grid, height.astype(np.float32), zone, cover.astype(np.float32))


@pytest.fixture(scope="module")
def ground() -> Ground:
    return rolling(raster())


def user_grid(crs: str, cell: float, lat: float = LAT, lon: float = LON, half: float = 0.2) -> Grid:
    return Grid.from_lonlat_box(
        lon - half, lat - half, lon + half, lat + half, crs=crs, cell_size=cell
    )


def difference(fast: xr.Dataset, reference: xr.Dataset) -> np.ndarray[Any, Any]:
    return np.abs(fast["loss_db"].to_numpy() - reference["loss_db"].to_numpy())


@pytest.mark.parametrize(
    ("crs", "cell"),
    [
        ("EPSG:32648", 400.0),
        ("EPSG:9210", 400.0),  # VN-2000 / TM-3
        ("EPSG:4326", 1 / 300),
        ("EPSG:3857", 410.0),
        ("EPSG:32648", 3000.0),
    ],
)
def test_any_grid_agrees_with_the_reference(ground: Ground, crs: str, cell: float) -> None:
    grid = user_grid(crs, cell)
    fast, reference = (
        path_loss(
            ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION, solver=solver,
            warp_cell_m=60.0 if solver == "wedge" else None,
        )
        for solver in ("wedge", "per_path")
    )  # fmt: skip
    away = difference(fast, reference)
    assert np.nanquantile(away, 0.5) < 0.01
    assert np.nanquantile(away, 0.99) < 0.3
    xr.testing.assert_equal(fast["flag"], reference["flag"])
    np.testing.assert_array_equal(np.isnan(fast["loss_db"]), np.isnan(reference["loss_db"]))
    np.testing.assert_allclose(fast["distance_km"], reference["distance_km"], atol=5e-5)
    turn = (fast["azimuth_deg"] - reference["azimuth_deg"] + 180.0) % 360.0 - 180.0
    assert float(np.abs(turn * np.radians(fast["distance_km"])).max()) < 1e-4  # 0.1 m
    np.testing.assert_allclose(fast["departure_deg"], reference["departure_deg"], atol=0.05)
    assert fast.attrs["solver"] == "wedge"


def test_clutter_and_zones(ground: Ground) -> None:
    full = rolling(ground.grid, clutter=True, zones=True)
    grid = user_grid("EPSG:32648", 500.0)
    prediction = dataclasses.replace(
        PREDICTION, p_location_percent=(95.0, 50.0), rx_height_agl_m=10.0
    )
    fast, reference = (
        path_loss(
            full, MAST, grid=grid, emissions=SIGNALS, prediction=prediction, solver=solver
        )
        for solver in ("wedge", "per_path")
    )  # fmt: skip
    away = difference(fast, reference)
    assert np.nanquantile(away, 0.5) < 0.05
    assert np.nanquantile(away, 0.9) < 1.5  # clutter edges and shores fall on other samples
    plain = path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=prediction)
    assert float(np.abs(plain["loss_db"] - fast["loss_db"]).median()) > 0.1


def test_share_of_locations_is_exact(ground: Ground) -> None:
    """Where the ground is the same, the location term is too."""
    grid = user_grid("EPSG:32648", 1500.0)
    for sigma in (None, 5.5):
        prediction = dataclasses.replace(
            PREDICTION, p_location_percent=(95.0, 5.0), location_sigma_db=sigma
        )
        change = {}
        for solver in ("wedge", "per_path"):
            some, median = (
                path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=p, solver=solver)
                for p in (prediction, PREDICTION)
            )
            change[solver] = (some["loss_db"] - median["loss_db"]).to_numpy()
        both = np.isfinite(change["wedge"])
        assert both.any()
        # Lb is never below Lb0p: where that limit holds, the two may differ by the resampling.
        np.testing.assert_allclose(
            change["wedge"][both], change["per_path"][both], atol=0.05 if sigma is None else 0.3
        )
        if sigma is not None:
            assert np.median(change["wedge"][:, 0][both[:, 0]]) == pytest.approx(
                1.645 * 5.5, abs=0.01
            )


def test_cutting_into_sectors_and_threads_changes_nothing(ground: Ground) -> None:
    from dtt_sim.coverage import sectors
    from dtt_sim.coverage.field import kernel_signals
    from dtt_sim.coverage.path import Link
    from dtt_sim.coverage.result import LossArrays

    full = rolling(ground.grid, clutter=True, zones=True)
    grid = user_grid("EPSG:32648", 350.0)
    signals = kernel_signals(SIGNALS, PREDICTION, grid)
    link = Link(LAT, LON, 80.0, 10.0)
    found = []
    threads = numba.get_num_threads()
    for limit, n_thread in ((10**9, threads), (200_000, threads), (60_000, 1)):
        out = LossArrays.empty(2, 2, grid.shape)
        numba.set_num_threads(n_thread)
        try:
            sectors.solve_grid(
                full, link, signals, PREDICTION, grid, out, None, max_sector_bytes=limit
            )
        finally:
            numba.set_num_threads(threads)
        found.append(out)
    for other in found[1:]:
        for name, values in found[0].as_dict().items():
            np.testing.assert_array_equal(values, other.as_dict()[name], err_msg=name)


def test_refractivity_that_varies(ground: Ground) -> None:
    coarse = Grid.from_lonlat_box(103.0, 9.0, 106.0, 11.0, crs="EPSG:4326", cell_size=0.5)
    lon, lat = coarse.lonlat()
    varying = RefractivityMap(coarse, 45.0 + 20.0 * (lon - 104.0), 330.0 + 30.0 * (lat - 9.5))
    grid = user_grid("EPSG:32648", 700.0)
    prediction = dataclasses.replace(PREDICTION, refractivity=varying)
    fast, reference = (
        path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=prediction, solver=solver)
        for solver in ("wedge", "per_path")
    )
    assert np.nanquantile(difference(fast, reference), 0.98) < 0.3
    constant = path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION)
    assert float(np.abs(constant["loss_db"] - fast["loss_db"]).max()) > 0.05
    # A map of one value is the value.
    flat = RefractivityMap(coarse, np.full(coarse.shape, 53.5), np.full(coarse.shape, 381.0))
    same = path_loss(
        ground, MAST, grid=grid, emissions=SIGNALS,
        prediction=dataclasses.replace(PREDICTION, refractivity=flat),
    )  # fmt: skip
    np.testing.assert_allclose(same["loss_db"], constant["loss_db"], atol=1e-4)
    small = Grid.from_lonlat_box(104.4, 9.9, 104.6, 10.1, crs="EPSG:4326", cell_size=0.05)
    short = RefractivityMap(small, np.full(small.shape, 50.0), np.full(small.shape, 330.0))
    with pytest.raises(ModelDomainError, match="larger one"):
        path_loss(
            ground, MAST, grid=grid, emissions=SIGNALS,
            prediction=dataclasses.replace(PREDICTION, refractivity=short),
        )  # fmt: skip
    with pytest.raises(ModelDomainError, match="delta_n = nan"):
        RefractivityMap(small, np.full(small.shape, np.nan), np.full(small.shape, 330.0))
    with pytest.raises(ModelDomainError, match="one shape"):
        RefractivityMap(small, np.full((2, 2), 50.0), np.full(small.shape, 330.0))


def test_holes_and_the_edge_are_flagged(ground: Ground) -> None:
    height, zone = ground.height_m.copy(), ground.zone.copy()
    hole = np.s_[150:156, 200:206]
    height[hole], zone[hole] = np.nan, VOID
    height[:, -200:], zone[:, -200:] = np.nan, OUTSIDE
    holed = Ground(ground.grid, height, zone, ground.clutter_m)
    grid = user_grid("EPSG:4326", CELL_DEG * 3)
    fast, whole = (
        path_loss(g, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION)
        for g in (holed, ground)
    )
    reference = path_loss(
        holed, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION, solver="per_path"
    )
    found = fast["flag"].to_numpy()
    assert set(np.unique(found)) >= {flags.OK, flags.NEAR_FIELD, flags.VOID, flags.OUTSIDE}
    # A sample takes part of the nodes beside it: the warp widens a hole by a cell at most.
    other = found != reference["flag"].to_numpy()
    assert other.mean() < 0.02
    gone = np.isin(found, [flags.VOID, flags.OUTSIDE])
    assert np.isnan(fast["loss_db"].to_numpy()[:, :, gone]).all()
    assert np.isnan(fast["departure_deg"].to_numpy()[gone]).all()
    kept = ~gone
    np.testing.assert_array_equal(
        fast["loss_db"].to_numpy()[:, :, kept], whole["loss_db"].to_numpy()[:, :, kept]
    )


def test_receiver_on_a_node_beside_a_void(ground: Ground) -> None:
    """A void neighbour without weight does no harm to a receiver on its own cell's centre."""
    height, zone = ground.height_m.copy(), ground.zone.copy()
    row, col = 250, 500
    height[row, col + 1], zone[row, col + 1] = np.nan, VOID
    holed = Ground(ground.grid, height, zone, ground.clutter_m)
    x, y = ground.grid.x[col], ground.grid.y[row]
    c = CELL_DEG
    grid = Grid("EPSG:4326", (c, 0.0, x - 0.5 * c, 0.0, -c, y + 0.5 * c), (1, 1))
    for solver in ("wedge", "per_path"):
        loss = path_loss(
            holed, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION, solver=solver,
            warp_cell_m=20.0 if solver == "wedge" else None,
        )  # fmt: skip
        assert int(loss["flag"][0, 0]) == flags.OK, solver


def test_one_by_one_grids_and_the_mast_itself(ground: Ground) -> None:
    for lon, expected in (
        (LON + 0.1, flags.OK),
        (LON, flags.NEAR_FIELD),
        (LON + 5.0, flags.BEYOND),
    ):
        grid = Grid("EPSG:4326", (0.001, 0.0, lon - 0.0005, 0.0, -0.001, LAT + 0.0005), (1, 1))
        loss = path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION)
        assert int(loss["flag"][0, 0]) == expected
        assert np.isfinite(loss["loss_db"]).all() == (expected != flags.BEYOND)


def test_ground_of_one_cell() -> None:
    grid = Grid("EPSG:4326", (0.5, 0.0, 104.25, 0.0, -0.5, 10.25), (1, 1))
    one = Ground(
        grid, np.full((1, 1), 7.0, np.float32), np.full((1, 1), INLAND, np.uint8),
        np.zeros((1, 1), np.float32),
    )  # fmt: skip
    user = user_grid("EPSG:32648", 2000.0, half=0.3)
    loss = path_loss(one, MAST, grid=user, emissions=SIGNALS, prediction=PREDICTION)
    assert set(np.unique(loss["flag"])) <= {flags.OK, flags.OUTSIDE, flags.BEYOND}
    assert (loss["flag"] == flags.OK).any()


def test_across_the_antimeridian() -> None:
    """The same ground and grid, shifted by a longitude, give the same losses."""
    results = []
    for lon in (LON, 179.95, -179.95):
        ground = rolling(raster(lon=lon if lon > 0 else lon + 360.0))
        grid = user_grid("EPSG:4326", 1 / 250, lon=lon)
        mast = Mast(LAT, lon, height_agl_m=80.0)
        results.append(path_loss(ground, mast, grid=grid, emissions=SIGNALS, prediction=PREDICTION))
    for other in results[1:]:
        shape = tuple(
            min(a, b) for a, b in zip(results[0].flag.shape, other.flag.shape, strict=True)
        )
        part = np.s_[: shape[0] - 1, : shape[1] - 1]
        assert (other["flag"].to_numpy()[part] <= flags.BEYOND).all()
        away = np.abs(
            other["loss_db"].to_numpy()[..., *part] - results[0]["loss_db"].to_numpy()[..., *part]
        )
        assert np.nanquantile(away, 0.5) < 0.5  # the rasters' own phase differs by part of a cell
        assert np.isfinite(other["loss_db"]).any()


def test_high_latitudes_are_outside_the_domain() -> None:
    ground = rolling(raster(lat=79.98, half_deg=0.2))
    grid = user_grid("EPSG:4326", 0.01, lat=79.98, half=0.1)
    mast = Mast(79.98, LON, height_agl_m=80.0)
    fast, reference = (
        path_loss(ground, mast, grid=grid, emissions=SIGNALS, prediction=PREDICTION, solver=solver)
        for solver in ("wedge", "per_path")
    )
    xr.testing.assert_equal(fast["flag"], reference["flag"])
    assert (fast["flag"] == flags.DOMAIN).any()
    assert np.nanquantile(difference(fast, reference), 0.9) < 0.3
    with pytest.raises(TerrainError, match="reach a pole"):
        raster(lat=89.5)


@pytest.mark.parametrize("cell_m", [0.0, -30.0, math.nan, math.inf])
def test_warp_cell_that_is_none(ground: Ground, cell_m: float) -> None:
    with pytest.raises(ModelDomainError, match="warp_cell_m"):
        path_loss(
            ground, MAST, grid=user_grid("EPSG:32648", 5000.0), emissions=SIGNALS,
            prediction=PREDICTION, warp_cell_m=cell_m,
        )  # fmt: skip


def test_warp_cell_far_too_small(ground: Ground) -> None:
    with pytest.raises(ModelDomainError, match="larger warp_cell_m"):
        path_loss(
            ground, MAST, grid=user_grid("EPSG:32648", 5000.0), emissions=SIGNALS,
            prediction=PREDICTION, warp_cell_m=0.1,
        )  # fmt: skip


def test_default_warp_cell(ground: Ground) -> None:
    assert warp_cell(ground) == pytest.approx(0.5 * ground.resolution_m)
    assert warp_cell(ground, 33.0) == 33.0
    for cell, cover, expected in ((20.0, 0.0, 17.0), (50.0, 0.0, 30.0), (200.0, 9.0, 170.0)):
        grid = Grid("EPSG:32648", (cell, 0.0, 5e5, 0.0, -cell, 1.1e6), (10, 10))
        flat = np.zeros(grid.shape, np.float32)
        own = Ground(grid, flat, flat.astype(np.uint8) + INLAND, flat + np.float32(cover))
        assert warp_cell(own) == pytest.approx(expected, 1e-3)


def test_mast_in_a_void_or_all_void(ground: Ground) -> None:
    nothing = Ground(
        ground.grid, np.full(ground.grid.shape, np.nan, np.float32),
        np.zeros(ground.grid.shape, np.uint8), ground.clutter_m,
    )  # fmt: skip
    with pytest.raises(ModelDomainError, match="void"):
        path_loss(
            nothing, MAST, grid=user_grid("EPSG:32648", 5000.0), emissions=SIGNALS,
            prediction=PREDICTION,
        )  # fmt: skip
    with pytest.raises(ModelDomainError, match="outside the terrain"):
        path_loss(
            ground, Mast(50.0, 8.0, height_agl_m=80.0), grid=user_grid("EPSG:32648", 5000.0),
            emissions=SIGNALS, prediction=PREDICTION,
        )  # fmt: skip


def test_bad_requests(ground: Ground) -> None:
    grid = user_grid("EPSG:32648", 5000.0)
    with pytest.raises(ModelDomainError, match="use 'wedge' or 'per_path'"):
        path_loss(
            ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION,
            solver="fast",  # type: ignore[arg-type]
        )  # fmt: skip
    with pytest.raises(ModelDomainError, match="no emissions"):
        path_loss(ground, MAST, grid=grid, emissions=[], prediction=PREDICTION)
    for key, value in (
        ("p_location_percent", (95.0,)),
        ("p_location_percent", (95.0, 0.5)),
        ("location_sigma_db", -1.0),
        ("radius_km", (10.0,)),
        ("p_time_percent", ()),
        ("rx_height_agl_m", math.nan),
    ):
        with pytest.raises(ModelDomainError, match=r"p_time|p_location|sigma|rx_height"):
            dataclasses.replace(PREDICTION, **{key: value})
    for frequency in (math.nan, 20.0, 7000.0):
        with pytest.raises(ModelDomainError, match="frequency_mhz"):
            Emission(frequency)


def test_bins_hold_every_receiver_once() -> None:
    from terrain.local import LocalFrame

    grid = user_grid("EPSG:32648", 220.0)
    east, north = receiver_positions(LocalFrame(LAT, LON), grid)
    away = np.hypot(east.astype(float), north.astype(float)).ravel()
    inside = away <= 20_000.0
    hole = int(np.flatnonzero(inside & (away > 9_000.0))[0])
    height = np.zeros(grid.shape, np.float32)
    zone = np.full(grid.shape, INLAND, np.uint8)
    height.flat[hole], zone.flat[hole] = np.nan, VOID
    ground = Ground(grid, height, zone, np.zeros(grid.shape, np.float32))
    flag = np.full(grid.shape, flags.BEYOND, np.uint8)
    size = {"cell_m": 60.0, "radius_m": 20_000.0}
    bins = bin_receivers(east, north, flag, **size)
    q = bins.q
    orders = []
    for quadrant in range(4):
        for k0, k1 in ((-q, 0), (0, q)):
            wedges = bins.wedges(quadrant, k0, k1)
            n = int(bins.start[wedges.stop] - bins.start[wedges.start])
            packed = empty_receivers(n, with_clutter=False)
            at_cells = GroundAtCells.of(ground, grid)
            pack_receivers(bins, (quadrant, k0, k1), east, north, at_cells, flag, packed, **size)
            cell = packed.cell[3::4]
            np.testing.assert_array_equal(packed.place[0::4], east.ravel()[cell])
            np.testing.assert_array_equal(packed.place[1::4], north.ravel()[cell])
            orders.append(cell)
    order = np.concatenate(orders)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([order, bins.near])), np.flatnonzero(inside)
    )
    assert ((flag == flags.OK).ravel() == inside & np.isfinite(height.ravel())).all()
    assert flag.flat[hole] == flags.VOID
    assert (np.maximum(np.abs(east), np.abs(north)).ravel()[bins.near] < MIN_COLUMNS * 60.0).all()
    assert q >= away[inside].max() / 60.0
    for quadrant, (along, across) in enumerate(
        ((east, north), (north, east), (-east, north), (-north, east))
    ):
        for k in (-q, -1, 0, q // 3, q - 1):
            number = 2 * q * quadrant + k + q
            own = order[bins.start[number] : bins.start[number + 1]]
            slope = across.ravel()[own].astype(float) / along.ravel()[own]
            assert (along.ravel()[own] > 0.0).all()
            assert ((slope * q >= k - 1e-9) & (slope * q <= k + 1 + 1e-9)).all()


def test_progress_counts_every_cell(ground: Ground) -> None:
    grid = user_grid("EPSG:32648", 900.0)
    told: list[int] = []
    path_loss(
        ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION, progress=told.append
    )
    assert sum(told) == grid.n_row * grid.n_col


def test_distances_are_geodesic(ground: Ground) -> None:
    grid = user_grid("EPSG:9210", 4000.0)
    loss = path_loss(ground, MAST, grid=grid, emissions=SIGNALS, prediction=PREDICTION)
    lon, lat = grid.lonlat()
    start = np.full(lon.shape, LON), np.full(lon.shape, LAT)
    _, _, metres = WGS84.inv(*start, lon, lat)
    np.testing.assert_allclose(loss["distance_km"], 0.001 * metres, atol=5e-5)


def test_ground_in_files_is_read_window_by_window(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same losses as with all of it in memory, from windows that are parts of it."""
    grid = ground.grid
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", width=grid.n_col, height=grid.n_row, count=1,
        dtype="float32", crs=grid.crs, transform=grid.affine,
    ) as file:  # fmt: skip
        file.write(ground.height_m, 1)
    files = GroundFiles(tmp_path / "dem.tif", nodata_means="void")
    whole = files.window(grid.bounds_lonlat())
    user = user_grid("EPSG:32648", 300.0, half=0.35)  # reaches beyond the files
    monkeypatch.setattr("dtt_sim.coverage.sectors.MAX_SECTOR_BYTES", 150_000)
    taken = []
    window = GroundFiles.window

    def watched(self: GroundFiles, box: tuple[float, float, float, float]) -> Ground:
        taken.append(window(self, box))
        return taken[-1]

    monkeypatch.setattr(GroundFiles, "window", watched)
    in_files, in_memory = (
        path_loss(source, MAST, grid=user, emissions=SIGNALS, prediction=PREDICTION)
        for source in (files, whole)
    )
    xr.testing.assert_equal(in_files["flag"], in_memory["flag"])
    np.testing.assert_allclose(in_files["loss_db"], in_memory["loss_db"], atol=1e-3)
    assert len(taken) > 10
    assert max(g.height_m.size for g in taken) < 0.9 * whole.height_m.size
    assert in_files.attrs["terrain_sha256"] == files.digest
    nothing = files.window((10.0, 50.0, 11.0, 51.0))
    assert np.isnan(nothing.height_at(10.5, 50.5))
    assert int(nothing.zone_at(10.5, 50.5)) == OUTSIDE
    assert not nothing.has_clutter
    with pytest.raises(TerrainError, match="no such file"):
        GroundFiles(tmp_path / "none.tif").window((104.0, 9.0, 105.0, 10.0))

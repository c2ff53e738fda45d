"""The fast solver over a receiving grid: warp, bin, search, sector by sector and over all cores.

The ground is warped into the azimuthal-equidistant plane round the mast, a quadrant (or less, where
memory is short) at a time, the receivers are sorted into wedges, and threads take ranges of wedges
to :func:`dtt_sim.coverage.wedge.solve.solve_wedges`. Receivers within ten columns of the mast go to
the per-path solver.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TypedDict

import numpy as np

from dtt_sim._jit import driver
from dtt_sim.coverage import per_path
from dtt_sim.coverage.binning import MIN_COLUMNS, Bins, bin_receivers, pack_receivers
from dtt_sim.coverage.flags import DOMAIN, OK
from dtt_sim.coverage.path import MAX_LATITUDE_DEG, Link, Signals
from dtt_sim.coverage.request import Mast, Prediction, Progress, warp_cell
from dtt_sim.coverage.result import LossArrays
from dtt_sim.coverage.timing import StageTimes
from dtt_sim.coverage.wedge.layout import BLOCK, SectorArrays, Setup
from dtt_sim.coverage.wedge.solve import (
    Atmosphere,
    Output,
    PackedReceivers,
    empty_receivers,
    solve_wedges,
)
from dtt_sim.coverage.wedge.thresholds import MAX_BLOCK
from dtt_sim.errors import ModelDomainError
from dtt_sim.propagation.geometry import EARTH_RADIUS_KM, path_centre_lat_deg
from dtt_sim.propagation.p1812_tile.rows import AB_KM
from dtt_sim.propagation.vector_math import atan, larger, smaller
from dtt_sim.typing import Float32Array, Float64Array, UInt8Array
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, SEA, GroundSource
from terrain.local import LocalFrame, receiver_positions
from terrain.resample import GroundAtCells
from terrain.sector import Sector, sector_box, sector_bytes, warp_sector
from terrain.threads import in_threads

MAX_SECTOR_BYTES = 1_000_000_000
"""A quadrant whose ground takes more is cut into azimuth sectors."""
_TASKS = 24  # ranges of wedges a quadrant is given to the threads in
_LEAST_TASK = 1000  # receivers
_PIECE = 1 << 20  # receivers
_ATMOSPHERE_NODES = 128  # across the disc
_LEAST_SPACING_M = 1000.0


def solve_grid(
    source: GroundSource,
    link: Link,
    signals: Signals,
    prediction: Prediction,
    grid: Grid,
    out: LossArrays,
    progress: Progress | None,
    *,
    warp_cell_m: float | None = None,
    max_sector_bytes: int | None = None,
    times: StageTimes | None = None,
) -> None:
    """Losses of every cell of a grid within the largest radius.

    Parameters
    ----------
    max_sector_bytes : int, optional
        Most memory for the warped ground; what it changes is memory, not results.
    times : StageTimes, optional
        Told how long the stages took.

    Raises
    ------
    ModelDomainError
        Warped cells so small that a path would have more than 131 072.
    """
    times = times or StageTimes()
    max_bytes = max_sector_bytes or MAX_SECTOR_BYTES
    cell_m = warp_cell(source, warp_cell_m)
    frame = LocalFrame(link.lat_deg, link.lon_deg)
    radius_m = 1000.0 * float(signals.radius_km.max())
    bins = bin_grid(frame, grid, out, cell_m=cell_m, radius_m=radius_m, times=times)
    plan = list(plan_sectors(bins, source.has_clutter, max_bytes))
    solve_plan(
        source, link, signals, prediction, grid, out, progress, bins=bins, plan=plan, cell_m=cell_m,
        radius_m=radius_m, times=times,
    )  # fmt: skip
    with times.stage("near receivers"):
        solve_near(source, link, signals, prediction, grid, bins, cell_m, out)
    with times.stage("flags and azimuths"):
        finish_grid(grid, out)
    if progress is not None:
        progress(grid.n_row * grid.n_col - int(bins.start[-1]))


def bin_grid(
    frame: LocalFrame, grid: Grid, out: LossArrays, *, cell_m: float, radius_m: float,
    times: StageTimes,
) -> Bins:  # fmt: skip
    """Count the receivers of a grid; `azimuth_deg` and `distance_km` hold east and north until the end.

    Raises
    ------
    ModelDomainError
        Warped cells so small that a path would have more than 131 072.
    """
    with times.stage("receivers"):
        receiver_positions(frame, grid, out=(out.azimuth_deg, out.distance_km))
    with times.stage("binning"):
        bins = bin_receivers(
            out.azimuth_deg, out.distance_km, out.flag, cell_m=cell_m, radius_m=radius_m
        )
    if bins.q > BLOCK * MAX_BLOCK:
        msg = (
            f"{bins.q} cells of {cell_m:g} m to the farthest receiver, at most "
            f"{BLOCK * MAX_BLOCK}; give a larger warp_cell_m or a smaller radius"
        )
        raise ModelDomainError(msg)
    return bins


def solve_plan(
    source: GroundSource, link: Link, signals: Signals, prediction: Prediction, grid: Grid,
    out: LossArrays, progress: Progress | None, *, bins: Bins, plan: list[tuple[int, int, int]],
    cell_m: float, radius_m: float, times: StageTimes,
) -> None:  # fmt: skip
    """Losses of the receivers of some sectors: quadrants with their wedges k0 .. k1-1."""
    if not plan:
        return
    frame = LocalFrame(link.lat_deg, link.lon_deg)
    flat = Output(
        out.loss_db.reshape(*out.loss_db.shape[:2], -1),
        out.departure_deg.reshape(-1),
        out.flag.reshape(-1),
    )
    atmosphere = lattice_atmosphere(frame, prediction, bins.q * cell_m)
    at_cells: GroundAtCells | None = None
    packed = _room(bins, plan, signals, with_clutter=source.has_clutter)
    for quadrant, k0, k1 in plan:
        part = _Part(
            quadrant=quadrant, q=bins.q, k0=k0, k1=k1, n_col=int(bins.columns[quadrant]),
            cell_m=cell_m,
        )  # fmt: skip
        with times.stage("ground"):
            ground = source.window(sector_box(frame, **part))
        with times.stage("receivers"):
            if at_cells is None or at_cells.ground is not ground:
                at_cells = GroundAtCells.of(ground, grid)
            pack_receivers(
                bins, (quadrant, k0, k1), out.azimuth_deg, out.distance_km, at_cells, out.flag,
                packed, cell_m=cell_m, radius_m=radius_m,
            )  # fmt: skip
        with times.stage("warp"):
            sector = warp_sector(ground, frame, **part)
        with times.stage("search and loss"):
            setup = sector_setup(sector, link, signals, atmosphere)
            _solve_sector(sector, setup, link, packed, bins, atmosphere, signals, flat, progress)


def finish_grid(grid: Grid, out: LossArrays) -> None:
    """Flags of what lies beyond the model's latitudes; positions become azimuths and distances."""
    _flag_domain(grid, out)
    _in_pieces(_to_polar, out.azimuth_deg.reshape(-1), out.distance_km.reshape(-1))


def _room(
    bins: Bins, plan: list[tuple[int, int, int]], signals: Signals, *, with_clutter: bool
) -> PackedReceivers:
    """Room for the receivers of the fullest sector."""
    needs_clutter = signals.sigma_falls and bool((signals.p_location != 50.0).any())
    sizes = [bins.counts[:, bins.wedges(*sector)].sum(dtype=np.int64) for sector in plan]
    return empty_receivers(int(max(sizes)), with_clutter=needs_clutter and with_clutter)


class _Part(TypedDict):
    """Which sector: arguments of :func:`terrain.sector.warp_sector`."""

    quadrant: int
    q: int
    k0: int
    k1: int
    n_col: int
    cell_m: float


def plan_sectors(bins: Bins, has_clutter: bool, max_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Quadrants, and the wedges of each that hold receivers, cut so that their ground fits."""
    q = bins.q
    for quadrant in range(4):
        held = np.flatnonzero(np.diff(bins.start[2 * q * quadrant : 2 * q * (quadrant + 1) + 1]))
        if held.size == 0:
            continue
        n_col = int(bins.columns[quadrant])
        k0, end = int(held[0]) - q, int(held[-1]) + 1 - q
        while k0 < end:
            k1 = end
            while k1 - k0 > 1 and max_bytes < sector_bytes(
                q=q, k0=k0, k1=k1, n_col=n_col, clutter=has_clutter
            ):
                k1 = (k0 + k1 + 1) // 2
            yield quadrant, k0, k1
            k0 = k1


def sector_setup(sector: Sector, link: Link, signals: Signals, atmosphere: Atmosphere) -> Setup:
    """What the search wants to know of a sector and its signals."""
    h_t_m = float(sector.height_m[sector.offset[0] - sector.first_row[0]])
    per_radius = (157.0 - atmosphere.value[:, :, 1]) / (157.0 * EARTH_RADIUS_KM)  # (6), (7a)
    return Setup(
        q=sector.q,
        cell_km=0.001 * sector.cell_m,
        h_t_m=h_t_m,
        hts_m=h_t_m + link.htg_m,
        hrg_m=link.hrg_m,
        inverse_ab_per_km=1.0 / AB_KM,
        inverse_ae_min_per_km=float(per_radius.min()),
        inverse_ae_max_per_km=float(per_radius.max()),
        root_wavelength=math.sqrt(0.2998 / float(signals.f_ghz.min())),
        has_clutter=sector.clutter_m.size > 0,
        needs_beta=bool((signals.p_time != 50.0).any()),
        zone=only_zone(sector.zone),
    )


@driver
def only_zone(zone: UInt8Array) -> int:
    """The one zone of all nodes that have any, otherwise 0; a path over a gap is flagged anyway."""
    only = 0
    for p in range(zone.size):
        code = int(zone[p])
        if code != only and code in (SEA, COASTAL, INLAND):
            if only != 0:
                return 0
            only = code
    return only


def _solve_sector(
    sector: Sector,
    setup: Setup,
    link: Link,
    receivers: PackedReceivers,
    bins: Bins,
    atmosphere: Atmosphere,
    signals: Signals,
    out: Output,
    progress: Progress | None,
) -> None:
    arrays = SectorArrays(
        sector.first_row,
        sector.offset,
        sector.height_m,
        sector.clutter_m,
        sector.zone,
    )
    zone_t = int(sector.zone[sector.offset[0] - sector.first_row[0]])
    number = 2 * setup.q * sector.quadrant + setup.q  # of wedge 0

    def solve(task: tuple[int, int]) -> None:
        k_begin, k_end = task
        start = bins.start[number + k_begin : number + k_end + 1] - bins.start[number + sector.k0]
        solve_wedges(
            arrays, setup, sector.quadrant, k_begin, k_end, link.htg_m, zone_t, receivers, start,
            atmosphere, signals, out, False,
        )  # fmt: skip

    def tell(task: tuple[int, int]) -> None:
        if progress is not None:
            k_begin, k_end = task
            progress(int(bins.start[number + k_end] - bins.start[number + k_begin]))

    in_threads(
        solve, _tasks(bins.start[number + sector.k0 : number + sector.k1 + 1], sector.k0), tell
    )


def _tasks(start: np.ndarray[tuple[int], np.dtype[np.int64]], k0: int) -> list[tuple[int, int]]:
    """Ranges of wedges with about as many receivers each."""
    total = int(start[-1] - start[0])
    n = max(1, min(_TASKS, total // _LEAST_TASK))
    wanted = start[0] + total * np.arange(1, n) / n
    cuts = np.unique(np.concatenate([[0], np.searchsorted(start, wanted), [start.size - 1]]))
    return [(k0 + int(a), k0 + int(b)) for a, b in itertools.pairwise(cuts)]


def lattice_atmosphere(frame: LocalFrame, prediction: Prediction, reach_m: float) -> Atmosphere:
    """Latitude and refractivity at the centres of the paths to a lattice of receivers."""
    spacing = max(2.0 * reach_m / _ATMOSPHERE_NODES, _LEAST_SPACING_M)
    half = math.ceil(reach_m / spacing) + 1
    axis = spacing * np.arange(-half, half + 1.0)
    north, east = np.meshgrid(axis, axis, indexing="ij")
    value = np.empty((*east.shape, 3))
    lon, lat = frame.to_lonlat(east, north)
    _centre_latitudes(frame.lat_deg, frame.lon_deg, lat, lon, np.hypot(east, north), value)
    value[:, :, 1], value[:, :, 2] = prediction.delta_n, prediction.n0
    if prediction.refractivity is not None:
        inside = np.hypot(east, north) <= reach_m + 2.0 * spacing
        centre = frame.to_lonlat(0.5 * east[inside], 0.5 * north[inside])
        value[inside, 1], value[inside, 2] = prediction.refractivity.at(*centre)
        value[~inside, 1:] = value[half, half, 1:]
    return Atmosphere(value, float(axis[0]), float(axis[0]), spacing)


@driver
def _centre_latitudes(
    lat_deg: float,
    lon_deg: float,
    rx_lat_deg: Float64Array,
    rx_lon_deg: Float64Array,
    distance_m: Float64Array,
    value: Float64Array,
) -> None:
    for i in range(value.shape[0]):
        for j in range(value.shape[1]):
            value[i, j, 0] = path_centre_lat_deg(
                lat_deg, lon_deg, rx_lat_deg[i, j], rx_lon_deg[i, j], 0.001 * distance_m[i, j]
            )


def solve_near(
    source: GroundSource,
    link: Link,
    signals: Signals,
    prediction: Prediction,
    grid: Grid,
    bins: Bins,
    cell_m: float,
    out: LossArrays,
) -> None:
    """Receivers at the foot of the mast, by the reference solver on the raster itself."""
    row, col = np.divmod(bins.near, grid.n_col)
    lon, lat = grid.lonlat_of_index(row.astype(np.float64), col.astype(np.float64))
    reach = 1.5 * (MIN_COLUMNS + 2) * max(cell_m, source.resolution_m)
    ground = source.window(Mast(link.lat_deg, link.lon_deg, link.htg_m).window(reach))
    found = per_path.solve_points(ground, link, signals, prediction, lon, lat)
    per_path.write_points(out, bins.near.astype(np.intp), found)


def _flag_domain(grid: Grid, out: LossArrays) -> None:
    """Take back what lies beyond the latitudes that P.1812 is stated for."""
    _, south, _, north = grid.bounds_lonlat()
    if max(abs(south), abs(north)) <= MAX_LATITUDE_DEG:
        return
    for row in range(grid.n_row):
        _, lat = grid.lonlat(slice(row, row + 1))
        beyond = (np.abs(lat[0]) > MAX_LATITUDE_DEG) & (out.flag[row] == OK)
        out.flag[row, beyond] = DOMAIN
        out.loss_db[:, :, row, beyond] = np.nan
        out.departure_deg[row, beyond] = np.nan


def _in_pieces(change: Callable[..., None], *arrays: Float32Array) -> None:
    """Change flat arrays in place, a piece to a thread at a time."""

    def piece(first: int) -> None:
        change(*(array[first : first + _PIECE] for array in arrays))

    in_threads(piece, range(0, arrays[0].size, _PIECE))


@driver
def _to_polar(east_to_azimuth: Float32Array, north_to_distance: Float32Array) -> None:
    """East and north [m] to azimuth [deg] and distance [km], in place."""
    for p in range(east_to_azimuth.size):
        e, n = np.float64(east_to_azimuth[p]), np.float64(north_to_distance[p])
        across, along = abs(e), abs(n)
        is_steep = across > along
        long, short = larger(across, along), smaller(across, along)
        angle = atan(short / long if long > 0.0 else 0.0)
        angle = 0.5 * math.pi - angle if is_steep else angle
        angle = math.pi - angle if n < 0.0 else angle
        angle = 2.0 * math.pi - angle if e < 0.0 else angle
        east_to_azimuth[p] = np.float32(angle * (180.0 / math.pi))
        north_to_distance[p] = np.float32(0.001 * math.sqrt(e * e + n * n))

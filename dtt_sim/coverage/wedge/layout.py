"""Names that the parts of the wedge search share: sizes, lane rows, and what a thread works on."""

from __future__ import annotations

from typing import NamedTuple

from dtt_sim.propagation.p1812_tile.rows import N_INPUT
from dtt_sim.typing import Float32Array, Int32Array, IntArray, UInt8Array

GROUP = 16
"""Receivers searched together, one per SIMD lane; consecutive in range within their wedge."""
BLOCK = 32
"""Columns under one block bound; numbers in single precision that loops take at a time."""
MAX_SPAN = 96
"""Columns that one group may span; beyond, its lanes are filled up with its last receiver."""

NEVER = -1e300
"""Below every slope and clearance: the maximum of no samples."""
SURELY = 1e30
"""Above every height: the threshold of a lane that has no question."""

# Rows of the lane scratch: one value for each receiver of the group.
(
    X,  # range [columns]
    T,  # cross-range over range [-]
    N,  # number of intervals; samples stand at columns 1 .. n-1
    STEP,  # column spacing [km]
    H_R,  # ground at the receiver above sea level [m]
    HRS,  # receiving antenna above sea level [m]
    CHORD,  # slope of the line between the antennas [m/column]
    LAT,  # latitude of the path centre [deg]
    DELTA_N,  # ΔN there [N-units/km]
    N0,  # N0 there [N-units]
    AE_KM,  # median effective Earth radius [km]
    A_E,  # curvature of the median effective Earth [m/column²]
    A_B,  # curvature of the Earth radius of β0 % [m/column²]
    TX_0,  # steepest slope from the transmitter: bare, flat Earth [m/column]
    TX_E,  # bare, median Earth
    TX_G_E,  # with clutter, median Earth
    TX_G_B,  # with clutter, β0 Earth
    I_TX,  # first column of TX_E
    RX_0,  # steepest slope from the receiver, the same four
    RX_E,
    RX_G_E,
    RX_G_B,
    I_RX,  # last column of RX_E
    OBSTRUCTION,  # largest height above the line between the antennas [m]
    NU_E,  # largest ν|ν| of a line of sight: bare, median Earth (in column units)
    I_NU,  # last column of NU_E
    NU_G_E,  # with clutter, median Earth
    NU_G_B,  # with clutter, β0 Earth
    ASKS_RX_0,  # 1.0 where the lane needs the maximum named, 0.0 where not
    ASKS_RX_E,
    ASKS_RX_G_E,
    ASKS_RX_G_B,
    ASKS_OBSTRUCTION,
    ASKS_NU_E,
    ASKS_NU_G_E,
    ASKS_NU_G_B,
    SUM,  # sum of the heights of the samples [m]
    MOMENT,  # the same, each times its column
    H_LAST,  # height of the last sample [m]
    HST_N,  # smooth-Earth heights at the ends, not limited [m]
    HSR_N,
    HST,  # smooth-Earth height at the transmitter, limited [m]
    HST_SLOPE,  # slope of the smooth surface [m/column]
    FIRST,  # columns between which the roughness is taken, both included
    LAST,
    ROUGHNESS,  # largest height above the smooth surface [m]
) = range(46)
COEFFICIENTS = 46
"""First of four rows for every question, see :mod:`dtt_sim.coverage.wedge.thresholds`."""
N_QUESTION = 9
RESULTS = COEFFICIENTS + 4 * N_QUESTION
"""First of the rows for the closed form, in its order."""
N_LANE_ROW = RESULTS + N_INPUT


class Setup(NamedTuple):
    """What all wedges of a sector share.

    Attributes
    ----------
    q : int
        Wedges per unit of slope: the number of columns of the whole disc.
    cell_km : float
        Cell size of the warped ground [km].
    h_t_m, hts_m : float
        Ground and antenna at the transmitter above sea level [m].
    hrg_m : float
        Receiving antenna above ground [m].
    inverse_ab_per_km : float
        One over the Earth radius of β0 % [1/km].
    inverse_ae_min_per_km, inverse_ae_max_per_km : float
        Range of one over the median effective Earth radius over the sector [1/km].
    root_wavelength : float
        Square root of the longest wavelength [√m].
    has_clutter : bool
        The sector has clutter somewhere.
    needs_beta : bool
        A percentage of time other than 50 is asked for.
    zone : int
        Zone code of the whole sector, 0 where it varies.
    """

    q: int
    cell_km: float
    h_t_m: float
    hts_m: float
    hrg_m: float
    inverse_ab_per_km: float
    inverse_ae_min_per_km: float
    inverse_ae_max_per_km: float
    root_wavelength: float
    has_clutter: bool
    needs_beta: bool
    zone: int


class SectorArrays(NamedTuple):
    """A :class:`terrain.sector.Sector` as the kernels read it."""

    first_row: Int32Array
    offset: IntArray
    height_m: Float32Array
    clutter_m: Float32Array
    zone: UInt8Array


class Strip(NamedTuple):
    """One wedge's ground, column by column: the only terrain that the search reads.

    Attributes
    ----------
    node : (NODE * n_pad,) float32
        Of each column the heights of the three rows that a path of the wedge can touch [m], gaps
        filled; the row of the first; and the clutter heights of the three [m].
    zone : (4 * n_pad,) uint8
        Zone codes of the three.
    upper, lower : (n_pad,) float32
        No path of the wedge meets ground above or below these [m]; upper -inf where no sample is.
    cover_upper, cover_lower : (n_pad,) float32
        The same with clutter; the same arrays where there is none.
    top, cover_top : (n_block,) float32
        Largest `upper` and `cover_upper` of each block.
    gap : (n_pad,) int32
        Columns with a node of unknown height, ascending.
    """

    node: Float32Array
    zone: UInt8Array
    upper: Float32Array
    lower: Float32Array
    cover_upper: Float32Array
    cover_lower: Float32Array
    top: Float32Array
    cover_top: Float32Array
    gap: Int32Array


NODE = 8
"""Numbers kept of a column, so that one column is one half of a cache line."""

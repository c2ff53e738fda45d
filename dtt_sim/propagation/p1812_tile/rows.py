"""Rows and lanes of a tile; the package's docstring says what each row holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from dtt_sim._jit import inline_kernel, kernel

LANES = 512  # receivers in a tile
STRIDE = 520  # between rows: 4096 bytes would put all rows into the same cache sets
GROUP = 16  # lanes in use are a multiple: no remainder loops

# fmt: off
(
    D_KM, STEP_KM, N_COL, H_R, AE_KM, LAT_DEG, N0,
    TRANS_HORIZON, TX_SLOPE, RX_SLOPE, DLT_KM, DLR_KM, HOBS_M, ALPHA_T, ALPHA_R,
    COVER_TH_E, STIM_E, SRIM_E, NU_LOS_E, COVER_TH_B, STIM_B, SRIM_B, NU_LOS_B,
    HST_N, HSR_N, HM_M, OMEGA, DTM_KM, DLM_KM, DCT_KM, DCR_KM,
) = range(31)
N_INPUT = 31
(
    NU_E, NU_B, NU_SMOOTH_E, NU_SMOOTH_B, THETA_T, THETA_R, THETA, HSTD, HSRD, HEIGHT_T, HEIGHT_R,
    HTE, HRE, LN_D, LN_BETA0, LN_BETA, PER_I_BETA0, GAMMA, LBFS_1GHZ, ES_PER_LN, FJ, FK,
    TROPOSCATTER, DUCT_BASE, DUCT_F13, SHIELD_T, SHIELD_R, LN_ADFT_E, LN_ADFT_B, PER_ROOT3_E,
    PER_ROOT3_B, HSE_E, HSE_B,
    PER_D, PER_STEP, RADIUS_E, RADIUS_B, CURVATURE_E, CURVATURE_B, ROOT_A_E, ROOT_A_B,
    POINT_E, POINT_B, ROOT_T, ROOT_R, AEM_KM, TAU,
    SPHERE_E, SPHERE_B, LD50, LD_CHANGE, LBA_F,
) = range(N_INPUT, N_INPUT + 52)
# fmt: on
N_ROW = N_INPUT + 52

AB_KM = 3.0 * 6371.0  # effective Earth radius of β0 %, (7b)

FloatArray = NDArray[np.float64]


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Address of a value, from the code generator's (tile, row, lane)."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    stride = context.get_constant(types.intp, STRIDE)
    return builder.gep(array.data, [builder.add(builder.mul(args[1], stride), args[2])])


# Intrinsics: as functions these two would be compiled once per row, and an index of mixed signs
# has either a wrap-around, which stops vectorisation, or the type of a float.
@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def get(_context: Any, tile: Any, _row: Any, _lane: Any) -> Any:
    """Value of a row at a lane."""

    def load(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, args))

    return types.float64(tile, types.intp, types.uint64), load


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def put(_context: Any, tile: Any, _row: Any, _lane: Any, _value: Any) -> Any:
    """Set a row's value at a lane."""

    def store(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[3], _pointer(context, builder, signature, args))
        return context.get_dummy_value()

    return types.void(tile, types.intp, types.uint64, types.float64), store


@inline_kernel
def lanes(m: int) -> np.uint64:
    """Lanes to loop over, visibly a multiple of `GROUP` to the compiler."""
    return np.uint64(m) // np.uint64(GROUP) * np.uint64(GROUP)


@kernel
def has_sea(tile: FloatArray, m: int) -> bool:
    """Whether some path of the tile crosses the sea."""
    n_sea = np.uint64(0)
    for lane in range(lanes(m)):
        n_sea += np.uint64(get(tile, OMEGA, lane) > 0.0)
    return bool(n_sea > np.uint64(0))

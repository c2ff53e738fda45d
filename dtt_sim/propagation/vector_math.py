"""Elementary functions as straight-line code, so that LLVM vectorises the loops that call them.

numba's LLVM has no vector mathematics library: one call of libm keeps a loop scalar. These kernels
use only additions, products, quotients, selects and 64-bit integer operations that every vector
unit from SSE2 and NEON on has, without branches, tables or conversions. They give the same bits in
vector and in scalar code. Between processors the last bit may differ: a product and a sum are fused
where the processor can do so, which is a third faster. Errors are below 1e-15 relative. The
polynomials are Chebyshev fits made with 60 digits; the leading terms of a function stand outside of
them.

NaN is not kept: use finite arguments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from dtt_sim._jit import inline_kernel

LN10 = math.log(10.0)
EXP_MIN = -708.0  # exp is zero below: no subnormal results
EXP_MAX = 709.0  # and does not grow beyond

_LOG2_E = 1.0 / math.log(2.0)
_LN2_HIGH = 6.93147180369123816490e-01  # 32 trailing zero bits: products with exponents are exact
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 1.5 * 2.0**52  # adding it rounds to an integer, which is left in the lowest bits

_BITS = np.uint64(52)  # of a double's fraction
_FRACTION = np.uint64(0x000FFFFFFFFFFFFF)
_ROOT_HALF = np.uint64(0x3FE6A09E00000000)  # bits of nearly sqrt(1/2)
_TO_ONE = np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)
_TWO_52 = np.uint64(0x4330000000000000)  # bits of 2^52; or-ing a small integer adds it
_TWO_52_AND_BIAS = 2.0**52 + 1023.0

_TAN_PI_8 = math.tan(math.pi / 8.0)
_TAN_3PI_8 = math.tan(3.0 * math.pi / 8.0)
_QUARTER_PI = 0.25 * math.pi
_HALF_PI = 0.5 * math.pi


def _cast(
    context: Any, builder: Any, signature: Any, args: tuple[Any]
) -> Any:  # the one instruction of both intrinsics
    return builder.bitcast(args[0], context.get_value_type(signature.return_type))


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _bits(_context: Any, _x: Any) -> Any:
    """Bits of a double as an unsigned integer."""
    return types.uint64(types.float64), _cast


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _double(_context: Any, _x: Any) -> Any:
    """Double that has the given bits."""
    return types.float64(types.uint64), _cast


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def multiply_add(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Sum a b + c, rounded once where the processor can do so and twice elsewhere."""

    def call(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = args[0].type
        ternary = cgutils.ir.FunctionType(kind, (kind, kind, kind))
        function = builder.module.declare_intrinsic("llvm.fmuladd", (kind,), ternary)
        return builder.call(function, args)

    return types.float64(types.float64, types.float64, types.float64), call


@inline_kernel
def larger(a: float, b: float) -> float:
    """Greater of two numbers, as one instruction; numba's ``max`` is several."""
    return a if a > b else b  # noqa: FURB136


@inline_kernel
def smaller(a: float, b: float) -> float:
    """Smaller of two numbers."""
    return a if a < b else b  # noqa: FURB136


@inline_kernel
def round_down(x: float) -> float:
    """Largest integer below `x`, or `x` itself if it is an even integer; for ``|x| < 2^50``."""
    return ((x - 0.5) + _ROUND) - _ROUND


@inline_kernel
def ln(x: float) -> float:
    """Natural logarithm of a positive normal number.

    x = 2^k (1 + f) with 1 + f in sqrt(1/2)..sqrt(2); ln(1 + f) = 2 artanh(s), s = f / (2 + f).
    """
    shifted = _bits(x) + _TO_ONE
    k = _double((shifted >> _BITS) | _TWO_52) - _TWO_52_AND_BIAS
    f = _double((shifted & _FRACTION) + _ROOT_HALF) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = multiply_add(w, 0.15331710618210773, 0.22222211130259878)
    even = multiply_add(w, even, 0.39999999999899444)
    odd = multiply_add(w, 0.14616585424888623, 0.18182889455674947)
    odd = multiply_add(w, odd, 0.2857142862600327)
    odd = multiply_add(w, odd, 0.666666666666667)
    tail = multiply_add(w, even, z * odd)
    half_square = 0.5 * f * f
    small = multiply_add(s, half_square + tail, k * _LN2_LOW)
    result: float = multiply_add(k, _LN2_HIGH, f - (half_square - small))
    return result


@inline_kernel
def exp(x: float) -> float:
    """Exponential function: 0 below -708, never more than exp(709)."""
    bounded = smaller(larger(x, EXP_MIN), EXP_MAX)
    shifted = multiply_add(bounded, _LOG2_E, _ROUND)
    k = shifted - _ROUND
    r = multiply_add(k, -_LN2_LOW, multiply_add(k, -_LN2_HIGH, bounded))
    w = r * r
    even = multiply_add(w, 2.7620201591031547e-07, 2.4801521057868204e-05)
    even = multiply_add(w, even, 0.0013888888917367081)
    even = multiply_add(w, even, 0.041666666666623824)
    even = multiply_add(w, even, 0.5000000000000001)
    odd = multiply_add(w, 2.5100472505694996e-08, 2.7557268276905696e-06)
    odd = multiply_add(w, odd, 0.00019841269863171557)
    odd = multiply_add(w, odd, 0.008333333333330039)
    odd = multiply_add(w, odd, 0.16666666666666669)
    value = 1.0 + multiply_add(w, multiply_add(r, odd, even), r)
    scaled = _double(_bits(value) + (_bits(shifted) << _BITS))
    return scaled if x >= EXP_MIN else 0.0


@inline_kernel
def log1p_exp(x: float) -> float:
    """ln(1 + exp(-|x|)), the excess of a soft maximum; absolute error below 1e-15."""
    return ln(1.0 + exp(-abs(x)))


@inline_kernel
def atan(x: float) -> float:
    """Arc tangent [rad], reduced to arguments below tan(π/8)."""
    size = abs(x)
    is_middle = size > _TAN_PI_8
    is_large = size > _TAN_3PI_8
    upper = -1.0 if is_large else (size - 1.0 if is_middle else size)
    lower = size if is_large else (size + 1.0 if is_middle else 1.0)
    start = _HALF_PI if is_large else (_QUARTER_PI if is_middle else 0.0)
    t = upper / lower
    z = t * t
    w = z * z
    even = multiply_add(w, -0.019175404711104935, -0.050854078345894844)
    even = multiply_add(w, even, -0.06664510525508936)
    even = multiply_add(w, even, -0.0909090457530649)
    even = multiply_add(w, even, -0.14285714284665682)
    even = multiply_add(w, even, -0.3333333333333333)
    odd = multiply_add(w, 0.03923044778479309, 0.05858140904866328)
    odd = multiply_add(w, odd, 0.07692183125376892)
    odd = multiply_add(w, odd, 0.11111111015187018)
    odd = multiply_add(w, odd, 0.19999999999995516)
    tail = z * multiply_add(z, odd, even)
    return math.copysign(start + multiply_add(t, tail, t), x)

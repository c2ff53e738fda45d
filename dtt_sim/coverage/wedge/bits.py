"""Comparisons of whole blocks as bit masks: two small pieces of LLVM that any processor has."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dtt_sim.coverage.wedge.layout import BLOCK


@intrinsic  # type: ignore[untyped-decorator]
def positive_mask(typing_context: Any, values: Any) -> Any:
    """Bit m of the result tells whether `values[m]` is above zero; `(BLOCK,)` float32."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        vector = ir.VectorType(ir.FloatType(), BLOCK)
        pointer = builder.bitcast(array.data, vector.as_pointer())
        loaded = builder.load(pointer)
        loaded.align = 4
        zero = ir.Constant(vector, [0.0] * BLOCK)
        is_above = builder.fcmp_ordered(">", loaded, zero)
        mask = builder.bitcast(is_above, ir.IntType(BLOCK))
        return builder.zext(mask, ir.IntType(64))

    return types.int64(values), generate


@intrinsic  # type: ignore[untyped-decorator]
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Index of the lowest set bit of an integer that is not zero."""
    del typing_context, mask

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        word = ir.IntType(64)
        count = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(word, [word, ir.IntType(1)]), "llvm.cttz.i64"
        )
        return builder.call(count, [arguments[0], ir.Constant(ir.IntType(1), 1)])

    return types.int64(types.int64), generate

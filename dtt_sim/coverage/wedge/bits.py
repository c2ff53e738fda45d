"""What numba has no word for: a few small pieces of LLVM that any processor has."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dtt_sim.coverage.wedge.layout import BLOCK


def _load_block(builder: Any, data: Any, at: Any) -> Any:
    """BLOCK numbers in single precision as one vector."""
    vector = ir.VectorType(ir.FloatType(), BLOCK)
    loaded = builder.load(builder.bitcast(builder.gep(data, [at]), vector.as_pointer()))
    loaded.align = 4
    return loaded


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """One number in all places of a vector."""
    one = builder.insert_element(
        ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    every = ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK)
    return builder.shuffle_vector(one, one, every)


def _half(builder: Any, vector: Any, first: int, width: int) -> Any:
    """Elements `first` .. `first` + `width` - 1."""
    places = list(range(first, first + width))
    return builder.shuffle_vector(
        vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), width), places)
    )


@intrinsic  # type: ignore[untyped-decorator]
def positive_mask(typing_context: Any, values: Any, at: Any) -> Any:
    """Bit m of the result tells whether `values[at + m]` is above zero, m < BLOCK; float32."""
    del typing_context, at

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        loaded = _load_block(builder, array.data, arguments[1])
        zero = ir.Constant(loaded.type, [0.0] * BLOCK)
        is_above = builder.fcmp_ordered(">", loaded, zero)
        mask = builder.bitcast(is_above, ir.IntType(BLOCK))
        return builder.zext(mask, ir.IntType(64))

    return types.int64(values, types.int64), generate


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


@intrinsic  # type: ignore[untyped-decorator]
def ramps(
    typing_context: Any, values: Any, at: Any, weight_at: Any, line_at: Any, n_line: Any, place: Any
) -> Any:
    """Sum of BLOCK ramps and up to BLOCK lines at `place`, in a fixed order; single precision.

    Ramps are zero up to `values[at + m]` and rise with `values[weight_at + m]` from there; lines are
    `values[line_at + m]` place - `values[line_at + BLOCK + m]`, m < `n_line`.
    """
    del typing_context, at, weight_at, line_at, n_line, place

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        _, starts, weights, lines, number, position = arguments
        start = _load_block(builder, array.data, starts)
        here = _spread(builder, position, start.type)
        zero = ir.Constant(start.type, [0.0] * BLOCK)
        run = builder.fsub(here, start)
        run = builder.select(builder.fcmp_ordered(">", run, zero), run, zero)
        part = builder.fmul(run, _load_block(builder, array.data, weights))
        line = builder.fmul(here, _load_block(builder, array.data, lines))
        heads = builder.add(lines, ir.Constant(lines.type, BLOCK))
        line = builder.fsub(line, _load_block(builder, array.data, heads))
        index = ir.VectorType(ir.IntType(64), BLOCK)
        places = ir.Constant(index, list(range(BLOCK)))
        counts = builder.icmp_signed("<", places, _spread(builder, number, index))
        part, width = builder.fadd(part, builder.select(counts, line, zero)), BLOCK
        while width > 1:  # the upper half to the lower one
            width //= 2
            low, high = _half(builder, part, 0, width), _half(builder, part, width, width)
            part = builder.fadd(low, high)
        return builder.extract_element(part, ir.Constant(ir.IntType(32), 0))

    integer = types.int64
    return types.float32(values, integer, integer, integer, integer, types.float32), generate


@intrinsic  # type: ignore[untyped-decorator]
def place_of_largest(typing_context: Any, values: Any, at: Any) -> Any:
    """The m < BLOCK for which `values[at + m]` is largest, the first of equals; float32."""
    del typing_context, at

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        whole = _load_block(builder, array.data, arguments[1])
        part, width = whole, BLOCK
        while width > 1:
            width //= 2
            low, high = _half(builder, part, 0, width), _half(builder, part, width, width)
            part = builder.select(builder.fcmp_ordered(">", low, high), low, high)
        index = ir.IntType(32)
        largest = builder.shuffle_vector(
            part, part, ir.Constant(ir.VectorType(index, BLOCK), [0] * BLOCK)
        )
        mask = builder.bitcast(builder.fcmp_ordered("==", whole, largest), ir.IntType(BLOCK))
        count = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.IntType(BLOCK), [ir.IntType(BLOCK), ir.IntType(1)]),
            f"llvm.cttz.i{BLOCK}",
        )
        place = builder.call(count, [mask, ir.Constant(ir.IntType(1), 0)])
        return builder.and_(
            builder.zext(place, ir.IntType(64)), ir.Constant(ir.IntType(64), BLOCK - 1)
        )

    return types.int64(values, types.int64), generate

"""Vectorisable elementary functions against numpy's in extended precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dtt_sim._jit import driver
from dtt_sim.propagation import vector_math as vm

F64 = NDArray[np.float64]
Kernel = Callable[[float], float]
SIZE = 200_000
IS_PRECISE = np.finfo(np.longdouble).eps < 1e-18  # else the reference is no better than the kernel


def over(kernel: Kernel) -> Callable[[F64], F64]:
    """The kernel over an array, in a loop that LLVM vectorises."""

    @driver
    def loop(x: F64, out: F64) -> None:
        for i in range(np.uint64(x.size)):
            out[i] = kernel(x[i])

    def call(x: F64) -> F64:
        out = np.empty_like(x)
        loop(x, out)
        return out

    return call


def worst(got: F64, x: F64, reference: Callable[[np.longdouble], np.longdouble]) -> float:
    """Largest relative error."""
    expected = reference(x.astype(np.longdouble))  # type: ignore[arg-type]
    return float(np.max(np.abs((got - expected) / expected)))


RNG = np.random.default_rng(5)
SIGNS = RNG.choice([-1.0, 1.0], SIZE)
RANGES = {
    "ln everywhere": (vm.ln, np.log, np.exp(RNG.uniform(-708.0, 709.0, SIZE))),
    "ln near 1": (vm.ln, np.log, 1.0 + SIGNS * 10.0 ** RNG.uniform(-15.0, -0.4, SIZE)),
    "exp everywhere": (vm.exp, np.exp, RNG.uniform(-708.0, 709.0, SIZE)),
    "exp near 0": (vm.exp, np.exp, SIGNS * 10.0 ** RNG.uniform(-18.0, 0.5, SIZE)),
    "atan everywhere": (vm.atan, np.arctan, SIGNS * 10.0 ** RNG.uniform(-12.0, 12.0, SIZE)),
    "atan near its seams": (vm.atan, np.arctan, SIGNS * RNG.uniform(0.3, 3.0, SIZE)),
}


@pytest.mark.parametrize("name", RANGES)
def test_relative_error(name: str) -> None:
    kernel, reference, x = RANGES[name]
    assert worst(over(kernel)(x), x, reference) < (5e-16 if IS_PRECISE else 1e-15)


def test_exact_values() -> None:
    assert vm.ln(1.0) == 0.0
    assert vm.exp(0.0) == 1.0
    assert vm.atan(0.0) == 0.0
    assert vm.ln(float(np.finfo(np.float64).tiny)) == pytest.approx(-708.3964185322641, rel=1e-15)
    assert vm.ln(float(np.finfo(np.float64).max)) == pytest.approx(709.782712893384, rel=1e-15)


def test_exp_saturates() -> None:
    assert vm.exp(-708.0) > 0.0
    assert vm.exp(-708.001) == vm.exp(-1e300) == vm.exp(-math.inf) == 0.0
    assert vm.exp(709.0) == vm.exp(1e300) == vm.exp(math.inf) == pytest.approx(math.exp(709.0))


def test_arc_tangent_is_odd_and_bounded() -> None:
    x = 10.0 ** RNG.uniform(-5.0, 5.0, 1000)
    np.testing.assert_array_equal(over(vm.atan)(-x), -over(vm.atan)(x))
    assert vm.atan(1e300) == math.pi / 2.0


def test_soft_maximum_excess() -> None:
    x = SIGNS * 10.0 ** RNG.uniform(-6.0, 3.0, SIZE)
    expected = np.log1p(np.exp(-np.abs(x)))
    np.testing.assert_allclose(over(vm.log1p_exp)(x), expected, rtol=0, atol=4e-16)
    assert vm.log1p_exp(0.0) == pytest.approx(math.log(2.0), abs=1e-16)


@pytest.mark.parametrize("x", [-7.3, -1.0, -0.2, 0.3, 0.999999, 1.5, 12345.678])
def test_round_down(x: float) -> None:
    found = vm.round_down(x)
    assert found == math.floor(x) or (x == math.floor(x) and found == x - 1.0)


def test_vector_and_scalar_code_give_the_same_bits() -> None:
    for kernel, _, x in RANGES.values():
        np.testing.assert_array_equal(over(kernel)(x[:257]), [kernel(v) for v in x[:257]])


def test_selects() -> None:
    assert (vm.larger(1.0, 2.0), vm.larger(2.0, 1.0)) == (2.0, 2.0)
    assert (vm.smaller(1.0, 2.0), vm.smaller(2.0, 1.0)) == (1.0, 1.0)

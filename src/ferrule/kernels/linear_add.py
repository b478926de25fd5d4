"""Add as one linear form, for every core."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from ferrule.fixed_point import Int64, activation_range
from ferrule.ir import Op, Struct
from ferrule.kernels import dsp
from ferrule.kernels.kernel import Kernel, Unproved
from ferrule.ops.add import Add

# Fractional bits that are tried, from the most that fit; and changes of both factors.
_TRIED_BITS = 4
_CHANGES = sorted(((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)), key=lambda c: abs(c[0] * c[1]))


@dataclass(frozen=True)
class Form:
    """`(a * first + b * second + constant) >> shift`, clamped to -128 to 127."""

    first: int
    second: int
    constant: int
    shift: int


@cache
def form(op: Add) -> Form | None:
    """A linear form that is the operator for all 65,536 pairs of stored values, if one is found.

    For given factors each pair bounds the constant from below and above, unless its sum is
    clamped, which bounds it on one side.
    """
    values = np.arange(-128, 128)
    a, b = np.repeat(values, 256), np.tile(values, 256)
    stored = op.reference(a.astype(np.int8), b.astype(np.int8)).astype(np.int64)
    ratios = [tensor.scale / op.output.scale for tensor in op.inputs]
    largest = 128 * sum(ratios) + 128
    bits = 31 - int(np.ceil(np.log2(largest)))
    for shift in range(bits, max(bits - _TRIED_BITS, 0), -1):
        for change in _CHANGES:
            factors = [round(ratios[i] * 2**shift) + change[i] for i in (0, 1)]
            constant = _constant(stored, a * factors[0] + b * factors[1], shift)
            if constant is not None:
                return Form(factors[0], factors[1], constant, shift)
    return None


def _constant(stored: Int64, sums: Int64, shift: int) -> int | None:
    """What makes the sums the stored values, if anything does and all fits 32 bits."""
    least = ((stored << shift) - sums)[stored > -128].max(initial=-(1 << 40))
    most = (((stored + 1) << shift) - 1 - sums)[stored < 127].min(initial=1 << 40)
    constant = int(np.clip((least + most) // 2, -(1 << 30), 1 << 30))
    # Some cores count them from the least stored value.
    most_sum = (sums + constant).max() + (128 << shift)
    fits = max(np.abs(sums).max(), np.abs(sums + constant).max(), most_sum) < 1 << 31
    if not (least <= constant <= most and fits):
        return None
    return constant


@dataclass(frozen=True, eq=False)
class LinearAdd(Kernel):
    """Two tensors of one shape: two multiplications, a shift and a clamp for each element.

    Inner loop: load two bytes, two multiplications that add to a constant, one shift, two
    comparisons, store a byte.
    """

    computes: ClassVar[type[Op]] = Add
    name: ClassVar[str] = "linear_add"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Broadcasting, constants, and sums that no linear form has exactly."""
        assert isinstance(op, Add)
        if len(op.activations) != 2 or op.inputs[0].shape != op.inputs[1].shape:
            return "an operand is broadcast, constant, or both are the same"
        if activation_range(op.activation, op.output) != (-128, 127):
            return "its results are clamped to less than 8 bits"
        return "" if form(op) else Unproved("no linear form has all 65,536 sums exactly")

    def params(self) -> Struct:
        """Fields of `LinearAdd` in `crates/kernels/src/linear_add.rs`."""
        assert isinstance(self.op, Add)
        found = form(self.op)
        assert found is not None
        return Struct(
            "LinearAdd",
            {
                "first": found.first,
                "second": found.second,
                "constant": found.constant,
                "shift": found.shift,
            },
        )


@dataclass(frozen=True, eq=False)
class LinearAddDsp(LinearAdd):
    """The same with saturation in one instruction.

    Inner loop: load two bytes, two multiply-accumulates, a shift and SSAT in one instruction,
    store a byte; four elements a round.
    """

    needs: ClassVar[frozenset[str]] = dsp.NEEDS
    name: ClassVar[str] = "linear_add_dsp"

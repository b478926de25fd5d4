"""Add as one linear form, which is compared with the operator on all pairs of values."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar

import numpy as np

from ferrule.fixed_point import activation_range
from ferrule.ir import Op, Struct
from ferrule.kernels.kernel import Kernel
from ferrule.ops.add import Add


@dataclass(frozen=True)
class Linear:
    """`clamp((first * a + second * b + constant) >> shift, 0, span) + low` for stored values."""

    first: int
    second: int
    constant: int
    shift: int


@dataclass(frozen=True, eq=False)
class AddLinear(Kernel):
    """Two multiplications and one shift for each element."""

    op: Add
    computes: ClassVar[type[Op]] = Add
    needs: ClassVar[frozenset[str]] = frozenset({"rv32"})

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why not: something is broadcast or constant, or no linear form is exact."""
        assert isinstance(op, Add)
        first, second = op.inputs
        if len(op.activations) != 2 or not first.shape == second.shape == op.output.shape:
            return "made for two tensors of one shape"
        return "" if linear(op) else "no linear form equals it on all pairs of values"

    @property
    def module(self) -> str:
        """The module of the kernels crate."""
        return "add_linear"

    @property
    def function(self) -> str:
        """The Rust function in that module."""
        return "add_linear"

    def params(self) -> Struct:
        """Fields of `AddLinear` in `crates/kernels/src/add_linear.rs`."""
        form = linear(self.op)
        assert form is not None
        low, high = activation_range(self.op.activation, self.op.output)
        return Struct(
            "AddLinear",
            {
                "first": form.first,
                "second": form.second,
                "constant": form.constant,
                "shift": form.shift,
                "low": low,
                "span": high - low,
            },
        )


@cache
def linear(op: Add) -> Linear | None:
    """An exact linear form with the largest shift that stays inside 32 bits, if there is one."""
    low, high = activation_range(op.activation, op.output)
    values = np.arange(-128, 128, dtype=np.int8)
    stored = np.stack([pair.ravel() for pair in np.meshgrid(values, values)])
    results = op.reference(*stored).astype(np.int64) - low
    ratios = [tensor.scale / op.output.scale for tensor in op.inputs]
    for shift in range(24, 7, -1):
        near = [round(ratio * 2**shift) for ratio in ratios]
        for changes in product((0, 1, -1), repeat=2):
            first, second = (value + change for value, change in zip(near, changes, strict=True))
            sums = stored[0].astype(np.int64) * first + stored[1].astype(np.int64) * second
            # Every pair bounds the constant, on one side only where the result is clamped.
            least = (results << shift)[results > 0] - sums[results > 0]
            most = ((results + 1) << shift)[results < high - low] - sums[results < high - low] - 1
            if least.size and most.size and least.max() <= most.min():
                constant = (int(least.max()) + int(most.min())) // 2
                if np.abs(sums + constant).max() < 1 << 31 and abs(constant) < 1 << 31:
                    return Linear(first, second, constant, shift)
    return None

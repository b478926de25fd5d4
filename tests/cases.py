"""Cases: graphs of one operator each, written once and run by every runner.

A module in `ops/` lists the cases of one operator as `CASES`. The functions here make their
tensors; what is random follows from the case's name.
"""

import importlib
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ferrule.inputs import generate
from ferrule.ir import Array, Graph, Op, Quant, Tensor

#: Standard deviation of int8 values that are equally likely.
SPREAD = 74.0


@dataclass(frozen=True)
class Case:
    """A graph and the seeds of the inputs it is run on."""

    name: str
    graph: Graph
    seeds: tuple[int, ...] = (1, 2, 3)

    def inputs(self) -> list[list[Array]]:
        """The inputs for each seed."""
        return [generate(self.graph, seed) for seed in self.seeds]


def all_cases() -> list[Case]:
    """The cases of every operator, by module and in the order of its list."""
    folder = Path(__file__).parent / "ops"
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return [case for module in modules for case in importlib.import_module(f"ops.{module}").CASES]


def case(op: Op) -> Case:
    """A case named after its only operator."""
    return Case(op.name, Graph(op.name, (op,), op.activations, op.outputs))


def random(name: str) -> np.random.Generator:
    """Random numbers that follow from a name."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def activations(
    name: str, shape: Sequence[int], scale: float = 0.05, zero_point: int = 0
) -> Tensor:
    """An int8 tensor that is computed at run time, or an input."""
    return Tensor(name, tuple(shape), "int8", Quant((float32(scale),), (zero_point,)))


def constant(name: str, data: Array, scale: float = 0.05, zero_point: int = 0) -> Tensor:
    """An int8 constant."""
    quant = Quant((float32(scale),), (zero_point,))
    return Tensor(name, data.shape, "int8", quant, data.astype(np.int8))


def float32(value: float) -> float:
    """The nearest number that a scale can be."""
    return float(np.float32(value))


@dataclass(frozen=True)
class Filters:
    """Random weights and bias, and the scale of an output that uses its whole range.

    With `gain` 1 about one output in twenty saturates; a larger gain saturates more, and the
    requantization shifts left once it exceeds about `30 * sqrt(weights of an output)`.
    """

    weights: Tensor
    bias: Tensor
    output_scale: float

    @staticmethod
    def random(
        name: str,
        shape: Sequence[int],
        axis: int,
        source: Tensor,
        *,
        per_channel: bool = True,
        gain: float = 1.0,
        zero_point: int = 0,
        bias_gain: float = 1.0,
        constant: int | None = None,
    ) -> "Filters":
        """Weights of this shape with the output channels along `axis`.

        `constant` gives all weights one value.
        """
        numbers = random(name)
        channels = shape[axis]
        taps = math.prod(shape) // channels
        data = numbers.integers(-128, 128, shape)
        if constant is not None:
            data = np.full(shape, constant)
        scales = [0.01]
        if per_channel:
            scales = list(0.01 * 2.0 ** numbers.uniform(-4, 2, channels))
        spread = SPREAD * SPREAD * math.sqrt(taps)
        bias = numbers.normal(0, spread * bias_gain, channels).astype(np.int32)
        quant = Quant(
            tuple(map(float32, scales)),
            (zero_point,) * len(scales),
            axis if len(scales) > 1 else None,
        )
        return Filters(
            Tensor("weights", tuple(shape), "int8", quant, data.astype(np.int8)),
            Tensor("bias", (channels,), "int32", data=bias),
            source.scale * max(scales) * spread / (60 * gain),
        )

    @staticmethod
    def ties(shape: Sequence[int]) -> "Filters":
        """Weights of 0, and six biases that are nearly halfway between two outputs.

        They round differently if the ratio of scales, which includes `TIES_SCALE` of the input, is
        computed in float32, even in part.
        """
        data = np.zeros(shape, np.int8)
        bias = np.array([-433359, -289792, -146225, 146225, 289792, 433359], np.int32)
        return Filters(
            Tensor("weights", tuple(shape), "int8", Quant((0.009399015456438065,), (0,)), data),
            Tensor("bias", (6,), "int32", data=bias),
            0.5651571154594421,
        )


#: Scale of the input that goes with `Filters.ties`.
TIES_SCALE = 0.011308264918625355

"""Keeps the weights of an image near those of the model, whatever kernels pack them into.

What counts is what the operators with weights have in flash: weights, bias and requantization,
padding and tables of places. In the model these are the constants and four bytes for the scale of
each output channel. Tables of operators without weights, as of Softmax, do not count.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ferrule.ir import Op
from ferrule.kernels.choice import Choice
from ferrule.kernels.kernel import Kernel
from ferrule.target import Core

_SCALE_BYTES = 4
# By how much weights may grow where nothing else is said; and what they may grow by anyway, as
# layers of a few weights are mostly requantization.
_WITH_SIMD = Fraction(15, 100)
_WITHOUT = Fraction(30, 100)
_FREE_BYTES = 512


def given_bytes(op: Op) -> int:
    """Bytes of an operator's weights, bias and scales in the model; 0 if it has none."""
    constants = [tensor for tensor in op.inputs if tensor.data is not None]
    scales = [len(t.quant.scales) for t in constants if t.quant and t.dtype == "int8"]
    return sum(tensor.bytes for tensor in constants) + _SCALE_BYTES * max(scales, default=0)


def most_bytes(ops: Sequence[Op], core: Core, growth: Fraction | None = None) -> int:
    """Bytes that the weights of all operators may have in an image of this kind of core."""
    given = sum(map(given_bytes, ops))
    if growth is not None:
        return given + int(given * growth)
    usual = _WITH_SIMD if {"dsp", "mve"} & set(core.features) else _WITHOUT
    return given + max(int(given * usual), _FREE_BYTES)


def taken_bytes(kernel: Kernel) -> int:
    """Bytes of an operator's weights as a kernel has them; 0 if the model has none for it."""
    return kernel.params().bytes if given_bytes(kernel.op) else 0


def limited(choices: Sequence[Choice], core: Core, growth: Fraction | None = None) -> list[Choice]:
    """The choices, some of them for kernels with less weights, until all are within the limit.

    What saves most bytes for an instruction goes first. Where nothing is left to replace the
    weights stay too large.
    """
    choices = list(choices)
    limit = most_bytes([choice.kernel.op for choice in choices], core, growth)
    sizes = [taken_bytes(choice.kernel) for choice in choices]
    if sum(sizes) <= limit:
        return choices
    smaller = [
        (index, other, size)
        for index, choice in enumerate(choices)
        for other in choice.others
        if (size := taken_bytes(other)) < sizes[index]
    ]
    while sum(sizes) > limit and smaller:

        def price(way: tuple[int, Kernel, int]) -> float:
            index, other, size = way
            slower = other.time(core) - choices[index].kernel.time(core)
            return slower / (sizes[index] - size)

        index, other, size = min(smaller, key=price)
        before = choices[index]
        reason = f"not {before.kernel.function}: weights would grow by too much"
        choices[index] = replace(before, kernel=other, reasons=(*before.reasons, reason))
        sizes[index] = size
        smaller = [way for way in smaller if way[2] < sizes[way[0]]]
    return choices

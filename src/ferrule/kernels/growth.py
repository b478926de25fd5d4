"""Keeps the weights of an image near those of the model, whatever kernels pack them into.

What counts are weights and bias of the operators: in the model the constants, in an image all
that a kernel has of them, with padding and tables of places. Multipliers and shifts do not count,
which kernels have of every output channel in place of its scale; nor do tables of operators
without weights, as of Softmax.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction

from ferrule.ir import Op
from ferrule.kernels.choice import SMALL, Choice
from ferrule.kernels.kernel import Kernel
from ferrule.target import Core

# By how much weights may grow where nothing else is said.
_WITH_SIMD = Fraction(15, 100)
_WITHOUT = Fraction(30, 100)
#: Bytes that they may take beyond that, where each saves so much time of the core: layers of few
#: weights take many times longer without padding, and a flash of some kB has room for it.
BEYOND = 6 << 10
_WORTH = 10
# Fewest bytes that requantize an output channel, by what a kernel needs; what some kernels have
# beyond that counts as growth.
_SCALE_BYTES = {"mve": 5, "dsp": 8, "rv32": 12, "thumb": 12}
_PLAIN_SCALE_BYTES = 5


def given_bytes(op: Op) -> int:
    """Bytes of an operator's weights and bias in the model; 0 if it has none."""
    return sum(tensor.bytes for tensor in op.inputs if tensor.data is not None)


def most_bytes(ops: Sequence[Op], core: Core, growth: Fraction | None = None) -> int:
    """Bytes that the weights of all operators may have in an image of this kind of core."""
    given = sum(map(given_bytes, ops))
    if growth is None:
        growth = _WITH_SIMD if {"dsp", "mve"} & set(core.features) else _WITHOUT
    return given + int(given * growth)


def taken_bytes(kernel: Kernel) -> int:
    """Bytes of an operator's weights and bias as a kernel has them; 0 if the model has none."""
    if not given_bytes(kernel.op):
        return 0
    needed = [_SCALE_BYTES.get(name, _PLAIN_SCALE_BYTES) for name in kernel.needs]
    scale = max(needed, default=_PLAIN_SCALE_BYTES)
    # Where a constant is an operand, no channel has a scale.
    scales = kernel.op.output.shape[-1] if kernel.op.work().macs else 0
    return kernel.params().bytes - scale * scales


def limited(
    choices: Sequence[Choice], core: Core, growth: Fraction | None = None, beyond: int = 0
) -> list[Choice]:
    """The choices, some of them for kernels with less weights, until all are within the limit.

    What saves most bytes for an instruction goes first; code that the image would have for this
    alone counts as instructions. Where nothing is left to replace the weights stay too large.
    They may also take the bytes `beyond` the limit, if each of these saves instructions enough.
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
        used = {choice.kernel.function for choice in choices}

        def price(way: tuple[int, Kernel, int], used: Collection[str] = used) -> float:
            index, other, size = way
            slower = other.time(core) - choices[index].kernel.time(core)
            code = 0 if other.function in used else core.code_bytes(other.function)
            return (slower + code * SMALL / 1000) / (sizes[index] - size)

        way = min(smaller, key=price)
        if sum(sizes) <= limit + beyond and price(way) >= _WORTH:
            break
        index, other, size = way
        obstacle = "weights would grow by more than --growth allows"
        choices[index] = choices[index].instead(other, obstacle)
        sizes[index] = size
        smaller = [way for way in smaller if way[2] < sizes[way[0]]]
    return choices

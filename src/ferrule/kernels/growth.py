"""Keeps the weights of an image near those of the model, whatever kernels pack them into.

What counts are weights and bias of the operators: in the model the constants, in an image all
that a kernel has of them, with padding and tables of places. Multipliers and shifts do not count,
which kernels have of every output channel in place of its scale; nor do tables of operators
without weights, as of Softmax.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

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
_OBSTACLE = "weights would grow by more than --growth allows"
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
    What went before something large, which left more room than it had to, comes back.
    """
    sizes = cache(taken_bytes)
    most = most_bytes([choice.kernel.op for choice in choices], core, growth)
    chosen = list(choices)

    def taken() -> int:
        return sum(sizes(choice.kernel) for choice in chosen)

    while taken() > most and (ways := _smaller(chosen, core, sizes)):
        worth, index, kernel = min(ways, key=lambda way: way[:2])
        if taken() <= most + beyond and worth >= _WORTH:
            break
        chosen[index] = chosen[index].instead(kernel, _OBSTACLE)
    for index in sorted(range(len(choices)), key=lambda index: _lost(choices, chosen, core, index)):
        more = sizes(choices[index].kernel) - sizes(chosen[index].kernel)
        worth = -_lost(choices, chosen, core, index) / max(more, 1)
        if more and taken() + more <= most + (beyond if worth >= _WORTH else 0):
            chosen[index] = choices[index]
    return chosen


def _smaller(
    chosen: Sequence[Choice], core: Core, sizes: Callable[[Kernel], int]
) -> list[tuple[float, int, Kernel]]:
    """Kernels with less weights: time that each byte less costs, and whose they are."""
    used = {choice.kernel.function for choice in chosen}
    ways = []
    for index, choice in enumerate(chosen):
        for other in choice.others:
            saved = sizes(choice.kernel) - sizes(other)
            if saved > 0:
                code = 0 if other.function in used else core.code_bytes(other.function)
                slower = other.time(core) - choice.kernel.time(core) + code * SMALL / 1000
                ways.append((slower / saved, index, other))
    return ways


def _lost(choices: Sequence[Choice], chosen: Sequence[Choice], core: Core, index: int) -> float:
    """What an operator's first choice takes less than what is chosen, so less than 0."""
    return choices[index].kernel.time(core) - chosen[index].kernel.time(core)

"""Over which steps each tensor is needed, and what that takes of an arena."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from ferrule.ir import Graph, Tensor
from ferrule.steps import Slot, Step

# Slots start at multiples of this, which suits every element type and 32-bit loads.
_ALIGNMENT = 4


def lifetimes(
    graph: Graph, steps: Sequence[Step], memory: str, cores: int
) -> tuple[list[Slot], dict[int, Slot]]:
    """A slot at offset 0 for each tensor that is computed, and for each step's temporary memory.

    While a group runs, cores can be in different steps of it: what one of its steps needs is alive
    in all of them.
    """
    spans = [(at - step.behind, at + step.ahead) for at, step in enumerate(steps)]
    number = {id(step.op): index for index, step in enumerate(steps)}
    slots: dict[str, Slot] = {}
    views: dict[str, str] = {}

    def touch(tensor: Tensor, last: int) -> None:
        name = views.get(tensor.name, tensor.name)
        slots[name] = replace(slots[name], last=max(last, slots[name].last))

    for tensor in graph.inputs:
        slots[tensor.name] = Slot(tensor, memory, 0, tensor.bytes, -1, -1)
    for op in graph.ops:
        if op.is_view:
            source = op.inputs[0].name
            views[op.output.name] = views.get(source, source)
            continue
        first, last = spans[number[id(op)]]
        for tensor in op.activations:
            touch(tensor, last)
        slots[op.output.name] = Slot(op.output, memory, 0, op.output.bytes, first, last)
    for tensor in graph.outputs:
        touch(tensor, len(steps))
    return list(slots.values()), _scratch(steps, spans, memory, cores)


def _scratch(
    steps: Sequence[Step], spans: Sequence[tuple[int, int]], memory: str, cores: int
) -> dict[int, Slot]:
    """A slot for each step whose kernel needs temporary memory on every core."""
    slots = {}
    for number, (step, span) in enumerate(zip(steps, spans, strict=True)):
        if words := step.scratch_words:
            # No name of a model begins with a space.
            tensor = Tensor(f" scratch {number}", (cores, words), "uint32")
            slots[number] = Slot(tensor, memory, 0, tensor.bytes, *span)
    return slots


def peak_of(slots: Sequence[Slot], steps: int) -> int:
    """The largest sum of slots alive at one step: no arena can be smaller."""
    changes = [0] * (steps + 3)
    for slot in slots:
        changes[slot.first + 1] += aligned(slot.bytes)
        changes[slot.last + 2] -= aligned(slot.bytes)
    return max(accumulate(changes))


def aligned(size: int) -> int:
    """The next multiple of what slots start at."""
    return -(-size // _ALIGNMENT) * _ALIGNMENT

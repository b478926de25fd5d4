"""Gives every tensor a place in the arena."""

from collections.abc import Sequence
from dataclasses import replace

from ferrule.ir import Graph, Tensor
from ferrule.steps import Plan, Slot, Step, too_large
from ferrule.target import Target

# Slots start at multiples of this, which suits every element type and 32-bit loads.
_ALIGNMENT = 4


def place(graph: Graph, steps: tuple[Step, ...], target: Target, cores: int) -> Plan:
    """Places tensors so that no two that are alive at one step overlap.

    First-fit over several orders (longest-lived or largest first), improved by moving what ends
    highest to the front, until the arena is as small as the peak or nothing helps.
    """
    slots = _lifetimes(graph, steps, target.arena_memory.name)
    scratch = _scratch(steps, target.arena_memory.name, cores)
    slots += scratch.values()
    peak = _peak(slots, len(steps))
    best = min((_fit(order) for order in _orders(slots)), key=_top)
    while _top(best) > peak:
        highest = max(best, key=lambda slot: slot.end)
        moved = _fit([highest, *(slot for slot in best if slot is not highest)])
        if _top(moved) >= _top(best):
            break
        best = moved
    placed = {slot.tensor.name: slot for slot in sorted(best, key=_by_life)}
    temporary = {step: placed.pop(slot.tensor.name) for step, slot in scratch.items()}
    plan = Plan(graph, target, cores, steps, tuple(placed.values()), temporary, peak)
    free = target.arena_memory.bytes
    if plan.arena_bytes > free:
        raise too_large(plan, target.arena_memory.name, free)
    return plan


def _lifetimes(graph: Graph, steps: Sequence[Step], memory: str) -> list[Slot]:
    """A slot at offset 0 for each tensor that is computed, with its first and last step."""
    number = {id(step.op): index for index, step in enumerate(steps)}
    slots: dict[str, Slot] = {}
    views: dict[str, str] = {}

    def touch(tensor: Tensor, step: int) -> None:
        name = views.get(tensor.name, tensor.name)
        slots[name] = replace(slots[name], last=max(step, slots[name].last))

    for tensor in graph.inputs:
        slots[tensor.name] = Slot(tensor, memory, 0, tensor.bytes, -1, -1)
    for op in graph.ops:
        if op.is_view:
            source = op.inputs[0].name
            views[op.output.name] = views.get(source, source)
            continue
        step = number[id(op)]
        for tensor in op.activations:
            touch(tensor, step)
        slots[op.output.name] = Slot(op.output, memory, 0, op.output.bytes, step, step)
    for tensor in graph.outputs:
        touch(tensor, len(steps))
    return list(slots.values())


def _scratch(steps: Sequence[Step], memory: str, cores: int) -> dict[int, Slot]:
    """A slot for each step whose kernel needs temporary memory on every core."""
    slots = {}
    for number, step in enumerate(steps):
        if words := step.scratch_words:
            # No name of a model begins with a space.
            tensor = Tensor(f" scratch {number}", (cores, words), "uint32")
            slots[number] = Slot(tensor, memory, 0, tensor.bytes, number, number)
    return slots


def _peak(slots: Sequence[Slot], steps: int) -> int:
    """The largest sum of slots alive at one step: no arena can be smaller."""
    return max(
        sum(_aligned(slot.bytes) for slot in slots if slot.first <= step <= slot.last)
        for step in range(-1, steps + 1)
    )


def _orders(slots: list[Slot]) -> list[list[Slot]]:
    return [
        sorted(slots, key=lambda slot: -slot.bytes),
        sorted(slots, key=lambda slot: (slot.first - slot.last, -slot.bytes)),
        sorted(slots, key=lambda slot: -slot.bytes * (1 + slot.last - slot.first)),
        sorted(slots, key=_by_life),
    ]


def _by_life(slot: Slot) -> tuple[int, int, str]:
    return slot.first, slot.last, slot.tensor.name


def _fit(order: Sequence[Slot]) -> list[Slot]:
    """Places each slot at the lowest offset that is free over its whole life."""
    placed: list[Slot] = []
    for slot in order:
        offset = 0
        rivals = [s for s in placed if s.first <= slot.last and slot.first <= s.last]
        for rival in sorted(rivals, key=lambda slot: slot.offset):
            if offset + slot.bytes <= rival.offset:
                break
            offset = max(offset, _aligned(rival.end))
        placed.append(replace(slot, offset=offset))
    return placed


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _top(slots: Sequence[Slot]) -> int:
    return max(_aligned(slot.end) for slot in slots)

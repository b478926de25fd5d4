"""Gives every tensor a place in the arena."""

from bisect import insort
from collections.abc import Sequence
from dataclasses import replace

from ferrule.ir import Graph
from ferrule.lifetimes import aligned, lifetimes, peak_of
from ferrule.steps import Plan, Slot, Step, too_large
from ferrule.target import Target


def place(graph: Graph, steps: tuple[Step, ...], target: Target, cores: int) -> Plan:
    """Places tensors so that no two that are alive at one step overlap.

    First-fit over several orders (longest-lived or largest first), improved by moving what ends
    highest to the front, until the arena is as small as the peak or nothing helps.
    """
    slots, scratch = lifetimes(graph, steps, target.arena_memory.name, cores)
    slots += scratch.values()
    peak = peak_of(slots, len(steps))
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
    # By offset: where each slot begins and ends, and its first and last step.
    placed: list[tuple[int, int, int, int]] = []
    fitted = []
    for slot in order:
        offset, size, begin, until = 0, slot.bytes, slot.first, slot.last
        for start, end, first, last in placed:
            if first <= until and begin <= last:
                if offset + size <= start:
                    break
                offset = max(offset, end)
        insort(placed, (offset, aligned(offset + size), begin, until))
        fitted.append(replace(slot, offset=offset))
    return fitted


def _top(slots: Sequence[Slot]) -> int:
    return max(aligned(slot.end) for slot in slots)

"""Gives every tensor a place in the arena."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ferrule.ir import Graph
from ferrule.lifetimes import aligned, lifetimes, peak_of
from ferrule.steps import Plan, Slot, Step, too_large
from ferrule.target import Target


def place(graph: Graph, steps: tuple[Step, ...], target: Target, cores: int) -> Plan:
    """As `laid_out`. Raises `CompileError` for an arena that is larger than its memory."""
    plan = laid_out(graph, steps, target, cores)
    free = target.arena_memory.bytes
    if plan.arena_bytes > free:
        raise too_large(plan, target.arena_memory.name, free)
    return plan


def laid_out(
    graph: Graph, steps: tuple[Step, ...], target: Target, cores: int, enough: int = 0
) -> Plan:
    """Places tensors so that no two that are alive at one step overlap.

    First-fit over several orders (longest-lived or largest first), improved by moving what ends
    highest to the front, until the arena is as small as the peak, or `enough`, or nothing helps.
    """
    slots, scratch = lifetimes(graph, steps, target.arena_memory.name, cores)
    slots += scratch.values()
    peak = peak_of(slots, len(steps))
    best: list[Slot] = []
    for order in _orders(slots):
        fitted = _fit(order)
        if not best or _top(fitted) < _top(best):
            best = fitted
        if _top(best) <= enough:
            break
    while _top(best) > max(peak, enough):
        highest = max(best, key=lambda slot: slot.end)
        moved = _fit([highest, *(slot for slot in best if slot is not highest)])
        if _top(moved) >= _top(best):
            break
        best = moved
    placed = {slot.tensor.name: slot for slot in sorted(best, key=_by_life)}
    temporary = {step: placed.pop(slot.tensor.name) for step, slot in scratch.items()}
    return Plan(graph, target, cores, steps, tuple(placed.values()), temporary, peak)


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
    # Where each slot that is placed begins and ends, and its first and last step.
    starts, ends, first, last = np.zeros((4, len(order)), np.int64)
    fitted = []
    for count, slot in enumerate(order):
        alive = np.flatnonzero((first[:count] <= slot.last) & (last[:count] >= slot.first))
        rivals = alive[np.argsort(starts[alive])]
        # Behind so many rivals, lowest first, there is nothing from these offsets on.
        free = np.maximum.accumulate(np.append(0, ends[rivals]))
        fits = free[:-1] + slot.bytes <= starts[rivals]
        offset = int(free[fits.argmax() if fits.any() else -1])
        starts[count], ends[count] = offset, aligned(offset + slot.bytes)
        first[count], last[count] = slot.first, slot.last
        fitted.append(replace(slot, offset=offset))
    return fitted


def _top(slots: Sequence[Slot]) -> int:
    return max(aligned(slot.end) for slot in slots)

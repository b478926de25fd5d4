"""Keeps the groups of steps with which the arena is no larger than with a barrier after each."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from ferrule.lifetimes import Alive
from ferrule.passes.place import laid_out
from ferrule.steps import GivenUp, Plan, Step

Joined = tuple[Step, ...]


def fitting(plan: Plan, steps: Sequence[Step]) -> Plan:
    """The plan with those groups of `steps` with which its arena is as small as without any.

    `plan` has the same operators, each in a step of its own. If all groups are too many, those that
    save more come first, and halves of them are tried, and halves of these: with `g` groups of
    which `k` do not fit it takes about `k log g` trials. A group that does not fit beside those
    that were kept before is given up, and the plan says so.
    """
    joined = sorted((g for g in _groups(steps) if len(g) > 1), key=lambda g: -_saved(plan, g))

    @cache
    def tried(numbers: tuple[int, ...]) -> Plan:
        order = _ordered(plan, [joined[number] for number in numbers])
        return laid_out(plan.graph, order, plan.target, plan.cores, enough=plan.arena_bytes)

    kept: tuple[int, ...] = ()
    given_up = []
    batches = [tuple(range(len(joined)))]
    while batches:
        batch = batches.pop()
        found = tried(kept + batch)
        if found.arena_bytes <= plan.arena_bytes:
            kept += batch
        elif len(batch) > 1:
            half = len(batch) // 2
            batches += [batch[half:], batch[:half]]
        else:
            group = joined[batch[0]]
            names = tuple(step.op.name for step in group)
            more = found.arena_bytes - plan.arena_bytes
            given_up.append(GivenUp(names, _saved(plan, group), more))
    order = tried(kept).steps
    found = laid_out(plan.graph, order, plan.target, plan.cores)
    return replace(found, given_up=tuple(given_up))


def _groups(steps: Sequence[Step]) -> Iterator[Joined]:
    for at, step in enumerate(steps):
        if not step.behind:
            yield tuple(steps[at : at + 1 + step.ahead])


def _saved(plan: Plan, group: Joined) -> int:
    """Instructions that the largest team takes less for a group than for its steps apart."""
    apart = {id(step.op): step.predicted[-1] for step in plan.steps}
    return sum(apart[id(step.op)] - step.predicted[-1] for step in group)


def _ordered(plan: Plan, groups: Iterable[Joined]) -> Joined:
    """The groups and the plan's other steps, in the plan's order as far as they can run in it."""
    of_op = {id(group[0].op): group for group in groups}
    behind = {id(step.op) for group in of_op.values() for step in group[1:]}
    left = [of_op.get(id(step.op), (step,)) for step in plan.steps if id(step.op) not in behind]
    alive = Alive(plan.graph, plan.cores)
    writer = {step.op.output.name: at for at, group in enumerate(left) for step in group}
    readers: list[list[int]] = [[] for _ in left]
    missing = [0] * len(left)
    for at, group in enumerate(left):
        read = {writer.get(name, at) for step in group for name in alive.reads(step.op)}
        for other in read - {at}:
            readers[other].append(at)
            missing[at] += 1
    ready = [at for at, count in enumerate(missing) if not count]
    order: list[Step] = []
    while ready:
        at = heapq.heappop(ready)
        order += left[at]
        for reader in readers[at]:
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, reader)
    return tuple(order)

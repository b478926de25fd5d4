"""Cuts the lead's share of long steps into pieces, so that slices of an inference can be short."""

import math
from collections.abc import Sequence
from dataclasses import replace

from ferrule.errors import CompileError
from ferrule.names import printable
from ferrule.steps import Step, units_of
from ferrule.target import Core


def slices(steps: Sequence[Step], lead: Core, longest: int) -> tuple[Step, ...]:
    """The steps with pieces of at most so many instructions of the lead, as its costs say.

    Raises `CompileError` where a unit alone takes more.
    """
    needed = [_smallest(step, lead) for step in steps]
    if max(needed) > longest:
        op = steps[needed.index(max(needed))].op
        raise CompileError(
            f"`{printable(op.name)}` cannot be cut into pieces of {longest:,} instructions",
            where=f"its smallest piece takes about {max(needed):,.0f}",
            hint=f"`--slice {math.ceil(max(needed))}` or more",
        )
    return tuple(_cut(step, lead, longest) for step in steps)


def piece_cost(step: Step, lead: Core) -> float:
    """Instructions of the longest run of units that the lead claims, whatever the team."""
    largest = max(row[0] for row in step.shares)
    units = min(step.piece or step.units, largest)
    before = _before(step, lead)
    total = step.kernel.cost(lead)
    # A kernel that computes several units at a time takes nearly as long for fewer.
    computed = min(math.ceil(units / step.grain) * step.grain, step.units)
    return before + max(total - before, 0) * computed / step.units if units else 0


def _cut(step: Step, lead: Core, longest: int) -> Step:
    if piece_cost(step, lead) <= longest:
        return step
    step = _divided(step)
    before = _before(step, lead)
    each = max(step.kernel.cost(lead) - before, 1) / step.units
    piece = math.floor((longest - before) / each)
    piece = max(piece - piece % step.grain, min(step.grain, step.units))
    reason = f"{step.reason}; the lead in pieces of {piece} of {step.units} units"
    return replace(step, piece=piece, reason=reason)


def _smallest(step: Step, lead: Core) -> float:
    """Instructions of the lead's smallest piece."""
    return piece_cost(replace(_divided(step), piece=1), lead)


def _before(step: Step, lead: Core) -> float:
    """Instructions of a claim that do not depend on how many units it has."""
    return step.kernel.before(lead, step.cut)


def _divided(step: Step) -> Step:
    """The same step in as many units as there can be, all with the cores that had them."""
    if not step.is_alone:
        return step
    for cut in step.kernel.cuts():
        unit, units = units_of(step.kernels, cut)
        if units > 1 and all(cut in kernel.cuts() for kernel in step.kernels):
            shares = tuple(tuple(units * share for share in row) for row in step.shares)
            return replace(step, cut=cut, unit=unit, units=units, shares=shares)
    return step

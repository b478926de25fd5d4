"""Cuts the lead's share of long steps into pieces, so that slices of an inference can be short."""

import math
from collections.abc import Sequence
from dataclasses import replace

from ferrule.errors import CompileError
from ferrule.names import printable
from ferrule.steps import Part, Step, units_of
from ferrule.target import Core


def slices(steps: Sequence[Step], lead: Core, longest: int) -> tuple[Step, ...]:
    """The steps with pieces of at most so many instructions of the lead, as its costs say.

    Raises `CompileError` where a unit alone takes more.
    """
    needed = [_smallest(step.parts[0], lead) for step in steps]
    if max(needed) > longest:
        op = steps[needed.index(max(needed))].parts[0].op
        raise CompileError(
            f"`{printable(op.name)}` cannot be cut into pieces of {longest:,} instructions",
            where=f"its smallest piece takes about {max(needed):,.0f}",
            hint=f"`--slice {math.ceil(max(needed))}` or more",
        )
    return tuple(_cut(step, lead, longest) for step in steps)


def piece_cost(part: Part, lead: Core) -> float:
    """Instructions of the longest run of units that the lead claims, whatever the team."""
    largest = max(row[0] for row in part.shares)
    units = min(part.piece or part.units, largest)
    before = _before(part, lead)
    total = part.kernel.cost(lead)
    return before + max(total - before, 0) * units / part.units if units else 0


def _cut(step: Step, lead: Core, longest: int) -> Step:
    (part,) = step.parts
    if piece_cost(part, lead) <= longest:
        return step
    part = _divided(part)
    before = _before(part, lead)
    each = max(part.kernel.cost(lead) - before, 1) / part.units
    piece = max(math.floor((longest - before) / each), 1)
    # A kernel that computes several units at a time takes nearly as long for fewer.
    if piece > part.grain:
        piece -= piece % part.grain
    part = replace(part, piece=piece)
    reason = f"{step.reason}; the lead in pieces of {piece} of {part.units} units"
    return replace(step, parts=(part,), reason=reason)


def _smallest(part: Part, lead: Core) -> float:
    """Instructions of the lead's smallest piece."""
    return piece_cost(replace(_divided(part), piece=1), lead)


def _before(part: Part, lead: Core) -> float:
    """Instructions of a claim that do not depend on how many units it has."""
    return part.kernel.before(lead, part.cut)


def _divided(part: Part) -> Part:
    """The same part in as many units as there can be, all with the cores that had them."""
    if not part.is_alone:
        return part
    for cut in part.kernel.cuts():
        unit, units = units_of(part.kernels, cut)
        if units > 1 and all(cut in kernel.cuts() for kernel in part.kernels):
            shares = tuple(tuple(units * share for share in row) for row in part.shares)
            return replace(part, cut=cut, unit=unit, units=units, shares=shares)
    return part

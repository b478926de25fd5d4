"""Cuts the lead's share of long steps into pieces, so that slices of an inference can be short."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ferrule.crew import Crew
from ferrule.errors import CompileError
from ferrule.names import printable
from ferrule.shares import longest
from ferrule.steps import Step, units_of
from ferrule.target import Core


def slices(
    steps: Sequence[Step], crew: Crew, planned: Callable[[int], Sequence[Step]]
) -> tuple[Step, ...]:
    """The steps with pieces as short as the crew's hints ask for, by the costs of its lead.

    They say what they then take, and how long the lead waits for helpers. Raises `CompileError`
    where a unit alone takes more, with the length of pieces for which those that are `planned` for
    it are short enough.
    """
    lead, most = crew.target.cores[0], crew.hints.piece
    needed = [smallest(step, lead, most) for step in steps]
    if max(needed) > most:
        op = steps[needed.index(max(needed))].op
        raise CompileError(
            f"`{printable(op.name)}` cannot be cut into pieces of {most:,} instructions",
            where=f"its smallest piece takes about {max(needed):,.0f}",
            hint=f"`--slice {_enough(math.ceil(max(needed)), lead, planned)}` or more",
        )
    return tuple(_timed(_cut(step, lead, most), crew) for step in steps)


def _enough(piece: int, lead: Core, planned: Callable[[int], Sequence[Step]]) -> int:
    """So many instructions, or more if the kernels that are chosen for them need more."""
    while (least := max(smallest(step, lead, piece) for step in planned(piece))) > piece:
        piece = math.ceil(least)
    return piece


def piece_cost(step: Step, lead: Core) -> float:
    """Instructions of the longest run of units that the lead claims, whatever the team."""
    largest = max(row[0] for row in step.shares)
    units = min(step.piece or step.units, largest)
    before = _before(step, lead)
    total = step.kernel.cost(lead)
    # A kernel that computes several units at a time takes nearly as long for fewer.
    computed = min(math.ceil(units / step.grain) * step.grain, step.units)
    return before + max(total - before, 0) * computed / step.units if units else 0


def _cut(step: Step, lead: Core, most: int) -> Step:
    if piece_cost(step, lead) <= most:
        return step
    step = _divided(step, lead, most)
    before = _before(step, lead)
    each = max(step.kernel.cost(lead) - before, 1) / step.units
    piece = math.floor((most - before) / each)
    piece = max(piece - piece % step.grain, min(step.grain, step.units))
    reason = f"the lead in pieces of {piece} of {step.units} units"
    teams = [team for team, row in enumerate(step.shares, start=1) if row[0] > piece]
    if len(teams) < len(step.shares):
        # Helpers leave the lead of a larger team one piece, or nothing.
        of = "a team of one" if teams == [1] else f"teams of up to {max(teams)}"
        reason = f"in {of} {reason}"
    return replace(step, piece=piece, reason=f"{step.reason}; {reason}")


def _timed(step: Step, crew: Crew) -> Step:
    """The step and its cost, with what each piece of the lead's costs but the first."""
    paces = crew.paces(step.kernels, step.cut, step.units)
    again = paces[0].before + crew.target.overheads.claim
    overhead = crew.target.private if step.is_private else crew.target.overhead
    predicted, waits = [], []
    for team, shares in enumerate(step.shares, start=1):
        pieces = math.ceil(shares[0] / step.piece) if step.piece else 1
        own = paces[0].end(shares[0]) + again * max(pieces - 1, 0)
        end = max(own, longest(shares, paces[:team]))
        predicted.append(round(end) + overhead(team))
        waits.append(round(end - own))
    return replace(step, predicted=tuple(predicted), wait=max(waits))


def smallest(step: Step, lead: Core, most: int) -> float:
    """Instructions of the lead's smallest piece, in a step that is to have pieces of `most`."""
    return _unit_cost(_divided(step, lead, most), lead)


def _unit_cost(step: Step, lead: Core) -> float:
    return piece_cost(replace(step, piece=1), lead)


def _before(step: Step, lead: Core) -> float:
    """Instructions of a claim that do not depend on how many units it has."""
    return step.kernel.before(lead, step.cut)


def _divided(step: Step, lead: Core, most: int) -> Step:
    """The same step in as many units as there can be, all with the cores that had them.

    By pixels rather than by channels, if pieces of `most` instructions are possible.
    """
    if not step.is_alone:
        return step
    ways = []
    for cut in step.kernel.cuts():
        unit, units = units_of(step.kernels, cut)
        if units > 1 and all(cut in kernel.cuts() for kernel in step.kernels):
            shares = tuple(tuple(units * share for share in row) for row in step.shares)
            ways.append(replace(step, cut=cut, unit=unit, units=units, shares=shares))
    fitting = [way for way in ways if _unit_cost(way, lead) <= most]
    by_piece = min(ways, key=lambda way: _unit_cost(way, lead), default=step)
    return fitting[0] if fitting else by_piece

"""Orders operators into steps and cuts their outputs among cores."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from ferrule.crew import Crew
from ferrule.hints import Hints
from ferrule.ir import Graph, Op
from ferrule.kernels import BEYOND, Choice, Kernel, choose_all, limited, taken_bytes, told_lone
from ferrule.passes.slices import smallest
from ferrule.shares import Pace, divide, longest
from ferrule.steps import Step, Weighed, run_of, units_of
from ferrule.target import Target

#: Another cut, and kernels that are slower by themselves, have to be faster by so much, as
#: predictions are not exact.
CLEARLY = Fraction(21, 20)

# The part of a model's instructions that 1,000 bytes of kernels' code are worth; and those of
# larger weights, where size matters more.
_WORTH = {"speed": 0.0125, "size": 0.08}


@dataclass(frozen=True)
class _Ways:
    """How each kind of core computes an operator; `pin` is the core that does it alone, if any."""

    op: Op
    crew: Crew
    kernels: tuple[Kernel, ...]
    reasons: tuple[str, ...]
    pin: int | None

    def paces(self, cut: str, units: int) -> list[Pace]:
        """Each core's time for a unit of a cut."""
        paces = self.crew.paces(self.kernels, cut, units)
        if len(self.kernels) == 1:
            # Equal cores are done with equal shares at the same time, whatever a run is.
            return paces
        runs = {
            core.kind: run_of(self.kernels, kernel, cut)
            for core, kernel in zip(self.crew.kinds, self.kernels, strict=True)
        }
        members = self.crew.target.members(self.crew.cores)
        return [
            replace(pace, run=min(runs[core.kind], units))
            for core, pace in zip(members, paces, strict=True)
        ]


def schedule(
    graph: Graph,
    target: Target,
    cores: int,
    forced: Collection[str] | Mapping[str, str] = (),
    hints: Hints | None = None,
) -> tuple[Step, ...]:
    """One step for each operator that computes something, in the graph's order.

    `forced` names kernels that tests want wherever they can be used, or gives the kernel of each
    operator by its name. Raises `CompileError` for
    hints that do not fit the graph or the team.
    """
    crew = Crew(target, cores, hints or Hints())
    pinned = crew.hints.pinned(graph, target)
    ops = [op for op in graph.ops if not op.is_view]
    worth = _WORTH[crew.hints.optimize]
    choices = [
        choose_all(ops, core, forced, worth, crew.hints.optimize == "size") for core in crew.kinds
    ]
    if len(choices) > 1:
        choices = _alike(ops, crew, choices, pinned)
    growth = crew.hints.growth
    beyond = BEYOND if growth is None and crew.hints.optimize == "speed" else 0
    choices = [
        limited(of_kind, core, growth, beyond)
        for of_kind, core in zip(choices, crew.kinds, strict=True)
    ]
    if target.way == "steal":
        choices = [[choice.finer() for choice in own] for own in choices]
    if crew.hints.piece:
        choices[0] = [
            _within_a_piece(_ways(op, crew, own, pinned.get(op.name)), own[0])
            for op, *own in zip(ops, *choices, strict=True)
        ]
    ways = [
        _ways(op, crew, own, pinned.get(op.name))
        for op, *own in zip(ops, *map(told_lone, choices), strict=True)
    ]
    steps = tuple(map(_step, ways))
    return _uninvited(steps, ways, crew) if target.way == "steal" else steps


def _uninvited(steps: tuple[Step, ...], ways: Sequence[_Ways], crew: Crew) -> tuple[Step, ...]:
    """The steps, all of them on the lead if all sharing saves less than to invite helpers costs.

    They come late to the first step that is shared: its barrier is paid once more.
    """
    shared = [step for step in steps if not step.is_alone]
    saved = sum(step.weighed[-1].predicted - step.predicted[-1] for step in shared)
    costs = crew.target.inference(crew.cores) + crew.target.overhead(crew.cores)
    if saved > costs:
        return steps
    reason = f"one core: all sharing saves about {saved:,} instructions, helpers cost {costs:,}"
    alone = tuple(
        step if step.is_alone else replace(_alone(way, reason), weighed=step.weighed)
        for step, way in zip(steps, ways, strict=True)
    )
    return alone if all(step.is_private for step in alone) else steps


def _alike(
    ops: Sequence[Op],
    crew: Crew,
    choices: Sequence[Sequence[Choice]],
    pinned: Mapping[str, int],
) -> list[list[Choice]]:
    """Each kind's choices; where kinds share better by others that their images have, those.

    The fastest kernel of one kind may have no cut in common with that of another.
    """
    kept = [{choice.kernel.function for choice in of_kind} for of_kind in choices]
    chosen = []
    for op, *own in zip(ops, *choices, strict=True):
        best = _step(_ways(op, crew, own, pinned.get(op.name)))
        obstacle = f"with it the team takes {best.predicted[-1]:,} instructions"
        usable = [
            [choice, *(choice.instead(k, obstacle) for k in choice.others if k.function in names)]
            for choice, names in zip(own, kept, strict=True)
        ]
        for others in product(*usable):
            step = _step(_ways(op, crew, others, pinned.get(op.name)))
            if step.predicted[-1] * CLEARLY < best.predicted[-1]:
                best, own = step, list(others)
        chosen.append(own)
    return [list(of_kind) for of_kind in zip(*chosen, strict=True)]


def _within_a_piece(ways: _Ways, choice: Choice) -> Choice:
    """The lead's choice, or the fastest kernel of which a piece is as short as it has to be.

    If there is none, that with the shortest piece.
    """
    lead, most = ways.crew.target.cores[0], ways.crew.hints.piece

    def shortest(kernel: Kernel) -> float:
        return smallest(_step(replace(ways, kernels=(kernel, *ways.kernels[1:]))), lead, most)

    needed = shortest(choice.kernel)
    if needed <= most:
        return choice
    pieces = {
        kernel: shortest(kernel)
        for kernel in choice.others
        if taken_bytes(kernel) <= taken_bytes(choice.kernel)
    }
    fitting = [kernel for kernel, piece in pieces.items() if piece <= most]
    by_piece = min(pieces, key=pieces.__getitem__, default=choice.kernel)
    kernel = min(fitting, key=lambda kernel: kernel.time(lead), default=by_piece)
    if pieces.get(kernel, needed) >= needed:
        return choice
    return choice.instead(kernel, f"its smallest piece takes {needed:,.0f} instructions")


def _ways(op: Op, crew: Crew, choices: Sequence[Choice], pin: int | None) -> _Ways:
    """Takes the kernel of each kind of core."""
    kernels: list[Kernel] = []
    reasons = []
    for core, choice in zip(crew.kinds, choices, strict=True):
        same = [kernel for kernel in kernels if type(kernel) is type(choice.kernel)]
        kernels.append(same[0] if same else choice.kernel)
        reasons += [r if len(crew.kinds) == 1 else f"{core.kind}: {r}" for r in choice.reasons]
    pin = pin if pin is not None and pin < crew.cores else None
    return _Ways(op, crew, tuple(kernels), tuple(reasons), pin)


def _step(ways: _Ways) -> Step:
    """Cuts one operator for teams of every size."""
    if ways.pin is not None:
        return _alone(ways, f"pinned to core {ways.pin}")
    runs = {cut: units_of(ways.kernels, cut) for cut in _cuts(ways.kernels)}
    usable = [cut for cut, (_, units) in runs.items() if units > 1]
    usable = _in_pieces(ways, {cut: runs[cut] for cut in usable})
    if not usable:
        return _alone(ways, "one unit")
    # Pixels first: their runs are contiguous. Channels where pixels are too few to share evenly.
    cut = usable[0]
    shares = {cut: _shares(ways, cut, runs[cut][1]) for cut in usable}
    ends = {cut: longest(shares[cut][-1], ways.paces(cut, runs[cut][1])) for cut in usable}
    if cut == "pixels" and "channels" in usable and ends["channels"] * CLEARLY < ends["pixels"]:
        cut = "channels"
    cores, reason = ways.crew.cores, "one core"
    weighed: tuple[Weighed, ...] = ()
    if cores > 1:
        working = {cut: sum(map(bool, rows[-1])) for cut, rows in shares.items()}
        weighed = _weighed(ways, ends, working)
        saved = float(min(_ends(ways, cores)) - ends[cut])
        barrier = _barrier(ways, cores)
        if saved <= barrier:
            reason = f"one core: sharing saves about {saved:,.0f} instructions, a barrier costs "
            return replace(_alone(ways, reason + f"{barrier}"), weighed=weighed)
        some = f" on {working[cut]} of {cores} cores" if working[cut] < cores else ""
        reason = f"shared by {cut}{some}"
    step = Step(ways.kernels, cut, *runs[cut], shares[cut], reason, weighed=weighed)
    return _predicted(ways, step)


def _in_pieces(ways: _Ways, runs: Mapping[str, tuple[int, int]]) -> list[str]:
    """Those of some cuts by which the lead's pieces can be as short as they have to be.

    If there is none, that with the shortest piece.
    """
    lead, most = ways.crew.target.cores[0], ways.crew.hints.piece
    if not most:
        return list(runs)
    shortest = {
        cut: smallest(Step(ways.kernels, cut, unit, units, ((units,),), ""), lead, most)
        for cut, (unit, units) in runs.items()
    }
    fitting = [cut for cut, piece in shortest.items() if piece <= most]
    return fitting or sorted(shortest, key=shortest.__getitem__)[:1]


def _shares(ways: _Ways, cut: str, units: int) -> tuple[tuple[int, ...], ...]:
    """Each core's units in teams of every size.

    A core gets none if the others are done before it could be. To leave out more of them saves
    nothing: a barrier costs as much with a core that has nothing to do.
    """
    paces = ways.paces(cut, units)
    return tuple(divide(units, paces[:team]) for team in range(1, ways.crew.cores + 1))


def _weighed(
    ways: _Ways, ends: Mapping[str, Fraction], working: Mapping[str, int]
) -> tuple[Weighed, ...]:
    """Every cut with its instructions for the largest team, and one core alone."""
    target, cores = ways.crew.target, ways.crew.cores
    shared = (
        Weighed(cut, working[cut], round(end) + target.overhead(cores)) for cut, end in ends.items()
    )
    alone = round(min(_ends(ways, cores))) + target.private(cores)
    return (*shared, Weighed("", 1, alone))


def _cuts(kernels: Sequence[Kernel]) -> list[str]:
    """Axes that every kernel can be cut along, in the first one's order."""
    return [cut for cut in kernels[0].cuts() if all(cut in other.cuts() for other in kernels)]


def _barrier(ways: _Ways, team: int) -> int:
    """Instructions that a step which others have a part in costs a team."""
    return ways.crew.target.overhead(team) - ways.crew.target.private(team)


def _ends(ways: _Ways, team: int) -> list[Fraction]:
    """When each core of a team is done if it does all; the lead has to wait for a helper."""
    barrier = _barrier(ways, team)
    ends = [pace.end(1) for pace in ways.paces("pixels", 1)[:team]]
    return [end + (barrier if core else 0) for core, end in enumerate(ends)]


def _alone(ways: _Ways, reason: str) -> Step:
    """One core does it all: the pinned one, or the one that is done first."""
    shares = []
    for team in range(1, ways.crew.cores + 1):
        ends = _ends(ways, team)
        is_there = ways.pin is not None and ways.pin < team
        chosen = ways.pin if is_there else ends.index(min(ends))
        shares.append(tuple(int(core == chosen) for core in range(team)))
    pixels, _ = ways.op.matrix()
    return _predicted(ways, Step(ways.kernels, "pixels", pixels, 1, tuple(shares), reason))


def _predicted(ways: _Ways, step: Step) -> Step:
    """The step and its cost; where cores differ, the reason says who does what."""
    reasons = [step.reason]
    kinds = [core.kind for core in ways.crew.kinds]
    if len(kinds) > 1:
        for index, core in enumerate(ways.crew.target.members(ways.crew.cores)):
            if share := step.shares[-1][index]:
                amount = "it all" if step.is_alone else f"{share} of {step.units} units"
                function = step.kernels[kinds.index(core.kind)].function
                reasons.append(f"core {index} does {amount} by {function}")
    paces = ways.paces(step.cut, step.units)
    target = ways.crew.target
    overhead = target.private if step.is_private else target.overhead
    predicted = tuple(
        round(longest(shares, paces[:team])) + overhead(team)
        for team, shares in enumerate(step.shares, start=1)
    )
    return replace(step, reason="; ".join((*reasons, *ways.reasons)), predicted=predicted)

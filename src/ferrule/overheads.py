"""Measures what teams cost beside their kernels, and writes the file that the planner goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ferrule import inputs
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.firmware import Counts
from ferrule.hints import Hints
from ferrule.passes.place import place
from ferrule.samples import tiny_graph
from ferrule.session import Session
from ferrule.steps import Plan, Step
from ferrule.target import Barriers, Overheads, Target

# Longer than every step: an inference can be taken in slices, and no step is in pieces.
_WHOLE = 1_000_000

# How many times as long a helper takes that is never in time to take units.
_SLOW = 100


def count(
    plan: Plan, teams: Sequence[int] = (), slowed: Mapping[int, int] | None = None
) -> list[Counts]:
    """Counts an inference of each team size, or of some."""
    session = Session(Compiled(plan, emit(plan, f"{plan.graph.name}.tflite", b"")))
    arrays = inputs.generate(plan.graph, 1)
    teams = teams or range(1, plan.cores + 1)
    return [session.count(arrays, team, slowed=slowed) for team in teams]


def measure(board: Target) -> Barriers:
    """Counts tiny steps of a team, in all ways to run it, beside those of a crate for one core."""
    if board.core_count == 1:
        return Barriers((), (), {})
    (single,) = count(plan_graph(tiny_graph(), board.name, 1))
    tiny = _Tiny(board, single)
    alone, *static = count(tiny.shared("static"))
    path = (0, *(_more(team, alone) for team in static))
    ways = {"static": tiny.overheads("static", static)}
    _, *stealing = count(tiny.shared("steal")) if board.can_steal else [alone]
    ways["steal"] = tiny.overheads("steal", stealing) if stealing else ways["static"]
    joined = (0, *tiny.joined(ways["static"].member))
    ways = {way: _with_one(found) for way, found in ways.items()}
    sliced = [*count(tiny.shared("sliced", 1)), *count(tiny.shared("sliced"))[1:]]
    ways["sliced"] = tiny.overheads("sliced", sliced)
    return Barriers(path, joined, ways)


@dataclass(frozen=True)
class _Tiny:
    """Steps that compute next to nothing, and their counts in a crate for one core."""

    board: Target
    single: Counts

    def overheads(self, way: str, published: Sequence[Counts]) -> Overheads:
        """Of a way, by the counts of teams with a barrier after each step."""
        teams = [team.cores for team in published]
        members = [_more(team, self.single) for team in published]
        steps = len(self.single.steps)
        private = self._private(way, teams)
        return Overheads(
            member=tuple(members),
            private=tuple(_more(team, self.single) for team in private),
            inference=tuple(
                max(team.longest_path - self.single.longest_path - steps * (more + team.barrier), 0)
                for team, more in zip(published, members, strict=True)
            ),
            claim=0 if way == "static" else self._claim(way),
        )

    def shared(self, way: str, cores: int | None = None, claim: int = 2) -> Plan:
        """Each step is in two units, both of which are the lead's: the others wait for it."""
        plan = self._plan(way, cores)
        steps = [_shared(step, way, claim) for step in plan.steps]
        return self._changed(plan, steps)

    def _plan(self, way: str, cores: int | None = None) -> Plan:
        """The lead does each step by itself."""
        graph = tiny_graph()
        hints = Hints(
            tuple((op.name, 0) for op in graph.ops), piece=_WHOLE if way == "sliced" else 0
        )
        schedule = "steal" if way == "steal" else "static"
        return plan_graph(graph, self.board.name, cores, schedule=schedule, hints=hints)

    def _changed(self, plan: Plan, steps: Sequence[Step]) -> Plan:
        """The plan with other steps."""
        placed = place(plan.graph, tuple(steps), plan.target, plan.cores)
        return replace(placed, schedule=plan.schedule, piece=plan.piece)

    def _private(self, way: str, teams: Sequence[int]) -> list[Counts]:
        alone = count(self._plan(way, 1)) if teams[0] == 1 else []
        return alone + count(self._plan(way), [team for team in teams if team > 1])

    def joined(self, members: Sequence[int]) -> tuple[int, ...]:
        """What the second of two steps takes more that have no barrier in between."""
        plan = self.shared("static")
        paired = len(plan.steps) // 2 * 2
        pairs = [
            replace(step, behind=at % 2, ahead=1 - at % 2) if at < paired else step
            for at, step in enumerate(plan.steps)
        ]
        _, *joined = count(self._changed(plan, pairs))
        return tuple(
            _more(team, self.single, 2) - more for team, more in zip(joined, members, strict=True)
        )

    def _claim(self, way: str) -> int:
        """What the second of two claims takes more, of a lead that nobody takes units from.

        Where it steals, its helper is too slow. Where none can be slowed, it claims pieces.
        """
        if way == "steal" and not self.board.emulator:
            way = "sliced"
        team, slowed = ([2], {1: _SLOW}) if way == "steal" else ([1], None)
        (once,), (twice,) = (count(self.shared(way, claim=units), team, slowed) for units in (2, 1))
        plan = self._plan(way)
        (step, *_), lead = plan.steps, plan.target.cores[0]
        return max(round(_more(twice, once) - step.kernel.before(lead, step.cut)), 0)


def _shared(step: Step, way: str, claim: int) -> Step:
    """The step in two units of the lead's, which claims so many at a time."""
    pixels, _ = step.op.matrix()
    shares = tuple((2, *(0,) * helpers) for helpers in range(len(step.shares)))
    shared = replace(step, unit=-(-pixels // 2), units=2, shares=shares)
    if way == "static":
        return shared
    return replace(shared, claim=claim) if way == "steal" else replace(shared, piece=claim % 2)


def _more(counts: Counts, others: Counts, steps: int = 1) -> int:
    """Instructions of so many of the lead's steps beyond others.

    The first and the last of all do more than the rest.
    """
    more = [a[0] - b[0] for a, b in zip(counts.steps, others.steps, strict=True)]
    runs = range(steps, len(more) - steps, steps)
    return max(sum(more[at : at + steps]) for at in runs)


def _with_one(found: Overheads) -> Overheads:
    """With a team of one, which costs nothing: its crate is one for one core."""
    return replace(
        found,
        member=(0, *found.member),
        private=(0, *found.private),
        inference=(0, *found.inference),
    )


def text_of(barriers: Barriers, conditions: str) -> str:
    """The file of a port's barriers, with the conditions under which they were measured."""
    lines = [
        "# Instructions that a barrier adds to the path of a team of 1, of 2 and so on, and that",
        "# a step takes more behind another without a barrier. For each way to run a team, those",
        "# that a step takes more of a core than in a crate for one core, and one the lead does",
        "# alone; those of an inference beside its steps; and those of each claim after the first.",
        f"# Written by `ferrule calibrate` on {conditions}.",
        f"barrier-instructions = {list(barriers.path)}",
        f"joined-instructions = {list(barriers.joined)}",
    ]
    for way, found in barriers.ways.items():
        lines += ["", f"[{way}]"]
        for name in ("member", "private", "inference"):
            lines.append(f"{name}-instructions = {list(getattr(found, name))}")
        lines.append(f"claim-instructions = {found.claim}")
    return "\n".join(lines) + "\n"

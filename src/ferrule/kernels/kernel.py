"""What a kernel is, and which one an operator gets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import ClassVar

import numpy as np

from ferrule.ir import Op, Struct
from ferrule.target import Core, Cost

#: What costs are for, as fields of `Cost`. An addition of a pool counts as a MAC.
PRICES = ("mac", "element", "pixel", "border", "channel", "gather", "run", "call")

# Instructions that 1,000 bytes of code are worth in the smallest model.
_SMALL = 200.0


@dataclass(frozen=True, eq=False)
class Kernel:
    """One way to compute an operator: a Rust function, and what it is given.

    This class is the plain way, which suits every core. Defining a subclass registers a faster
    one: it names the operator it computes and the features that a core must have, says for which
    attributes it is not made (`obstacle`), and packs the weights as its inner loop reads them
    (`params`).
    """

    op: Op

    registry: "ClassVar[list[type[Kernel]]]" = []  # noqa: RUF008 - of the class
    computes: ClassVar[type[Op]]
    needs: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        Kernel.registry.append(cls)

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why this kernel cannot compute an operator of its kind; empty if it can."""
        return ""

    @property
    def module(self) -> str:
        """The module of the kernels crate."""
        return self.op.module

    @property
    def function(self) -> str:
        """The Rust function in that module. Costs are listed by this name."""
        return self.op.kernel

    def unit(self, cut: str) -> int:
        """Pixels or channels that it computes at a time; shares are multiples of this."""
        return 1

    def grain(self, cut: str) -> int:
        """Units that it computes at a time, where those of a share may be left over."""
        return 1

    @property
    def scratch_words(self) -> int:
        """32-bit words of temporary memory that each core needs."""
        return 0

    @property
    def gathered(self) -> int:
        """Elements that it copies into scratch for the whole output."""
        return 0

    def cuts(self) -> tuple[str, ...]:
        """Axes along which cores can share the output."""
        return self.op.cuts()

    def params(self) -> Struct:
        """What the Rust function is given."""
        return self.op.params()

    def cost(self, core: Core) -> float:
        """Instructions of the operator on one core of a kind, by its cost model."""
        return priced(self.counts(), core.cost(self.function))

    def time(self, core: Core) -> float:
        """Cycles of the operator, or instructions where no timings are published."""
        return priced(self.counts(), core.time(self.function))

    def before(self, core: Core, cut: str) -> float:
        """Instructions of them that a core needs however small its share along this cut is."""
        return priced(self.whole(cut), core.cost(self.function))

    def whole(self, cut: str) -> dict[str, float]:
        """What of `counts` each core does anyway; where channels are cut, it sees all pixels."""
        if cut == "pixels":
            return {"call": 1}
        counts = self.counts()
        seen = {name: counts[name] for name in ("pixel", "border")}
        return seen | {"gather": self.gathered, "run": self.op.work().least_runs, "call": 1}

    def counts(self) -> dict[str, float]:
        """How much of everything that has a price, by the names of `PRICES`.

        Faster kernels say what they do: what they multiply to fill a block, and their own runs.
        """
        work = self.op.work()
        pixels, _ = self.op.matrix()
        return {
            "mac": work.taps,
            "element": work.elements,
            "pixel": pixels,
            "border": 0,
            "channel": 0,
            "gather": self.gathered or work.reads,
            "run": work.runs,
            "call": 1,
        }


def priced(counts: dict[str, float], cost: Cost) -> float:
    """Instructions of so much work at these prices."""
    return float(sum(count * getattr(cost, name) for name, count in counts.items()))


@dataclass(frozen=True)
class Choice:
    """The kernel that an operator gets, why it gets none of the others, and which it could get."""

    kernel: Kernel
    reasons: tuple[str, ...]
    others: tuple[Kernel, ...] = ()


def choose(op: Op, core: Core, forced: Collection[str] = ()) -> Choice:
    """The fastest kernel that a kind of core can run: by cycles where its timings are published.

    Tests name kernels by their Rust functions in `forced`: these are chosen wherever they have no
    obstacle, also on cores without their features, where they run as plain Rust.
    """
    if op.kernel in forced:
        return Choice(Kernel(op), ("chosen by name",))
    usable = [Kernel(op)]
    reasons = []
    for kind in Kernel.registry:
        if not isinstance(op, kind.computes):
            continue
        obstacle = kind.obstacle(op)
        if not obstacle and kind(op).function in forced:
            return Choice(kind(op), ("chosen by name",))
        if kind.needs <= set(core.features):
            if obstacle:
                reasons.append(f"not {kind(op).function}: {obstacle}")
            else:
                usable.append(kind(op))
    best, *others = sorted(usable, key=lambda kernel: kernel.time(core))
    if type(best) is not Kernel:
        reasons = []  # Where a faster kernel is chosen, nobody asks why another is not.
    shortest = min(usable, key=lambda kernel: kernel.cost(core))
    if shortest is not best and shortest.cost(core) < best.cost(core):
        reasons.append(f"not {shortest.function}: fewer instructions, but more cycles")
    return Choice(best, tuple(reasons), tuple(others))


def choose_all(
    ops: Sequence[Op],
    core: Core,
    forced: Collection[str] | Mapping[str, str],
    worth: float,
    with_weights: bool = False,
) -> list[Choice]:
    """The kernels that operators get on a kind of core.

    An image has the kernels of which time and code together cost least, where 1,000 bytes of code
    are `worth` this part of the time that the fastest kernels need. With weights, those that are
    larger than the fastest kernel's count as code does. `forced` may also be the function of each
    operator, by the operators' names.
    """
    choices = [choose(op, core, _of(op, forced)) for op in ops]
    total = sum(choice.kernel.time(core) for choice in choices)
    return _Image(choices, core, max(worth * total, _SMALL) / 1000, with_weights).choices()


def _of(op: Op, forced: Collection[str] | Mapping[str, str]) -> Collection[str]:
    """The names that are forced upon an operator."""
    return (forced[op.name],) if isinstance(forced, Mapping) else forced


@dataclass(frozen=True)
class _Image:
    """Which kernels an image has. `price` is what a byte is worth in instructions."""

    cheapest: list[Choice]
    core: Core
    price: float
    with_weights: bool

    def choices(self) -> list[Choice]:
        """The best kernel for each operator that the image has, and why not a faster one."""
        kept: set[str] = set()
        for group in self._groups():
            kept |= self._kept(group)
        chosen = []
        for choice in self.cheapest:
            usable = [k for k in (choice.kernel, *choice.others) if k.function in kept]
            kernel = min(usable, key=partial(self._cost, choice))
            reasons = choice.reasons if kernel is choice.kernel else (self._reason(choice, kept),)
            chosen.append(Choice(kernel, reasons, choice.others))
        return chosen

    def _groups(self) -> list[dict[str, None]]:
        """Kernels, of which those for the same operators are in one group; in a fixed order."""
        groups: list[dict[str, None]] = []
        for choice in self.cheapest:
            names = dict.fromkeys(k.function for k in (choice.kernel, *choice.others))
            for other in [group for group in groups if group.keys() & names.keys()]:
                groups.remove(other)
                names = other | names
            groups.append(names)
        return groups

    def _kept(self, group: Collection[str]) -> set[str]:
        """The kernels of a group that cost least; of equal sets the smallest."""
        names = list(group)
        table = np.full((len(self.cheapest), len(names)), np.inf)
        for row, choice in zip(table, self.cheapest, strict=True):
            for kernel in (choice.kernel, *choice.others):
                if kernel.function in group:
                    row[names.index(kernel.function)] = self._cost(choice, kernel)
        table = table[np.isfinite(table).any(axis=1)]
        code = np.array([self.core.code_bytes(name) * self.price for name in names])
        sets = [
            list(columns)
            for size in range(1, len(names) + 1)
            for columns in combinations(range(len(names)), size)
        ]
        costs = [table[:, own].min(axis=1).sum() + code[own].sum() for own in sets]
        return {names[column] for column in sets[int(np.argmin(costs))]}

    def _reason(self, left_out: Choice, kept: Collection[str]) -> str:
        """What a kernel would save that the image does without, and what it would take."""
        name = left_out.kernel.function
        saved = 0.0
        for choice in self.cheapest:
            if choice.kernel.function == name:
                others = (self._cost(choice, k) for k in choice.others if k.function in kept)
                saved += min(others) - choice.kernel.time(self.core)
        size = self.core.code_bytes(name)
        unit = "cycles" if self.core.cycles else "instructions"
        return f"not {name}: {size:,} B of code would save {saved:,.0f} {unit}"

    def _cost(self, choice: Choice, kernel: Kernel) -> float:
        """Time of a kernel, and what its weights cost beyond those of the fastest."""
        cost = kernel.time(self.core)
        if self.with_weights and kernel is not choice.kernel:
            more = kernel.params().bytes - choice.kernel.params().bytes
            cost += max(more, 0) * self.price
        return cost

"""What a kernel is, and which one an operator gets."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.target import Core, Cost

#: What costs are for, as fields of `Cost`. An addition of a pool counts as a MAC.
PRICES = ("mac", "element", "pixel", "border", "channel", "gather", "run", "call")

# Instructions that a kernel less is worth in the smallest model.
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
    """The cheapest kernel that a kind of core can run.

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
    best, *others = sorted(usable, key=lambda kernel: kernel.cost(core))
    # Where a faster kernel is chosen, nobody asks why another is not.
    return Choice(best, tuple(reasons) if type(best) is Kernel else (), tuple(others))


def choose_all(
    ops: Sequence[Op], core: Core, forced: Collection[str], spent: float
) -> list[Choice]:
    """The kernels that operators get on a kind of core.

    The cheapest ones, but an image does without a kernel whose operators can be computed by those
    that it has for others: the plan spends this part of its instructions for less code.
    """
    choices = [choose(op, core, forced) for op in ops]
    left = max(spent * sum(choice.kernel.cost(core) for choice in choices), _SMALL)
    while True:
        ways = [_without(choices, name, core) for name in {c.kernel.function for c in choices}]
        price, fewer = min(ways, key=lambda way: way[0], default=(math.inf, choices))
        if price > left:
            return choices
        left -= price
        choices = fewer


def _without(choices: list[Choice], name: str, core: Core) -> tuple[float, list[Choice]]:
    """What it costs to do without a kernel, and the choices then."""
    kept = {choice.kernel.function for choice in choices} - {name}
    price, fewer = 0.0, []
    for choice in choices:
        if choice.kernel.function != name:
            fewer.append(choice)
            continue
        other = next((kernel for kernel in choice.others if kernel.function in kept), None)
        if other is None:
            return math.inf, choices
        price += other.cost(core) - choice.kernel.cost(core)
        reason = f"not {name}: nothing else needs it"
        fewer.append(Choice(other, (reason,), choice.others))
    return price, fewer

"""Which kernel an operator gets: the fastest, unless its code is worth less than its bytes."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from ferrule.ir import Op
from ferrule.kernels.kernel import Kernel, Unproved
from ferrule.target import Core

Numbers = npt.NDArray[np.float64]

#: Instructions that 1,000 bytes of code are worth in the smallest model.
SMALL = 200.0


@dataclass(frozen=True)
class Choice:
    """The kernel that an operator gets, why it gets none of the others, and which it could get."""

    kernel: Kernel
    reasons: tuple[str, ...]
    others: tuple[Kernel, ...] = ()

    def finer(self) -> "Choice":
        """Kernels with more cuts, for cores that steal."""
        return replace(self, kernel=self.kernel.finer())

    def instead(self, kernel: Kernel, obstacle: str) -> "Choice":
        """Another kernel, and what stands against this one; what was said of the other is gone."""
        told = (text for text in self.reasons if not text.startswith(f"not {kernel.function}:"))
        reasons = (*told, f"not {self.kernel.function}: {obstacle}")
        return replace(self, kernel=kernel, reasons=reasons)


def choose(op: Op, core: Core, forced: Collection[str] = ()) -> Choice:
    """The fastest kernel that a kind of core can run: by cycles where its timings are published.

    Tests name kernels by their Rust functions in `forced`: these are chosen wherever they have no
    obstacle, also on cores without their features. Only the host runs those, as plain Rust.
    """
    if op.kernel in forced:
        return Choice(Kernel(op), ("chosen by name",))
    usable = [Kernel(op)]
    obstacles: dict[str, str] = {}
    for kind in Kernel.registry:
        if not isinstance(op, kind.computes) or not kind.suits(op):
            continue
        is_able = kind.needs <= set(core.features) and not kind.only_instead
        # To prove that there is no obstacle takes longer than all else.
        if not is_able and not forced:
            continue
        obstacle = kind.obstacle(op)
        if not obstacle and kind(op).function in forced:
            return Choice(kind(op), ("chosen by name",))
        if is_able:
            if obstacle:
                obstacles[kind(op).function] = obstacle
            else:
                usable.append(kind(op))
    best, *others = sorted(usable, key=lambda kernel: kernel.time(core))
    # Where a faster kernel is chosen, nobody asks why another is not made for such shapes.
    reasons = [
        f"not {function}: {obstacle}"
        for function, obstacle in obstacles.items()
        if type(best) is Kernel or isinstance(obstacle, Unproved)
    ]
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
    return _Image(choices, core, max(worth * total, SMALL) / 1000, with_weights).choices()


def _of(op: Op, forced: Collection[str] | Mapping[str, str]) -> Collection[str]:
    """The names that are forced upon an operator."""
    return (forced[op.name],) if isinstance(forced, Mapping) else forced


def told_lone(choices: Sequence[Choice]) -> list[Choice]:
    """The same kernels of an image; those know it that are called only once."""
    calls = Counter(choice.kernel.function for choice in choices)
    return [
        replace(choice, kernel=replace(choice.kernel, is_lone=calls[choice.kernel.function] == 1))
        for choice in choices
    ]


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
        reason = cache(partial(self._reason, kept))
        chosen = []
        for choice in self.cheapest:
            usable = [k for k in (choice.kernel, *choice.others) if k.function in kept]
            kernel = min(usable, key=partial(self._cost, choice))
            left_out = choice.kernel.function
            reasons = choice.reasons if kernel is choice.kernel else (reason(left_out),)
            others = [k for k in (choice.kernel, *choice.others) if k is not kernel]
            chosen.append(Choice(kernel, reasons, tuple(others)))
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
        return {names[column] for column in cheapest(table, code)}

    def _reason(self, kept: Collection[str], name: str) -> str:
        """What a kernel would save that the image does without, and what it would take."""
        saved = 0.0
        for choice in self.cheapest:
            if choice.kernel.function == name:
                others = (self._cost(choice, k) for k in choice.others if k.function in kept)
                saved += min(others) - choice.kernel.time(self.core)
        size = self.core.code_bytes(name)
        unit = "cycles" if self.core.cycles else "instructions"
        return f"not {name}: {size:,} B of code would save {saved:,.0f} {unit}"

    def _cost(self, choice: Choice, kernel: Kernel) -> float:
        """Time of a kernel, and what its weights cost beyond those of the fastest.

        Tables of an operator for which the model has no constants cost what code does.
        """
        cost = kernel.time(self.core) + kernel.table_bytes * self.price
        if self.with_weights and kernel is not choice.kernel:
            more = kernel.params().bytes - choice.kernel.params().bytes
            cost += max(more, 0) * self.price
        return cost


def cheapest(table: Numbers, code: Numbers) -> list[int]:
    """Columns of a table `[operators, kernels]` that cost least, code included.

    Of equal sets it is the smallest, and of these the first. Infinite is what a kernel cannot
    compute. A set is tried with and without a kernel only where nothing decides about it.
    """
    best: tuple[float, int, list[int]] = (np.inf, 0, [])
    waiting: list[tuple[list[int], list[int]]] = [([], list(range(len(code))))]
    while waiting:
        kept, undecided = _decided(table, code, *waiting.pop())
        least = table[:, kept + undecided].min(axis=1, initial=np.inf).sum() + code[kept].sum()
        if least == np.inf or least > best[0]:
            continue
        if not undecided:
            best = min(best, (float(least), len(kept), sorted(kept)))
            continue
        ablest = max(undecided, key=lambda column: np.isfinite(table[:, column]).sum())
        others = [other for other in undecided if other != ablest]
        waiting += [(kept, others), ([*kept, ablest], others)]
    return best[2]


def _decided(
    table: Numbers, code: Numbers, kept: list[int], undecided: list[int]
) -> tuple[list[int], list[int]]:
    """The same, with the columns that are sure to be kept, and without those sure not to be.

    The more others there are, the less a kernel saves: it is in the set if it is worth its code
    beside all that may be there, and is not if it is not worth it beside those that are.
    """
    before = -1
    while before != len(undecided):
        before = len(undecided)
        for column in tuple(undecided):
            others = [other for other in undecided if other != column]
            if _saved(table, column, kept + others) > code[column]:
                kept, undecided = [*kept, column], others
            elif _saved(table, column, kept) <= code[column]:
                undecided = others
    return kept, undecided


def _saved(table: Numbers, column: int, others: list[int]) -> float:
    """What a kernel saves beside others: no end where they cannot compute an operator."""
    least = table[:, others].min(axis=1, initial=np.inf)
    faster = table[:, column] < least
    return float((least[faster] - table[faster, column]).sum())

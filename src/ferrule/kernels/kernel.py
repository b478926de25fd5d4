"""What a kernel is: one way to compute an operator."""

from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.target import Core, Cost

#: What costs are for, as fields of `Cost`. An addition of a pool counts as a MAC.
PRICES = ("mac", "element", "pixel", "border", "channel", "gather", "run", "call")

# Most bytes of scratch for each core: a plain kernel needs none.
_MOST_SCRATCH = 16_384


class Unproved(str):
    """An obstacle in an operator's numbers: for others of the same shapes there may be none."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Kernel:
    """One way to compute an operator: a Rust function, and what it is given.

    This class is the plain way, which suits every core. Defining a subclass registers a faster
    one: it names the operator it computes and the features that a core must have, says for which
    attributes it is not made (`obstacle`), and packs the weights as its inner loop reads them
    (`params`). A kernel is lone if nothing else in the image calls its function: then the Rust
    compiler makes it part of its caller, with the numbers of the layer put in.
    """

    op: Op
    is_lone: bool = False

    registry: "ClassVar[list[type[Kernel]]]" = []  # noqa: RUF008 - of the class
    computes: ClassVar[type[Op]]
    needs: ClassVar[frozenset[str]] = frozenset()
    #: The Rust function, and the module of the kernels crate; if empty, those of the operator.
    name: ClassVar[str] = ""
    #: Whether it is taken only as another one's `finer`.
    only_instead: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        Kernel.registry.append(cls)

    @classmethod
    def suits(cls, op: Op) -> bool:
        """Whether the kernel is for such shapes at all: else a plan does not say why not it."""
        return True

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Why this kernel cannot compute an operator of its kind; empty if it can."""
        return ""

    @property
    def module(self) -> str:
        """The module of the kernels crate."""
        return self.name or self.op.module

    @property
    def function(self) -> str:
        """The Rust function in that module. Costs are listed by this name."""
        return self.name or self.op.kernel

    def unit(self, cut: str) -> int:
        """Pixels or channels that it computes at a time; shares are multiples of this."""
        return 1

    def grain(self, cut: str) -> int:
        """Units that it computes at a time, where those of a share may be left over."""
        return 1

    def finer(self) -> "Kernel":
        """The same with one more cut, for cores that steal; itself if there is no such."""
        return self

    @property
    def scratch_words(self) -> int:
        """32-bit words of temporary memory that each core needs."""
        return 0

    def too_much_scratch(self) -> str:
        """What stands against it if it needs more scratch than kernels may; else empty."""
        size = 4 * self.scratch_words
        return f"it needs {size:,} B of scratch on each core" if size > _MOST_SCRATCH else ""

    @property
    def table_bytes(self) -> int:
        """Bytes of what it is given, if the model has no constants for its operator."""
        is_given = any(tensor.data is not None for tensor in self.op.inputs)
        return 0 if is_given else self.params().bytes

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
        whole = priced(self.counts(), core.cost(self.function))
        return max(whole - core.spared(self.function), 0) if self.is_lone else whole

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
            "channel": work.blocks,
            "gather": self.gathered or work.reads,
            "run": work.runs,
            "call": 1,
        }


def priced(counts: dict[str, float], cost: Cost) -> float:
    """Instructions of so much work at these prices."""
    return float(sum(count * getattr(cost, name) for name, count in counts.items()))

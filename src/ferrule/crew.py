"""The cores that a plan is for, and how fast each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ferrule.hints import Hints
from ferrule.kernels import Kernel
from ferrule.shares import Pace
from ferrule.target import Core, Target


@dataclass(frozen=True)
class Crew:
    """The cores of the largest team, and what of them other work needs."""

    target: Target
    cores: int
    hints: Hints = field(default_factory=Hints)

    @property
    def kinds(self) -> tuple[Core, ...]:
        """Kinds of cores, the lead's first."""
        return self.target.kinds(self.cores)

    def paces(self, kernels: Sequence[Kernel], cut: str, units: int) -> list[Pace]:
        """Each core's time for a unit of an operator, in instructions of a lead that is free.

        `kernels` has one for each kind of core.
        """
        of_kind = {core.kind: kernel for core, kernel in zip(self.kinds, kernels, strict=True)}
        known: dict[tuple[str, Fraction], Pace] = {}
        paces = []
        for index, core in enumerate(self.target.members(self.cores)):
            slower = _clock_ratio(self.target.cores[0], core) / (1 - self.hints.reserved(index))
            alike = core.kind, slower
            if alike not in known:
                known[alike] = _pace(of_kind[core.kind], core, cut, units, slower)
            paces.append(known[alike])
        return paces


def _pace(kernel: Kernel, core: Core, cut: str, units: int, slower: Fraction) -> Pace:
    """The time of a core for a unit, if it takes so many times as long as its kind on the lead."""
    before = Fraction(kernel.before(core, cut) if cut in kernel.cuts() else 0) * slower
    whole = Fraction(kernel.cost(core) + 1) * slower
    # A unit takes time, whatever was measured.
    before = min(before, whole - slower)
    return Pace((whole - before) / units, before)


def _clock_ratio(lead: Core, core: Core) -> Fraction:
    """How many cycles the lead has for one of a core."""
    if not lead.clock_hz or not core.clock_hz:
        return Fraction(1)
    return Fraction(lead.clock_hz, core.clock_hz)

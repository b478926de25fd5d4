"""Orders operators into steps and cuts their outputs among cores."""

from collections.abc import Collection, Sequence

from ferrule.ir import Graph, Op
from ferrule.kernels import Kernel, choose
from ferrule.steps import Part, Step
from ferrule.target import Target

# The control block holds a core's range as two 16-bit numbers.
_MOST_UNITS = 65_535


def schedule(
    graph: Graph, target: Target, cores: int, forced: Collection[str] = ()
) -> tuple[Step, ...]:
    """One step for each operator that computes something, in the graph's order.

    `forced` names kernels that tests want wherever they can be used.
    """
    return tuple(_step(op, target, cores, forced) for op in graph.ops if not op.is_view)


def _step(op: Op, target: Target, cores: int, forced: Collection[str]) -> Step:
    """Cuts one operator for teams of every size up to `cores`."""
    choice = choose(op, target.cores[0], forced)
    kernel = choice.kernel
    pixels, channels = op.matrix()
    axes = {"pixels": pixels, "channels": channels}
    runs = {cut: max(kernel.unit(cut), -(-axes[cut] // _MOST_UNITS)) for cut in kernel.cuts()}
    usable = [cut for cut, run in runs.items() if axes[cut] > run]
    if not usable:
        return _alone(kernel, cores, ("one unit", *choice.reasons))
    # Pixels first: their runs are contiguous. Channels where pixels are too few to share evenly.
    cut = usable[0]
    waste = {cut: _waste(-(-axes[cut] // runs[cut]), cores) for cut in usable}
    if cut == "pixels" and "channels" in usable and waste["pixels"] > waste["channels"]:
        cut = "channels"
    unit = runs[cut]
    units = -(-axes[cut] // unit)
    saved = kernel.cost(target.cores[0]) * (1 - _longest(units, 2) / units)
    if cores > 1 and saved <= target.barrier(cores):
        reason = f"one core: sharing saves about {saved:,.0f} instructions, a barrier costs "
        return _alone(kernel, cores, (reason + f"{target.barrier(cores)}", *choice.reasons))
    shares = tuple(_even(units, team) for team in range(1, cores + 1))
    reason = f"shared by {cut}" if cores > 1 else "one core"
    return Step((Part(kernel, cut, unit, units, shares),), "; ".join((reason, *choice.reasons)))


def _alone(kernel: Kernel, cores: int, reasons: Sequence[str]) -> Step:
    shares = tuple((1, *[0] * (team - 1)) for team in range(1, cores + 1))
    pixels, _ = kernel.op.matrix()
    return Step((Part(kernel, "pixels", pixels, 1, shares),), "; ".join(reasons))


def _even(units: int, cores: int) -> tuple[int, ...]:
    """Units for each core; the first ones get one more where they do not divide."""
    least, more = divmod(units, cores)
    return tuple(least + (core < more) for core in range(cores))


def _longest(units: int, cores: int) -> int:
    return -(-units // cores)


def _waste(units: int, cores: int) -> float:
    """How much longer the longest share is than an exact one, in steps of 5 %."""
    return int(20 * (_longest(units, cores) * cores / units - 1)) / 20

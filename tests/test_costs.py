"""The cost model: what the plan predicts is near what is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from models import OUTPUTS, model_file
from test_golden import KEYWORD

from ferrule import api, target
from ferrule.firmware import timing
from ferrule.kernels import PRICES, Kernel
from ferrule.passes.schedule import schedule
from ferrule.samples import sample_graphs
from ferrule.target import Cost

LENET = KEYWORD.parents[1] / "lenet/lenet_int8.tflite"
COUNTED = tuple(
    board
    for board in target.boards()
    if (target.load(board).emulator or target.load(board).simulator)
    and target.load(board).is_measured
)
#: Those that every change is tested with: both instruction sets, equal and unequal cores.
USUAL = ("qemu-mps2-an521", "qemu-musca-b1", "qemu-virt-rv32")


OWN = {"keyword": lambda: KEYWORD, "lenet": lambda: LENET}
OTHERS = {name: lambda name=name: model_file(name) for name in OUTPUTS}
CASES = [
    pytest.param(
        board,
        find,
        id=f"{board}-{name}",
        marks=() if board in USUAL and name in OWN else pytest.mark.long,
    )
    for board in COUNTED
    for name, find in (OWN | OTHERS).items()
]


@pytest.mark.parametrize(("board", "find"), CASES)
def test_predictions_are_within_a_tenth(board: str, find: Callable[[], Path]) -> None:
    described = target.load(board)
    # One core of an unequal pair is no board.
    teams = {described.core_count} | ({1} if len(described.cores) == 1 else set())
    model = find()
    for row in api.bench(model, board, sorted(teams)):
        predicted = api.plan(model, board, row.cores).predicted(row.cores)
        assert abs(predicted / row.instructions - 1) < 0.1, (row.cores, row.instructions, predicted)


@pytest.mark.parametrize(
    ("board", "piece"), [("qemu-musca-b1", 12_300), ("qemu-virt-rv32", 60_000)]
)
def test_predictions_of_many_pieces_are_within_a_twentieth(board: str, piece: int) -> None:
    for row in api.bench(KEYWORD, board, [1, 2], piece=piece):
        predicted = api.plan(KEYWORD, board, 2, piece=piece).predicted(row.cores)
        assert abs(predicted / row.instructions - 1) < 0.05, (
            row.cores,
            row.instructions,
            predicted,
        )


@pytest.mark.parametrize("board", COUNTED)
def test_every_kernel_of_a_board_is_measured(board: str) -> None:
    for core in target.load(board).cores:
        functions = {
            kind(op).function if kind else op.kernel
            for graph in sample_graphs()
            for op in graph.ops
            for kind in (None, *Kernel.registry)
            if not kind or (isinstance(op, kind.computes) and kind.needs <= set(core.features))
        }
        assert functions <= set(core.costs)
        assert core.measured
        assert core.cycles.keys() == (functions if timing.load(core.kind) else set())


def test_counts_have_the_names_of_prices() -> None:
    for graph in sample_graphs():
        for op in graph.ops:
            kinds = [kind for kind in Kernel.registry if isinstance(op, kind.computes)]
            kernels = [Kernel(op), *(kind(op) for kind in kinds if not kind.obstacle(op))]
            for kernel in kernels:
                assert tuple(kernel.counts()) == PRICES
                assert min(kernel.counts().values()) >= 0
                for cut in kernel.cuts():
                    counts = kernel.counts()
                    assert all(0 <= n <= counts[name] for name, n in kernel.whole(cut).items())
    assert set(PRICES) == set(Cost.__dataclass_fields__)


def test_a_step_costs_what_its_slowest_core_needs_and_the_barrier() -> None:
    board = target.load("qemu-musca-b1")
    graph = next(iter(sample_graphs()))
    alone, pair = schedule(graph, board, 2)[0].predicted
    assert alone / 2 < pair - board.overhead(2) < alone * 0.6
    assert board.overhead(1) == 0 < board.barrier(2) < board.overhead(2)

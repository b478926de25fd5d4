"""The cost model: what the plan predicts is near what is counted."""

import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite_writer
from models import OUTPUTS, model_file
from test_golden import KEYWORD

from ferrule import api, target
from ferrule.firmware import timing
from ferrule.ir import Graph, Quant, Tensor
from ferrule.kernels import PRICES, Kernel
from ferrule.ops.fully_connected import FullyConnected
from ferrule.passes.schedule import schedule
from ferrule.resources import TARGETS
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
    _within_a_tenth(find(), board, teams)


# The slower core of this pair is the lead, and some of its layers cannot be cut.
PIECES = {"qemu-mps2-an521": 4_000_000}

# A layer that a helper does alone costs a team less than one that all share in, and where cores
# steal, by far: one price stands for both, which these few hundred MACs are too small for.
TOO_SMALL = {("qemu-mps2-an521", "hello_world_int8", "steal")}

#: Inferences of small layers, which cost a team more than they compute, and of large ones.
WAYS = [
    pytest.param(
        board,
        find,
        way,
        id=f"{board}-{name}-{'-'.join(map(str, way.values()))}",
        marks=() if board in USUAL and name == "keyword" else pytest.mark.long,
    )
    for board in COUNTED
    for name, find in (OWN | OTHERS).items()
    for way in ({"schedule": "steal"}, {"piece": PIECES.get(board, 1_000_000)})
    if "piece" in way or (target.load(board).can_steal and target.load(board).core_count > 1)
    if (board, name, *way.values()) not in TOO_SMALL
]


@pytest.mark.parametrize(("board", "find", "way"), WAYS)
def test_predictions_are_within_a_tenth_whatever_the_team_does(
    board: str, find: Callable[[], Path], way: dict[str, Any]
) -> None:
    _within_a_tenth(find(), board, {target.load(board).core_count}, **way)


@pytest.mark.parametrize("board", USUAL)
@pytest.mark.parametrize("way", [{}, {"schedule": "steal"}, {"piece": 100_000}], ids=str)
def test_predictions_of_tiny_layers_are_within_a_tenth(
    board: str, way: dict[str, Any], tmp_path: Path
) -> None:
    """Three fully connected layers, which take fewer instructions than what a team costs."""
    model = tmp_path / "tiny.tflite"
    model.write_bytes(tflite_writer.write(_dense(1, 16, 16, 1)))
    described = target.load(board)
    # Of more cores that steal one may come too late for such a step: then counts are not always the
    # same.
    most = 2 if "schedule" in way else 4
    teams = range(1 if len(described.cores) == 1 else 2, min(described.core_count, most) + 1)
    _within_a_tenth(model, board, set(teams), **way)


def _dense(*units: int) -> Graph:
    """Fully connected layers, one behind the other."""
    rng = np.random.default_rng(7)
    tensors = [Tensor(f"t{at}", (1, n), "int8", Quant((0.5,), (0,))) for at, n in enumerate(units)]
    ops = []
    for source, output in pairwise(tensors):
        shape = (output.elements, source.elements)
        numbers = rng.integers(-127, 128, shape).astype(np.int8)
        weights = Tensor(f"{output.name}/w", shape, "int8", Quant((0.0234375,), (0,)), numbers)
        zeros = np.zeros(shape[0], np.int32)
        bias = Tensor(f"{output.name}/b", shape[:1], "int32", None, zeros)
        ops.append(FullyConnected(output.name, (source, weights, bias), (output,), "relu"))
    return Graph("dense", tuple(ops), (tensors[0],), (tensors[-1],))


def _within_a_tenth(model: Path, board: str, teams: set[int], **way: Any) -> None:
    for row in api.bench(model, board, sorted(teams), **way):
        predicted = api.plan(model, board, row.cores, **way).predicted(row.cores)
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


def test_ibex_has_the_costs_of_the_core_whose_code_it_runs() -> None:
    ibex, rv32 = (
        tomllib.loads((TARGETS / "costs" / f"{kind}.toml").read_text())
        for kind in ("ibex", "rv32imac")
    )
    assert ibex == rv32

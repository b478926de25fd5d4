"""Plans for inferences in slices: pieces are as short as asked for, or a sentence says why not."""

from pathlib import Path

import pytest
from firmware.test_boards import two_layers
from models import model_file

from ferrule import target
from ferrule.compiler import plan_graph
from ferrule.emit.report import describe, plan_text
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.importers.tflite import load
from ferrule.passes.slices import piece_cost
from ferrule.steps import Plan, Step

KEYWORD = Path(__file__).parents[1] / "models/keyword/keyword_int8.tflite"
LENET = KEYWORD.parents[1] / "lenet/lenet_int8.tflite"
BOARDS = ["qemu-musca-b1", "qemu-virt-rv32", "host"]


def plan(board: str, piece: int, cores: int | None = None) -> Plan:
    return plan_graph(load(KEYWORD), board, cores, hints=Hints(piece=piece))


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("piece", [60_000, 100_000, 1_000_000])
def test_no_piece_is_longer_than_asked_for(board: str, cores: int, piece: int) -> None:
    sliced, whole = plan(board, piece, cores), plan(board, 0, cores)
    lead = sliced.target.cores[0]
    for step, other in zip(sliced.steps, whole.steps, strict=True):
        assert piece_cost(step, lead) <= piece
        assert [sum(row) for row in step.shares] == [step.units] * cores
        if piece_cost(other, lead) <= piece:
            assert step.op.name == other.op.name
            assert step.piece == 0
        else:
            assert 0 < step.piece < step.units


def test_a_step_of_one_core_is_cut_and_stays_with_it() -> None:
    graph = two_layers()
    whole = plan_graph(graph, "qemu-musca-b1", hints=Hints(pins=(("first", 0), ("second", 1))))
    hints = Hints(pins=(("first", 0), ("second", 1)), piece=1_500)
    first, second = plan_graph(graph, "qemu-musca-b1", 2, hints=hints).steps
    assert whole.steps[0].is_alone
    assert first.units > 1
    assert first.piece > 0
    assert first.shares == ((first.units,), (first.units, 0))
    # A team of one has all of the second, and needs pieces; the lead of two waits for all of it.
    assert second.shares == ((second.units,), (0, second.units))
    assert second.reason.startswith("pinned to core 1; in a team of one the lead in pieces of ")
    assert first.wait == 0
    board = target.load("qemu-musca-b1").running("sliced")
    assert second.wait == second.predicted[1] - board.overhead(2)


def test_pieces_that_only_small_teams_need_say_so() -> None:
    reasons = [step.reason for step in plan("qemu-virt-rv32", 500_000, 4).steps]
    assert any("; in a team of one the lead in pieces of " in reason for reason in reasons)
    reasons = [step.reason for step in plan("qemu-virt-rv32", 250_000, 4).steps]
    assert any("; in teams of up to 3 the lead in pieces of " in reason for reason in reasons)


@pytest.mark.parametrize("cores", [1, 2])
def test_pieces_are_in_the_predictions(cores: int) -> None:
    """A piece costs what its kernel does before the first unit, and the claim."""
    sliced, whole = plan("qemu-musca-b1", 12_300), plan("qemu-musca-b1", 0)
    lead = sliced.target.cores[0]
    for step, other in zip(sliced.steps, whole.steps, strict=True):
        predicted, without = (_of_kernel(one, cores) for one in ((sliced, step), (whole, other)))
        more = -(-step.shares[cores - 1][0] // step.piece) - 1 if step.piece else 0
        each = step.kernel.before(lead, step.cut) + sliced.target.overheads.claim
        assert abs(predicted - without - more * each) <= 1


def _of_kernel(step_of: tuple[Plan, Step], cores: int) -> int:
    """What of a step's instructions is not what a team costs."""
    plan, step = step_of
    overhead = plan.target.private if step.is_private else plan.target.overhead
    return step.predicted[cores - 1] - overhead(cores)


def test_the_plan_says_how_long_the_lead_waits_for_a_helper() -> None:
    hints = Hints(piece=60_000, pins=(("Relu_3", 1),))
    pinned = plan_graph(load(KEYWORD), "qemu-musca-b1", 2, hints=hints)
    data = describe(pinned)
    assert data["longest_wait"] == max(step.wait for step in pinned.steps) > 400_000
    assert data["longest_wait_of"] == "relu_3"
    assert [step["wait"] for step in data["steps"]] == [step.wait for step in pinned.steps]
    line = plan_text(pinned).splitlines()[2]
    assert line.startswith("waits     a slice of steps can wait for a helper")
    assert f"in relu_3, about {data['longest_wait']:,} instructions" in line
    # Nobody to wait for: no such line.
    alone = plan("qemu-musca-b1", 60_000, 1)
    assert describe(alone)["longest_wait"] == 0
    assert plan_text(alone).splitlines()[2].startswith("arena ")


def test_the_plan_says_how_long_a_slice_can_be() -> None:
    text = plan_text(plan("qemu-musca-b1", 50_000)).splitlines()
    assert text[1].startswith(
        "slices    a piece of a step is at most 50,000 instructions of the lead; the longest, of "
    )
    sliced, whole = (describe(plan("qemu-musca-b1", piece)) for piece in (50_000, 0))
    assert sliced["slice"] == 50_000
    assert sliced["longest_piece"] <= 50_000 < whole["longest_piece"]


@pytest.mark.parametrize("cores", [1, 2])
def test_a_kernel_with_long_pieces_gives_way_to_one_with_shorter(cores: int) -> None:
    graph = load(LENET)
    free = plan_graph(graph, "qemu-virt-rv32", cores, hints=Hints(piece=60_000))
    sliced = plan_graph(graph, "qemu-virt-rv32", cores, hints=Hints(piece=30_000))
    functions = {step.op.name: step.kernel.function for step in free.steps}
    changed = [step for step in sliced.steps if step.kernel.function != functions[step.op.name]]
    assert [step.op.name for step in changed] == ["Relu_2"]
    assert "not conv2d_strips: its smallest piece takes 46,484 instructions" in changed[0].reason
    assert all(piece_cost(step, sliced.target.cores[0]) <= 30_000 for step in sliced.steps)


def test_a_step_is_cut_by_channels_where_a_pixel_takes_too_long() -> None:
    graph = load(model_file("person_detect_int8"))
    cuts = {}
    for piece in (1_000_000, 300_000):
        plan = plan_graph(graph, "qemu-virt-rv32", 1, hints=Hints(piece=piece))
        assert all(piece_cost(step, plan.target.cores[0]) <= piece for step in plan.steps)
        cuts[piece] = {step.op.name: step.cut for step in plan.steps}["Relu6_27"]
    assert cuts == {1_000_000: "pixels", 300_000: "channels"}


def test_pieces_that_are_too_short_are_a_sentence() -> None:
    with pytest.raises(CompileError) as caught:
        plan("qemu-musca-b1", 500)
    error = str(caught.value)
    assert error.startswith("`Relu_3` cannot be cut into pieces of 500 instructions\n")
    needed = int(error.split("`--slice ")[1].split("`")[0])
    assert plan("qemu-musca-b1", needed).piece == needed
    with pytest.raises(CompileError):
        plan("qemu-musca-b1", needed - 1)


def test_the_length_of_pieces_that_is_said_is_long_enough() -> None:
    """For longer pieces faster kernels are chosen, whose smallest piece is a little longer."""
    graph = load(LENET)
    with pytest.raises(CompileError) as caught:
        plan_graph(graph, "qemu-musca-b1", hints=Hints(piece=1))
    needed = int(str(caught.value).split("`--slice ")[1].split("`")[0])
    assert plan_graph(graph, "qemu-musca-b1", hints=Hints(piece=needed)).piece == needed


def test_teams_that_steal_take_no_slices() -> None:
    with pytest.raises(CompileError, match="cannot be taken in slices"):
        plan_graph(two_layers(), "host", 2, schedule="steal", hints=Hints(piece=1_000))

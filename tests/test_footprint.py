"""How much flash a product needs besides its weights, on one core, and how much stack a core."""

import pytest
from models import model_file

from ferrule.compiler import compile_model
from ferrule.firmware import Program
from ferrule.hints import Hints
from ferrule.inputs import generate
from ferrule.session import Session

#: Most bytes of code, start-up and tables of steps included, without operators' constants.
LIMITS = {"speed": 14_000, "size": 10_000}
TINY = 3_000

STACK = 1_024

MODELS = ("kws_ref_int8", "ic01_resnet8_int8", "person_detect_int8")
FIRST, *OTHERS = (
    "qemu-m0plus",
    "qemu-mps2-an385",
    "qemu-mps2-an386",
    "qemu-mps2-an500",
    "qemu-mps3-an547",
    "qemu-musca-b1",
    "qemu-virt-rv32",
)
BOARDS = [FIRST, *(pytest.param(board, marks=pytest.mark.long) for board in OTHERS)]


def session(model: str, board: str, goal: str) -> Session:
    return Session(compile_model(model_file(model), board, 1, hints=Hints.of(optimize=goal)))


@pytest.mark.parametrize("goal", LIMITS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("board", BOARDS)
def test_code_is_small(board: str, model: str, goal: str) -> None:
    assert session(model, board, goal).code_bytes <= LIMITS[goal]


@pytest.mark.parametrize("goal", LIMITS)
@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_left_that_could_panic(model: str, goal: str) -> None:
    functions = session(model, FIRST, goal).image(Program.SIZE).functions
    assert not [function.name for function in functions if "panicking" in function.name]


@pytest.mark.parametrize("goal", LIMITS)
@pytest.mark.parametrize("board", BOARDS)
def test_a_tiny_model_needs_next_to_no_code(board: str, goal: str) -> None:
    assert session("hello_world_int8", board, goal).code_bytes <= TINY


# The lead of a team that steals learns speeds and shares units deep inside a step.
@pytest.mark.parametrize(
    ("board", "cores", "schedule", "model"),
    [
        ("qemu-m0plus", 1, "static", "kws_ref_int8"),
        ("qemu-musca-b1", 2, "static", "kws_ref_int8"),
        ("qemu-musca-b1", 2, "steal", "kws_ref_int8"),
        ("qemu-mps2-an521", 2, "steal", "lenet_int8"),
        pytest.param("qemu-mps2-an521", 2, "steal", "kws_ref_int8", marks=pytest.mark.long),
        pytest.param("qemu-virt-rv32", 8, "steal", "kws_ref_int8", marks=pytest.mark.long),
    ],
)
def test_a_core_needs_little_stack(board: str, cores: int, schedule: str, model: str) -> None:
    session = Session(compile_model(model_file(model), board, cores, schedule=schedule))
    stacks = session.count(generate(session.plan.graph, 1)).stacks
    assert 0 < max(stacks) <= STACK

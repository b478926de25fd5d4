"""Whole models, layer by layer, on every board and team: equal to the interpreter and to TFLM."""

from functools import cache
from pathlib import Path

import pytest
from merged import TEAMS

from ferrule import inputs, interpreter, oracle
from ferrule.checking import FIRST_SEED, compare, oracle_values
from ferrule.compiler import compile_model
from ferrule.importers import tflite
from ferrule.session import Session

ROOT = Path(__file__).parents[1]
OWN = {path.parent.name: path for path in sorted(ROOT.glob("models/*/*_int8.tflite"))}
# Models of other people, not part of the project; used where they are.
OTHERS = {
    name: ROOT.parent / "shared/models" / f"{name}.tflite"
    for name in (
        "hello_world_int8",
        "micro_speech_int8",
        "kws_ref_int8",
        "ic01_resnet8_int8",
        "person_detect_int8",
    )
}
BOARDS = sorted({board for board, _ in TEAMS})


@cache
def expected(path: Path, seeds: int):
    """The source, its inputs, and the interpreter's and the oracle's values."""
    source = tflite.load_source(path)
    sets = [inputs.generate(source.graph, FIRST_SEED + index) for index in range(seeds)]
    values = [interpreter.run(source.graph, arrays) for arrays in sets]
    return source, sets, values, oracle_values(source, sets)


def equal_everywhere(path: Path, board: str, seeds: int, count_cases) -> None:
    if not path.exists():
        pytest.skip(f"{path.name} is not here; it is not part of the project")
    source, sets, values, from_oracle = expected(path, seeds)
    session = Session(compile_model(path, board))
    for team in (team for other, team in TEAMS if other == board):
        observed = session.observe(sets, team)
        on_board = [{tensor.name: array for tensor, array in one.items()} for one in observed]
        layers = compare(source.graph, values, [from_oracle, on_board])
        assert not [layer for layer in layers if layer.mismatches]
        count_cases(f"{board} x {team}", len(layers) * seeds, "layers of models")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", OWN)
def test_own_model(name: str, board: str, count_cases) -> None:
    equal_everywhere(OWN[name], board, 2, count_cases)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", OTHERS)
def test_other_model(name: str, board: str, count_cases) -> None:
    equal_everywhere(OTHERS[name], board, 1, count_cases)


@pytest.mark.long
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", [*OWN, *OTHERS])
def test_sixteen_seeds(name: str, board: str, count_cases) -> None:
    equal_everywhere((OWN | OTHERS)[name], board, 16, count_cases)


def test_the_oracle_is_there() -> None:
    assert oracle.version() is not None

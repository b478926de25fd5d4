"""Cycles of simulated cores: the same each time, and more where cores share more."""

import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from ferrule import api, interpreter
from ferrule.compiler import compile_model
from ferrule.errors import CompileError
from ferrule.inputs import generate
from ferrule.resources import MODELS
from ferrule.session import Session
from ferrule.toolchain import ibex

KEYWORD = MODELS / "keyword/keyword_int8.tflite"
LENET = MODELS / "lenet/lenet_int8.tflite"
MEMORIES = ("ideal", "banks", "single")
BOARD = "ibex-rtl"


@pytest.fixture(scope="module")
def cycles() -> dict[tuple[int, str], int]:
    """Of a small model, by team size and memory."""
    rows = [row for memory in MEMORIES for row in api.bench(LENET, BOARD, [1, 2, 4], memory=memory)]
    return {(row.cores, row.memory): row.cycles for row in rows}


@pytest.mark.long
@pytest.mark.parametrize(("team", "schedule"), [(1, "static"), (2, "static"), (2, "steal")])
def test_the_keyword_model_equals_the_interpreter(team: int, schedule: str) -> None:
    session = Session(compile_model(KEYWORD, BOARD, team, schedule=schedule))
    arrays = generate(session.plan.graph, 12345)
    expected = interpreter.run(session.plan.graph, arrays)
    (computed,) = session.observe([arrays])
    assert len(computed) == len(session.plan.steps)
    for tensor, values in computed.items():
        assert (values == expected[tensor]).all(), tensor.name


@pytest.mark.long
@pytest.mark.parametrize("team", [1, 2, 4])
def test_the_more_is_shared_the_longer_it_takes(cycles, team: int) -> None:
    for less, more in pairwise(cycles[team, memory] for memory in MEMORIES):
        assert less <= more


@pytest.mark.long
@pytest.mark.parametrize("arbiter", ["round-robin", "fixed"])
@pytest.mark.parametrize(("memory", "least"), [("ideal", 1.9), ("banks", 1.6)])
def test_two_cores_nearly_halve_the_time_of_the_keyword_model(
    memory: str, least: float, arbiter: str, capsys
) -> None:
    one, two = api.bench(KEYWORD, BOARD, [1, 2], memory, arbiter)
    with capsys.disabled():
        print(f"\nkeyword model, {memory}, {arbiter}: {one.cycles:,} cycles, on two {two.cycles:,}")
    assert least <= one.cycles / two.cycles < 2.3


@pytest.mark.long
@pytest.mark.parametrize("memory", MEMORIES)
def test_stealing_by_a_lock_costs_equal_cores_little(memory: str) -> None:
    # With the fixed order, cores that ask for the lock could keep its owner from memory.
    static, steal = (
        api.bench(LENET, BOARD, [2, 4], memory, "fixed", schedule=schedule)
        for schedule in ("static", "steal")
    )
    for exact, stolen in zip(static, steal, strict=True):
        assert stolen.cycles < 1.1 * exact.cycles


@pytest.mark.long
@pytest.mark.parametrize("arbiter", ["round-robin", "fixed"])
def test_cycles_are_the_same_each_time(arbiter: str) -> None:
    first, second = (api.bench(LENET, BOARD, [2], "banks", arbiter) for _ in range(2))
    assert first == second
    (row,) = first
    assert row.cycles > row.instructions
    assert row.arbiter == arbiter


@pytest.mark.long
def test_the_simulator_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    def said(*words: str) -> str:
        answer = subprocess.run([ibex.simulator(), *words], capture_output=True, text=True)
        assert answer.returncode == 2
        return answer.stderr

    assert said("memory=big") == "ibex: unknown argument `memory=big`\n"
    (tmp_path / "text").write_text("not an ELF file, but long enough to have a header of one")
    assert "is not an ELF file for 32-bit RISC-V" in said(f"image={tmp_path / 'text'}")


@pytest.mark.parametrize(
    ("board", "memory", "arbiter", "sentence"),
    [
        (
            "qemu-virt-rv32",
            "banks",
            None,
            "`--memory` means nothing on qemu-virt-rv32, whose cycles are not simulated\n\n"
            "hint: leave it out, or choose the board `ibex-rtl`",
        ),
        (
            BOARD,
            "banks",
            "first",
            "`--arbiter first` is not among the choices of ibex-rtl\n\n"
            "hint: one of round-robin, fixed",
        ),
    ],
)
def test_conditions_that_a_board_has_not_are_refused(
    board: str, memory: str | None, arbiter: str | None, sentence: str
) -> None:
    with pytest.raises(CompileError) as caught:
        api.bench(KEYWORD, board, [1], memory, arbiter)
    assert str(caught.value) == sentence


def test_the_extra_names_the_same_release() -> None:
    project = tomllib.loads((MODELS.parent / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["rtl"] == [f"{ibex.PACKAGE}=={ibex.VERSION}"]

"""Inferences in slices on boards: the same bytes as in one go, for every kind of slice.

The program `check` takes them: of each six inferences one pauses after every claim, four after one
to four steps, and one after a time.
"""

from pathlib import Path

import pytest
from firmware.test_boards import two_layers

from ferrule import firmware, interpreter, target
from ferrule.checking import check
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit import folder
from ferrule.emit.crate import emit
from ferrule.emit.report import describe
from ferrule.firmware import Program
from ferrule.firmware.count import addresses
from ferrule.firmware.run import execute
from ferrule.hints import Hints
from ferrule.importers.tflite import load
from ferrule.inputs import generate
from ferrule.session import Session
from ferrule.toolchain import counter, qemu

KEYWORD = Path(__file__).parents[2] / "models/keyword/keyword_int8.tflite"
BOARDS = ["host", "qemu-mps2-an386", "qemu-mps2-an521", "qemu-musca-b1", "qemu-virt-rv32"]


@pytest.mark.parametrize("board", BOARDS)
def test_every_step_equals_the_interpreter(tmp_path: Path, board: str) -> None:
    graph, described = two_layers(), target.load(board)
    for cores in {1, described.core_count}:
        plan = plan_graph(graph, board, cores, hints=Hints(piece=2_300))
        assert any(step.piece for step in plan.steps)
        crate = tmp_path / f"crate{cores}"
        folder.write(emit(plan, "two_layers.tflite", b""), crate)
        image = firmware.build(crate, described, Program.CHECK)
        assert image.signature.sliced
        sets = [generate(graph, seed) for seed in range(10)]
        for team in {1, cores}:
            observed = firmware.observe(image, team, sets)
            for arrays, inference in zip(sets, observed.inferences, strict=True):
                values = interpreter.run(graph, arrays)
                steps = [values[op.output].tobytes() for op in graph.ops]
                assert inference.steps == tuple(enumerate(steps))


@pytest.mark.parametrize(("board", "cores"), [("qemu-musca-b1", 2), ("qemu-virt-rv32", 4)])
def test_a_model_in_slices_equals_the_interpreter(board: str, cores: int) -> None:
    assert check(KEYWORD, board, cores, seeds=5, hints=Hints(piece=60_000)).mismatches == 0


@pytest.mark.parametrize("piece", [60_000, 200_000])
@pytest.mark.parametrize(("board", "cores"), [("qemu-musca-b1", 2), ("qemu-virt-rv32", 4)])
def test_a_slice_is_as_long_as_the_plan_says(
    tmp_path: Path, board: str, cores: int, piece: int
) -> None:
    """The lead's instructions of each slice that is one claim; waiting for a helper is apart."""
    plan = plan_graph(load(KEYWORD), board, cores, hints=Hints(piece=piece))
    stated = describe(plan)["longest_piece"]
    assert stated <= piece
    image = Session(Compiled(plan, emit(plan, KEYWORD.name, b""))).image(Program.CHECK)
    wait = image.find("member", "wait_until") + image.find("member", "wait_longer")
    marks = counter.Marks(
        begin=addresses(image.find("tensors", "next_slice")),
        end=addresses(image.find("tensors", "slice_end")),
        wait=tuple((symbol.address, symbol.address + symbol.bytes) for symbol in wait),
    )
    written = tmp_path / "counts.json"
    plugin = counter.plugin(qemu.system(plan.target.emulator["architecture"]))
    inputs = [generate(plan.graph, 1)]
    added = ("-plugin", counter.argument(plugin, written, marks))
    execute(image, Program.CHECK, cores, inputs, tmp_path, None, *added)
    (lead,) = (core for core in counter.read(written) if core.runs)
    slices = [sum(run.steps) for run in lead.runs]
    assert len(slices) > len(plan.steps)
    assert 0.8 * stated < max(slices) < 1.05 * stated

"""Images are built once, and what cannot be built is a sentence."""

import re
import threading
from pathlib import Path

import pytest

from ferrule import target
from ferrule.compiler import plan_graph
from ferrule.emit import folder
from ferrule.emit.crate import emit
from ferrule.errors import CompileError, ToolError
from ferrule.firmware import Program, build
from ferrule.firmware.signature import Border, signature
from ferrule.ir import Graph, Quant, Tensor
from ferrule.ops.add import Add
from ferrule.resources import CRATES


def sum_of_two(elements: int) -> Graph:
    quant = Quant((0.5,), (0,))
    x, y, z = (Tensor(name, (1, elements), "int8", quant) for name in "xyz")
    return Graph("sum", (Add("sum", (x, y), (z,), "none"),), (x, y), (z,))


def crate(graph: Graph, board: str, path: Path) -> Path:
    folder.write(emit(plan_graph(graph, board), f"{graph.name}.tflite", b""), path)
    return path


def test_two_inputs_have_two_parameters(tmp_path: Path) -> None:
    found = signature(crate(sum_of_two(2000), "host", tmp_path / "sum"))
    assert found.crate == "sum"
    assert found.inputs == (Border("x", "i8", 2000), Border("y", "i8", 2000))
    assert found.outputs == (Border("z", "i8", 2000),)


def test_what_does_not_fit_the_board_is_said_in_bytes(tmp_path: Path) -> None:
    path = crate(sum_of_two(170_000), "qemu-virt-rv32", tmp_path / "sum")
    with pytest.raises(CompileError) as caught:
        build(path, target.load("qemu-virt-rv32"), Program.CHECK)
    found = re.match(
        r"the firmware needs ([\d,]+) B of `sram`, but qemu-virt-rv32 has 524,288 B\n"
        r"  ([\d,]+) B too many",
        str(caught.value),
    )
    assert found, caught.value
    needed, missing = (int(number.replace(",", "")) for number in found.groups())
    assert needed - missing == 524_288


def test_an_error_of_cargo_is_shown_from_its_first_line_on(tmp_path: Path) -> None:
    path = crate(sum_of_two(8), "host", tmp_path / "sum")
    source = path / "src/lib.rs"
    source.write_text(source.read_text() + "\nconst WRONG: u8 = 256;\n")
    with pytest.raises(ToolError) as caught:
        build(path, target.load("host"), Program.CHECK)
    assert caught.value.problem == "cargo cannot build the firmware for host"
    assert caught.value.where.startswith("error")
    assert "literal out of range" in caught.value.where


def test_a_second_build_does_not_call_cargo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = crate(sum_of_two(8), "host", tmp_path / "sum")
    first = build(path, target.load("host"), Program.BENCH)

    def forbidden(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("subprocess.run", forbidden)
    assert build(path, target.load("host"), Program.BENCH) == first


def test_two_builds_at_once_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = crate(sum_of_two(9), "host", tmp_path / "sum")
    images: list[Path] = []

    def one() -> None:
        images.append(build(path, target.load("host"), Program.BENCH).path)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(images) == 2
    assert images[0] == images[1]
    assert images[0].is_file()


@pytest.mark.parametrize(
    "board", [board for board in target.boards() if board != "host" and target.load(board).can_run]
)
def test_linker_scripts_have_the_memories_of_the_target(board: str) -> None:
    described = target.load(board)
    scripts = (CRATES / "ports" / described.port).rglob("*.x")
    found = [
        [
            (name, int(start, 16), int(length, 16))
            for name, start, length in re.findall(
                r"(\w+) \(r[wx]\) : ORIGIN = (\w+), LENGTH = (\w+)", script.read_text()
            )
        ]
        for script in scripts
    ]
    assert [(m.name, m.start, m.bytes) for m in described.memories] in found

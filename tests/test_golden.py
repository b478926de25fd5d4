"""The text of generated crates. `pytest --regenerate` rewrites it; the diff is reviewed."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ferrule.compiler import compile_model, plan_graph
from ferrule.emit.crate import emit
from ferrule.hints import Hints
from ferrule.ir import Graph, Quant, Tensor
from ferrule.ops.fully_connected import FullyConnected

KEYWORD = Path(__file__).parents[1] / "models/keyword/keyword_int8.tflite"


#: Names that must not become code.
HOSTILE = ("fn", 'a";\npanic!()//\u202e', "../../lead")
#: Names that the generated file has itself.
TAKEN = ("SHARES_4", "step_0", "arena_bytes")

#: Names that functions of the generated files use.
LOCALS = ("int8", "self", "outputs")


def tiny(names: tuple[str, str, str] = HOSTILE) -> Graph:
    """Two layers; the names are those of the input, the hidden tensor and the output."""
    rng = np.random.default_rng(7)

    def layer(name: str, source: Tensor, output: Tensor) -> FullyConnected:
        shape = (output.elements, source.elements)
        numbers = rng.integers(-127, 128, shape).astype(np.int8)
        weights = Tensor(f"{name}/w", shape, "int8", Quant((0.0234375,), (0,)), numbers)
        bias = Tensor(f"{name}/b", shape[:1], "int32", None, np.arange(shape[0], dtype=np.int32))
        return FullyConnected(name, (source, weights, bias), (output,), "relu")

    x = Tensor(names[0], (1, 8), "int8", Quant((0.125,), (3,)))
    h = Tensor(names[1], (1, 4), "int8", Quant((0.5,), (-5,)))
    y = Tensor(names[2], (1, 2), "int8", Quant((0.75,), (0,)))
    return Graph("tiny", (layer(h.name, x, h), layer(y.name, h, y)), (x,), (y,))


def crate_of(
    graph: Graph, board: str, cores: int, schedule: str = "static", piece: int = 0
) -> dict[str, str | bytes]:
    plan = plan_graph(graph, board, cores, schedule=schedule, hints=Hints(piece=piece))
    return emit(plan, "tiny.tflite", b"model")


@pytest.mark.parametrize("cores", [1, 2])
def test_tiny_crate(golden, cores: int) -> None:
    files = crate_of(tiny(), "qemu-musca-b1", cores)
    for name, content in files.items():
        if not name.startswith("crates/") and isinstance(content, str):
            golden(f"tiny-{cores}/{name}", content)
    golden(f"tiny-{cores}/files.txt", "\n".join(files) + "\n")


@pytest.mark.parametrize("board", ["host", "qemu-mps2-an521", "qemu-musca-b1", "qemu-virt-rv32"])
def test_keyword_crate(golden, board: str) -> None:
    files = compile_model(KEYWORD, board).files
    for name in ("src/lib.rs", "plan.txt"):
        golden(f"keyword-{board}/{name}", files[name])


def test_small_crate(golden) -> None:
    """Where size matters, steps with the same kernels in turns are in one loop."""
    compiled = compile_model(KEYWORD, "qemu-m0plus", hints=Hints(optimize="size"))
    golden("keyword-size/src/lib.rs", compiled.files["src/lib.rs"])


def test_stealing_crate(golden) -> None:
    files = crate_of(tiny(), "qemu-musca-b1", 2, "steal")
    for name in ("src/lib.rs", "tests/golden.rs", "plan.txt"):
        golden(f"tiny-2-steal/{name}", files[name])


@pytest.mark.parametrize("schedule", ["static", "steal"])
def test_stealing_by_a_lock_is_told(schedule: str) -> None:
    readme = crate_of(tiny(), "nucleo-h745zi-q", 2, schedule)["README.md"]
    assert isinstance(readme, str)
    assert ("holds the chip's lock (HSEM)" in readme) == (schedule == "steal")


def test_a_board_without_a_port_has_guessed_barriers() -> None:
    guess = "what barriers cost is a guess"
    assert guess in str(crate_of(tiny(), "nucleo-h745zi-q", 2)["plan.txt"])
    assert guess not in str(crate_of(tiny(), "qemu-musca-b1", 2)["plan.txt"])


@pytest.mark.parametrize("cores", [1, 2])
def test_crate_in_slices(golden, cores: int) -> None:
    files = crate_of(tiny(), "qemu-musca-b1", cores, piece=450)
    for name in ("src/lib.rs", "plan.txt"):
        golden(f"tiny-{cores}-slices/{name}", files[name])


def test_same_input_same_bytes() -> None:
    assert compile_model(KEYWORD, "host").files == compile_model(KEYWORD, "host").files


def test_a_board_without_a_port_gets_no_other_ports() -> None:
    plan = plan_graph(tiny(), "qemu-musca-b1", 2)
    files = emit(replace(plan, target=replace(plan.target, port="")), "tiny.tflite", b"model")
    ports = {name.split("/")[2] for name in files if name.startswith("crates/ports/")}
    assert ports == {"host"}


def has_rustfmt() -> bool:
    """Whether rustfmt runs; rustup's stand-in may have no toolchain behind it."""
    if not shutil.which("rustfmt"):
        return False
    return (
        subprocess.run(["rustfmt", "--version"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not has_rustfmt(), reason="no rustfmt on this machine")
def test_generated_code_is_formatted(tmp_path: Path) -> None:
    crates = {"tiny": crate_of(tiny(), "qemu-virt-rv32", 8)}
    crates["stealing"] = crate_of(tiny(), "qemu-virt-rv32", 8, "steal")
    crates["sliced"] = crate_of(tiny(), "qemu-virt-rv32", 8, piece=700)
    crates["sliced alone"] = crate_of(tiny(), "qemu-virt-rv32", 1, piece=700)
    crates["keyword"] = compile_model(KEYWORD, "qemu-virt-rv32").files
    crates["unequal"] = compile_model(KEYWORD, "qemu-mps2-an521").files
    for crate, files in crates.items():
        for name in ("src/lib.rs", "src/weights.rs", "tests/golden.rs"):
            path = tmp_path / crate / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name])
        for name in ("src/lib.rs", "tests/golden.rs"):
            command = ["rustfmt", "--edition", "2021", "--check", str(tmp_path / crate / name)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stdout

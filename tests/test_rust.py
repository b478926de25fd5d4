"""The Rust tests: of the crates of the project, and of a generated crate as its user runs them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_golden import HOSTILE, LOCALS, TAKEN, crate_of, tiny

from ferrule import api
from ferrule.emit import folder
from ferrule.toolchain import rust

ROOT = Path(__file__).parents[1]
KEYWORD = ROOT / "models/keyword/keyword_int8.tflite"


def cargo(folder: Path, target: Path, *arguments: str) -> str:
    """Runs cargo with the host's tools and returns what it prints."""
    tools = rust.host()
    answer = subprocess.run(
        [str(tools.cargo), *arguments, "--target-dir", str(target)],
        cwd=folder,
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def passed(output: str) -> int:
    """How many tests cargo ran."""
    return sum(int(count) for count in re.findall(r"(\d+) passed; 0 failed", output))


def copy_of_crates(folder: Path) -> Path:
    """The workspace without what builds leave, so that nothing is written beside the original."""
    shutil.copytree(ROOT / "crates", folder / "crates", ignore=shutil.ignore_patterns("target"))
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, folder)
    # Tests read vectors that Python wrote.
    shutil.copytree(ROOT / "tests/golden", folder / "tests/golden")
    return folder


@pytest.mark.parametrize("crate", ["ferrule-runtime", "ferrule-kernels", "ferrule-port-host"])
def test_crate(crate: str, tmp_path: Path, count_cases) -> None:
    workspace = copy_of_crates(tmp_path / "workspace")
    tests = passed(cargo(workspace, tmp_path / "target", "test", "-p", crate))
    assert tests > 0
    count_cases("cargo test", tests, f"tests of {crate}")


@pytest.mark.parametrize(("board", "cores"), [("qemu-musca-b1", 2), ("host", 8)])
def test_generated_crate(board: str, cores: int, tmp_path: Path, count_cases) -> None:
    crate = api.compile(KEYWORD, board, cores, tmp_path / "keyword").folder
    tests = passed(cargo(crate, tmp_path / "target", "test", "--offline"))
    assert tests == 1
    count_cases("cargo test --offline", tests, "tests of generated crates")


@pytest.mark.parametrize("piece", [0, 450])
@pytest.mark.parametrize("names", [HOSTILE, TAKEN, LOCALS])
def test_names_of_a_model_build(names: tuple[str, str, str], piece: int, tmp_path: Path) -> None:
    folder.write(crate_of(tiny(names), "qemu-musca-b1", 2, piece=piece), tmp_path / "tiny")
    output = cargo(tmp_path / "tiny", tmp_path / "target", "test", "--offline")
    assert passed(output) == 1
    assert "warning" not in output


def test_generated_crate_has_no_warnings(tmp_path: Path) -> None:
    crate = api.compile(KEYWORD, "qemu-virt-rv32", None, tmp_path / "keyword").folder
    output = cargo(crate, tmp_path / "target", "build", "--offline")
    assert "warning" not in output
    for name in ("src/lib.rs", "src/weights.rs"):
        assert "unsafe" not in (crate / name).read_text().replace("forbid(unsafe_code)", "")

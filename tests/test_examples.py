"""The examples: built and run by the commands of the guide, with the tools that Ferrule fetched."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ferrule
from ferrule import api

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs/guides/deploy-a-model.md"
EXAMPLE = ROOT / "examples/two-cores"
MODEL = ROOT / "models/lenet/lenet_int8.tflite"


def commands(page: Path) -> list[str]:
    """The commands of a page, up to its first output or its section on ports."""
    text = page.read_text().split("prints\n")[0].split("## 4.")[0]
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^    (\S.*)$", text, re.MULTILINE)


def test_the_guide_has_the_commands_of_the_example() -> None:
    listed = commands(GUIDE)
    positions = [listed.index(command) for command in commands(EXAMPLE / "README.md")]
    assert len(positions) == 5
    assert positions == sorted(positions)


def test_code_in_the_guide_is_in_the_example() -> None:
    files = ["src/main.rs", "Cargo.toml", ".cargo/config.toml"]
    sources = [(EXAMPLE / name).read_text() for name in files]
    sources.append((ROOT / "crates/ports/qemu-musca-b1/src/lib.rs").read_text())
    blocks = re.findall(
        r"^```(?:rust|toml)\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 4
    for block in blocks:
        assert any(block in source for source in sources), block


def test_the_example_is_for_the_board() -> None:
    board = next(board for board in api.boards() if board.name == "qemu-musca-b1")
    config = (EXAMPLE / ".cargo/config.toml").read_text()
    assert f'target = "{board.rust_target}"' in config
    assert ", ".join(f'"{word}"' for word in board.emulator["arguments"]) in config


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what the example needs, so that nothing is written beside the original."""
    unwanted = shutil.ignore_patterns("target", "lenet", "Cargo.lock")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=unwanted)
    shutil.copytree(ROOT / "models/lenet", tmp_path / "models/lenet")
    shutil.copytree(ROOT / "crates/ports/semihosting", tmp_path / "crates/ports/semihosting")
    shutil.copy(ROOT / "Cargo.toml", tmp_path)
    return tmp_path


def test_the_commands_of_the_guide(repository: Path, count_cases) -> None:
    program = repository / "bin/ferrule"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ferrule "$@"\n')
    program.chmod(0o755)
    answer = subprocess.run(
        ["sh", "-e", "-c", "\n".join(commands(GUIDE))],
        cwd=repository,
        env={
            **os.environ,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(ferrule.__file__).parents[1]),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "warning" not in answer.stderr
    printed = re.findall(
        r"^team of (\d): class (\d), scores \[(.*)\]$", answer.stderr, re.MULTILINE
    )
    scores = expected("7")
    assert [int(cores) for cores, _, _ in printed] == [1, 2]
    for _, named, listed in printed:
        assert [int(score) for score in listed.split(",")] == scores
        assert int(named) == int(np.argmax(scores))
    assert printed[0][2] in (EXAMPLE / "README.md").read_text()
    count_cases("cargo run", len(printed), "inferences of examples")


def expected(digit: str) -> list[int]:
    """The interpreter's scores of an example image."""
    image = np.load(ROOT / f"models/lenet/examples/{digit}.npy")
    (scores,) = api.run(MODEL, "interpreter", [image])
    return [int(score) for score in scores.flat]

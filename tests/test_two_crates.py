"""Crates of several models fit into one firmware: no package and no symbol has the same name."""

import re
import subprocess
from itertools import chain
from pathlib import Path

from ferrule.compiler import compile_model
from ferrule.emit import folder
from ferrule.resources import MODELS
from ferrule.toolchain import rust

TWO = ("lenet", "keyword")
MANIFEST = """
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[dependencies]
lenet_int8 = { path = "lenet" }
keyword_int8 = { path = "keyword" }

[workspace]
"""
MAIN = 'fn main() { print!("{} {}", lenet_int8::ARENA_BYTES, keyword_int8::ARENA_BYTES) }\n'
SYMBOL = re.compile(r"\.global (\w+)")


def crates(board: str) -> dict[str, dict[str, str | bytes]]:
    return {
        name: dict(compile_model(MODELS / f"{name}/{name}_int8.tflite", board).files)
        for name in TWO
    }


def test_a_program_with_two_models_builds_and_runs(tmp_path: Path) -> None:
    for name, files in crates("host").items():
        folder.write(files, tmp_path / name)
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text(MAIN)
    tools = rust.host()
    ended = subprocess.run(
        [str(tools.cargo), "run", "--offline", "--quiet"],
        cwd=tmp_path,
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r"\d+ \d+", ended.stdout)


def test_symbols_of_inner_loops_belong_to_one_crate() -> None:
    found = [
        set(chain.from_iterable(SYMBOL.findall(str(text)) for text in files.values()))
        for files in crates("qemu-musca-b1").values()
    ]
    inner = [{name for name in names if "dsp" in name} for names in found]
    assert all(len(names) > 3 for names in inner)
    assert not inner[0] & inner[1]
    assert not any("ferrule" in name for names in inner for name in names)

"""The command line: where it writes crates, and what it leaves behind."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_cli import KEYWORD, UNWRITABLE, YES

import ferrule as ferrule_package


def test_compile_writes_a_crate(ferrule, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "keyword"
    status, out, _ = ferrule("compile", KEYWORD, "--board", "host", "-o", folder, "--json")
    assert status == 0
    summary = json.loads(out)
    assert summary["folder"] == str(folder)
    assert summary["arena_bytes"] == 16_000
    assert (folder / "src/lib.rs").is_file()
    assert json.loads((folder / "plan.json").read_text())["arena_bytes"] == 16_000


def test_a_folder_with_something_in_it_is_left_alone(ferrule, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path)
    assert status == 2
    assert err == (
        f"error: `{tmp_path}` exists and is not empty\n\nhint: name a new folder with `-o`\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_may_be_named(ferrule, tmp_path: Path) -> None:
    assert ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path)[0] == 0


def test_a_folder_that_cannot_be_made(ferrule, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "crate"
    status, _, err = ferrule("compile", KEYWORD, "--board", "host", "-o", folder)
    assert status == 2
    assert err == f"error: cannot write `{folder}`: File exists\n\n{UNWRITABLE}"


def test_a_full_disk_leaves_nothing(ferrule, tmp_path: Path, monkeypatch) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    status, _, err = ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path / "crate")
    assert status == 2
    assert (
        err
        == f"error: cannot write `{tmp_path / 'crate'}`: No space left on device\n\n{UNWRITABLE}"
    )
    assert not list(tmp_path.iterdir())


def test_the_folder_one_stands_in(ferrule, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ferrule("compile", KEYWORD, "--board", "host", "-o", ".")[0] == 0
    assert (tmp_path / "src/lib.rs").is_file()


def test_a_link_to_an_empty_folder(ferrule, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path / "link")[0] == 0
    assert (tmp_path / "real/src/lib.rs").is_file()


def test_file_names_with_quotes_and_blanks(ferrule, tmp_path: Path) -> None:
    model = tmp_path / "a b;c\"d'\\&.tflite"
    model.write_bytes(Path(KEYWORD).read_bytes())
    scores = tmp_path / "y.npy"
    command = ("run", model, "--board", "host", "--input", YES, "--output", scores)
    assert ferrule(*command)[0] == 0


def test_functions_take_names_of_files(tmp_path: Path) -> None:
    assert ferrule_package.plan(KEYWORD, "host").arena_bytes == 16_000
    with pytest.raises(ferrule_package.CompileError):
        ferrule_package.compile("no.tflite", "host", output=str(tmp_path))


def test_a_crate_goes_into_an_empty_folder(ferrule, tmp_path: Path) -> None:
    """The folder may be a mount point: nothing is written beside it."""
    (tmp_path / "parent/crate").mkdir(parents=True)
    beside = set((tmp_path / "parent").iterdir())
    assert ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path / "parent/crate")[0] == 0
    assert (tmp_path / "parent/crate/Cargo.toml").is_file()
    assert not [path for path in (tmp_path / "parent/crate").iterdir() if path.name[0] == "."]
    assert set((tmp_path / "parent").iterdir()) == beside


def test_a_file_is_no_folder(ferrule, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    _, _, err = ferrule("compile", KEYWORD, "--board", "host", "-o", tmp_path / "file")
    assert "is not a folder" in err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_terminated_command_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    words = [sys.executable, "-m", "ferrule", "check", KEYWORD, "--board", "qemu-virt-rv32"]
    command = subprocess.Popen(
        [*words, "--cores", "1", "--seeds", "64"],
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not any((tmp_path / "temporary").glob("ferrule-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert any((tmp_path / "temporary").iterdir())
    command.terminate()
    assert command.wait(60) == 143
    assert not any((tmp_path / "temporary").iterdir())

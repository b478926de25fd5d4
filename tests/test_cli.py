"""The command line: what it prints, what it writes, and with which status it ends."""

import io
import json
import re
import struct
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tflite_writer
from cases import all_cases
from merged import merge

import ferrule as ferrule_package
from ferrule import api, interpreter
from ferrule.inputs import generate

ROOT = Path(__file__).parents[1]
KEYWORD = str(ROOT / "models/keyword/keyword_int8.tflite")
LENET = str(ROOT / "models/lenet/lenet_int8.tflite")
UNWRITABLE = "hint: name a place with `-o` or `--output` that you may write to\n"
TWO = ("average_pool_valid", "max_pool_valid")
YES = str(ROOT / "models/keyword/examples/yes.npy")


def test_unknown_board(ferrule) -> None:
    status, _, err = ferrule("plan", KEYWORD, "--board", "rpi")
    assert status == 2
    assert err.startswith("error: there is no board `rpi`\n\nhint: one of host, ")


def test_a_team_larger_than_the_board(ferrule) -> None:
    status, _, err = ferrule("plan", KEYWORD, "--board", "qemu-musca-b1", "--cores", 3)
    assert status == 2
    assert err == (
        "error: `--cores 3` does not fit qemu-musca-b1, which has 2\n\nhint: choose 1 to 2\n"
    )


def test_missing_model(ferrule, tmp_path: Path) -> None:
    status, _, err = ferrule("plan", tmp_path / "no.tflite", "--board", "host")
    assert status == 2
    assert "no.tflite" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("plan",),
        ("bench", KEYWORD),
        ("fly",),
        ("run", "--fast"),
        ("plan", KEYWORD, "--board", "host", "--stop-after", "place", "--json"),
    ],
)
def test_usage(ferrule, arguments: tuple[str, ...]) -> None:
    status, _, err = ferrule(*arguments)
    assert status == 2
    assert err.startswith("error: ")
    assert "--help` shows" in err


def test_a_full_output_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "ferrule", "boards"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == "error: cannot print: No space left on device\n"


def test_the_interpreter_has_no_team(ferrule) -> None:
    arguments = ("check", KEYWORD, "--board", "interpreter", "--seeds", 1)
    for more in (("--cores", 2), ("--schedule", "steal"), ("--pin", "x=core0")):
        status, _, err = ferrule(*arguments, *more)
        assert status == 2
        assert err.startswith("error: the interpreter has one core, and no team\n")


def test_nothing_compared_is_no_success(ferrule, tmp_path: Path) -> None:
    assert ferrule("check", KEYWORD, "--board", "host", "--seeds", 0)[0] == 2
    with pytest.raises(ferrule_package.CompileError, match="compare nothing"):
        ferrule_package.check(KEYWORD, "interpreter", seeds=0)
    with pytest.raises(ferrule_package.CompileError, match="no team size"):
        ferrule_package.bench(KEYWORD, "qemu-musca-b1", [])


def test_team_sizes_must_be_numbers(ferrule) -> None:
    assert ferrule("bench", KEYWORD, "--board", "host", "--cores", "1,two")[0] == 2


def test_every_stage_prints(ferrule) -> None:
    seen = {
        stage: ferrule("plan", KEYWORD, "--board", "host", "--stop-after", stage)
        for stage in ("import", "simplify", "schedule", "place", "emit")
    }
    assert {status for status, _, _ in seen.values()} == {0}
    assert seen["import"][1].startswith("graph keyword_int8\n  input  ")
    assert "by depthwise_conv2d" in seen["schedule"][1]
    assert "arena      16,000 B" in seen["place"][1]
    assert "src/lib.rs" in seen["emit"][1]


def test_run_on_the_interpreter(ferrule, tmp_path: Path) -> None:
    scores = tmp_path / "scores.npy"
    command = ("run", KEYWORD, "--input", YES, "--output", scores, "--board")
    assert ferrule(*command, "interpreter")[0] == 0
    expected = np.load(scores)
    assert expected.shape == (1, 12)
    assert expected.argmax() == 0
    assert ferrule(*command, "host", "--cores", 3)[0] == 0
    assert (np.load(scores) == expected).all()


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.zeros((1, 49, 10), np.int8), "is int8[1, 49, 10, 1], and the array is int8[1, 49, 10]"),
        (np.zeros((1, 49, 10, 1)), "is int8[1, 49, 10, 1], and the array is float64[1, 49, 10, 1]"),
        (np.array([{}]), "cannot read"),
    ],
)
def test_inputs_that_do_not_fit(ferrule, tmp_path: Path, array, problem: str) -> None:
    np.save(tmp_path / "x.npy", array)
    status, _, err = ferrule(
        "run", KEYWORD, "--board", "interpreter", "--input", tmp_path / "x.npy",
        "--output", tmp_path / "y.npy",
    )  # fmt: skip
    assert status == 2
    assert problem in err
    assert not (tmp_path / "y.npy").exists()


def deflated(flags: int = 0, method: int = 8) -> bytes:
    """A .npz whose only member says that it is compressed like this, and is not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.npy", b"\xff" * 99)
    content = bytearray(packed.getvalue())
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<HH", content, 6, flags, method)
    struct.pack_into("<HH", content, entry + 8, flags, method)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"PK\x03\x04",
        b"text",
        pytest.param(deflated(), id="bad deflate data"),
        pytest.param(deflated(flags=1), id="encrypted"),
        pytest.param(deflated(method=97), id="unknown compression"),
        pytest.param(deflated(method=0), id="a member that is not an array"),
        pytest.param(b"\x93NUMPY\1\0\x10\0{'descr': ('<i1'", id="an open parenthesis"),
    ],
)
def test_damaged_inputs(ferrule, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    status, _, err = ferrule(
        "run", KEYWORD, "--board", "interpreter", "--input", tmp_path / "x.npy",
        "--output", tmp_path / "y.npy",
    )  # fmt: skip
    assert status == 2
    assert err.startswith("error: cannot read ")


def test_check_reports_every_layer(ferrule) -> None:
    status, out, _ = ferrule("check", KEYWORD, "--board", "host", "--seeds", 2, "--json")
    assert status == 0
    verdict = json.loads(out)
    assert verdict["mismatches"] == 0
    assert verdict["seeds"] == 2
    assert verdict["oracle"].startswith("tflm ")
    assert verdict["elements"] == sum(layer["elements"] for layer in verdict["layers"])
    assert set(verdict["layers"][0]) == {"name", "elements", "mismatches"}


def test_a_mismatch_ends_with_status_1(ferrule, monkeypatch) -> None:
    wrong = api.check(Path(KEYWORD), "interpreter", None, 1)
    layer = type(wrong.layers[0])("conv", 10, 3)
    verdict = type(wrong)(wrong.model, wrong.board, 1, 1, wrong.oracle, (layer,))
    monkeypatch.setattr(api, "check", lambda *_, **__: verdict)
    status, out, _ = ferrule("check", KEYWORD, "--board", "interpreter")
    assert status == 1
    assert "3 mismatches in 10 elements" in out


def test_bench_gives_the_same_numbers_twice(ferrule) -> None:
    command = ("bench", KEYWORD, "--board", "qemu-musca-b1", "--cores", "1,2", "--json")
    status, first, _ = ferrule(*command)
    assert status == 0
    assert ferrule(*command)[1] == first
    one, two = json.loads(first)
    assert one["macs"] == 2_656_768
    assert two["instructions"] <= 0.56 * one["instructions"]
    assert len(two["instructions_per_core"]) == 2
    assert one["flash_bytes"] > one["code_bytes"] > 0
    assert 0 < one["stack_bytes"] <= 1024
    assert [layer["kernel"] for layer in one["layers"]][-1] == "softmax"


def test_the_timeline_stands_alone(ferrule, tmp_path: Path) -> None:
    page = tmp_path / "timeline.html"
    command = ("bench", KEYWORD, "--board", "qemu-musca-b1", "--cores", "1,2", "--timeline", page)
    assert ferrule(*command)[0] == 0
    text = page.read_text()
    assert text.count("<svg") == 2
    assert "core 1: " in text
    assert "http" not in text
    assert "<script" not in text
    assert "from others" not in text


def test_the_timeline_says_who_stole(ferrule, tmp_path: Path) -> None:
    page = tmp_path / "timeline.html"
    wishes = ("--schedule", "steal", "--slow", "core1=2", "--timeline", page)
    assert ferrule("bench", LENET, "--board", "qemu-musca-b1", "--cores", "1,2", *wishes)[0] == 0
    text = page.read_text()
    assert re.search(r"core 0: [^<]*; took units from others (once|\d+ times)", text)
    bars = text.count('class="steal"')
    assert 0 < bars == text.count("; took units from others")


def test_bench_needs_a_counter(ferrule) -> None:
    status, _, err = ferrule("bench", KEYWORD, "--board", "host")
    assert status == 2
    assert err.startswith("error: instructions cannot be counted on host\n")


@pytest.mark.parametrize("command", ["boards", "ops", "doctor"])
def test_lists(ferrule, command: str) -> None:
    assert ferrule(command)[0] == 0
    status, out, _ = ferrule(command, "--json")
    assert status == 0
    assert json.loads(out)


def test_this_machine_needs_no_variables(ferrule) -> None:
    status, out, err = ferrule("doctor", "--shell", "host")
    assert (status, out) == (2, "")
    assert err == "error: host is this machine: it needs no variables\n"


def test_a_bug_of_ours_has_a_status_of_its_own(ferrule, monkeypatch) -> None:
    def broken() -> None:
        raise IndexError("out of range")

    monkeypatch.setattr(api, "boards", broken)
    status, _, err = ferrule("boards")
    assert status == 70
    assert err.startswith("error: a bug of Ferrule: IndexError: out of range\n")
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["compile", "plan", "run", "check", "bench"])
def test_help_names_the_model_and_the_board(ferrule, command: str) -> None:
    status, out, _ = ferrule(command, "--help")
    assert status == 0
    assert "MODEL" in out
    assert "--board" in out


@pytest.mark.long
def test_calibrate_measures_what_the_planner_goes_by(tmp_path: Path) -> None:
    result = api.calibrate("qemu-musca-b1", tmp_path / "costs.toml")
    written = tomllib.loads(result.file.read_text())
    assert written["measured"].startswith("qemu-musca-b1, core 0, rustc ")
    functions = [fit.function for fit in result.fits]
    assert set(functions) >= {"conv2d", "add", "softmax"}
    assert len(functions) == len(set(functions)) == len(written["kernel"]) - 1
    assert all(fit.samples > 1 for fit in result.fits)
    assert all(fit.error < 0.15 for fit in result.fits)
    _, barrier = result.barriers.path
    _, member = result.barriers.ways["static"].member
    assert 20 < barrier < 200 < member + barrier < 400


def test_two_outputs(ferrule, tmp_path: Path) -> None:
    """A .npz takes all outputs; any other file takes the first, and no other file changes."""
    graph = merge("two", [case.graph for case in all_cases() if case.name in TWO])
    model = tmp_path / "two.tflite"
    model.write_bytes(tflite_writer.write(graph))
    arrays = generate(graph, 1)
    np.savez(tmp_path / "x.npz", *arrays)
    values = interpreter.run(graph, arrays)
    expected = [values[tensor] for tensor in graph.outputs]
    command = ("run", model, "--board", "interpreter", "--input", tmp_path / "x.npz", "--output")
    assert ferrule(*command, tmp_path / "y.npz")[0] == 0
    with np.load(tmp_path / "y.npz") as stored:
        assert [stored[name].tobytes() for name in stored.files] == [a.tobytes() for a in expected]
    before = (tmp_path / "y.npz").read_bytes()
    _, out, _ = ferrule(*command, tmp_path / "y.npy", "--json")
    assert json.loads(out)["output"] == str(tmp_path / "y.npy")
    assert (np.load(tmp_path / "y.npy") == expected[0]).all()
    assert (tmp_path / "y.npz").read_bytes() == before

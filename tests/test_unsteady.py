"""Random graphs on teams whose helpers hesitate and leave: the bytes are those of one core."""

import subprocess
from functools import cache
from pathlib import Path

import pytest
from merged import merge, open_session
from random_graphs import random_graph

from ferrule import firmware, interpreter
from ferrule.firmware.build import Project, compile_one
from ferrule.firmware.project import files
from ferrule.firmware.run import packed
from ferrule.firmware.signature import signature
from ferrule.inputs import generate
from ferrule.ir import Graph
from ferrule.session import Session
from ferrule.toolchain import rust

SOURCE = Path(__file__).parent / "unsteady/main.rs"
GRAPHS = 40
SETS = 2


@cache
def many() -> Graph:
    return merge("unsteady", [random_graph(seed) for seed in range(100, 100 + GRAPHS)])


#: Whether units are stolen, and what is reserved. Then the lead is slow, by plan: it takes nothing
#: from a quick helper that is at work, but from one that is late or has left.
WAYS = {
    "static": {"schedule": "static"},
    "steal": {"schedule": "steal"},
    "slow-lead": {"schedule": "steal", "reserves": ["core0=80%"]},
}


@cache
def session(way: str) -> Session:
    return open_session(many(), "host", **WAYS[way])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("unsteady")


@pytest.fixture(scope="module", params=WAYS)
def program(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Path]:
    """The name of a way, and the program of the folder `unsteady` with that way's crate."""
    crate, target = session(request.param).crate, session(request.param).plan.target
    offered = signature(crate)
    (role,) = firmware.roles(target, offered.cores)
    texts = files(crate, offered, target, role, "3")
    texts["src/bin/unsteady.rs"] = SOURCE.read_text()
    one = Project(role, rust.host(), texts, ())
    compile_one(one, "unsteady", folder / request.param, target)
    return request.param, folder / request.param / role.folder / "unsteady"


@pytest.mark.parametrize("team", range(2, 9))
@pytest.mark.parametrize("habit", ["hesitate", "leave"])
def test_unsteady_helpers_change_no_byte(
    program: tuple[str, Path], habit: str, team: int, tmp_path: Path, count_cases
) -> None:
    way, path = program
    image = session(way).image(firmware.Program.CHECK)
    sets = [generate(many(), seed) for seed in range(1, SETS + 1)]
    (tmp_path / "inputs.bin").write_bytes(b"".join(packed(image, one) for one in sets))
    command = [str(path), habit, str(team)]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert answer.returncode == 0, answer.stderr
    left, _ = map(int, answer.stdout.split())
    assert (left > 0) == (habit == "leave")
    expected = b""
    for one in sets:
        values = interpreter.run(many(), one)
        expected += b"".join(values[output].tobytes() for output in many().outputs)
    outputs = (tmp_path / "outputs.bin").read_bytes()
    assert outputs == expected * max(len(outputs) // len(expected), 1)
    count_cases(f"host x {team}, helpers {habit}, {way}", GRAPHS, "random graphs")

"""Firmware that misbehaves on a board neither hangs nor goes on in silence."""

import subprocess
from pathlib import Path

import pytest

from ferrule import firmware, target
from ferrule.resources import CRATES
from ferrule.toolchain import ibex, qemu, rust

PROGRAM = Path(__file__).parent / "faults"
FAULT, NO_ANSWER = 3, 4
BOARDS = [
    pytest.param(board, marks=pytest.mark.long if target.load(board).simulator else ())
    for board in target.boards()
    if board != "host" and target.load(board).can_run
]


@pytest.fixture(scope="module", params=BOARDS)
def board(request: pytest.FixtureRequest) -> target.Target:
    return target.load(request.param)


@pytest.fixture(scope="module")
def images(board: target.Target, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The program of this folder, built for each kind of core with the port's own sizes."""
    roles = firmware.roles(board, board.core_count)
    return [build(board, role, tmp_path_factory.mktemp("faults")) for role in roles]


def build(board: target.Target, role: firmware.Role, folder: Path, program: Path = PROGRAM) -> Path:
    manifest = (program / "Cargo.toml").read_text()
    manifest = manifest.replace("PORT", board.port).replace("CRATES", str(CRATES))
    (folder / "Cargo.toml").write_text(manifest)
    (folder / "src").mkdir()
    (folder / "src/main.rs").write_text((program / "src/main.rs").read_text())
    tools = rust.bare_metal(role.core.rust_target)
    command = tools.build("--target-dir", str(folder / "target"))
    environment = tools.environment(f"-Clink-arg=-T{role.script}")
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return folder / "target" / role.core.rust_target / "release" / program.name


def status(board: target.Target, images: list[Path], what: str, *more: str) -> int:
    if board.simulator:
        words = [f"image={images[0]}", f"cores={board.core_count}", f"line=faults {what}"]
        return subprocess.run([ibex.simulator(), *words], timeout=240).returncode
    machine = qemu.system(board.emulator["architecture"])
    command = [str(machine.path), *board.emulator["arguments"]]
    command += ["-display", "none", "-monitor", "none", "-serial", "none", *more]
    command += ["-kernel", str(images[0])]
    for image in images[1:]:
        command += ["-device", f"loader,file={image}"]
    command += ["-semihosting-config", f"enable=on,target=native,arg=faults,arg={what}"]
    return subprocess.run(command, env=machine.environment(), timeout=240).returncode


def test_a_full_stack_is_a_fault(board: target.Target, images: list[Path]) -> None:
    assert status(board, images, "overflow-lead") == FAULT
    if board.core_count > 1:
        assert status(board, images, "overflow-helper") == FAULT


def test_only_helpers_start_and_only_once(board: target.Target, images: list[Path]) -> None:
    assert status(board, images, "start") == 1


def test_armv6m_cannot_read_a_word_that_is_not_aligned(
    board: target.Target, images: list[Path]
) -> None:
    """QEMU's RISC-V reads it, as the specification allows; many chips do not."""
    expected = FAULT if board.rust_target.startswith("thumbv6m") else 0
    assert status(board, images, "unaligned") == expected


def test_a_handle_exists_once(board: target.Target, images: list[Path]) -> None:
    assert status(board, images, "handles") == 0


def test_patience_ends(board: target.Target, images: list[Path]) -> None:
    assert status(board, images, "lonely") == NO_ANSWER


def test_a_helper_that_stops_inside_a_claim_neither_hangs_nor_corrupts(
    board: target.Target, images: list[Path]
) -> None:
    if board.core_count == 1:
        pytest.skip("there is no helper")
    assert status(board, images, "stuck") == 0


def test_a_helper_that_stops_with_the_lock_of_the_chip_does_not_hang_the_lead(
    board: target.Target, images: list[Path]
) -> None:
    if not board.lock:
        pytest.skip("cores compare and swap")
    assert status(board, images, "locked") == 0

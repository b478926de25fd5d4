"""The user's own tools are taken where they can do the work."""

from pathlib import Path

import pytest

from ferrule.errors import ToolError
from ferrule.toolchain import cache, compiler, doctor, process, qemu, rust, shell


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives a folder that comes first on PATH, and an empty cache folder."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    compiler.own.cache_clear()
    yield tmp_path / "bin"
    compiler.own.cache_clear()


def toolchain(programs: Path, release: str, target: str) -> Path:
    """Makes a compiler that has a library for one target."""
    sysroot = programs.parent / "toolchains/stable"
    answer = f"release: {release}\\nhost: x86_64-unknown-linux-gnu\\n"
    program(sysroot / "bin/rustc", f"printf '{answer}'")
    program(sysroot / "bin/cargo", "true")
    program(programs / "rustc", f"echo {sysroot}")
    library = sysroot / "lib/rustlib" / target / "lib/libcore-0.rlib"
    library.parent.mkdir(parents=True)
    library.touch()
    return sysroot


def test_a_compiler_with_the_target_is_enough(programs: Path) -> None:
    sysroot = toolchain(programs, "1.90.0", "thumbv6m-none-eabi")
    chosen = rust.candidate("thumbv6m-none-eabi")
    assert chosen is not None
    assert (chosen.cargo, chosen.version, chosen.source) == (
        sysroot / "bin/cargo",
        "1.90.0",
        "rustup",
    )
    assert rust.ready("thumbv6m-none-eabi")
    assert rust.candidate("thumbv7m-none-eabi") is None, "nothing is unpacked yet"


def test_a_compiler_with_sources_builds_the_target(programs: Path) -> None:
    sysroot = toolchain(programs, "1.90.0", "thumbv6m-none-eabi")
    (sysroot / "lib/rustlib/src/rust/library").mkdir(parents=True)
    assert rust.candidate("thumbv7m-none-eabi") is not None
    assert not rust.ready("thumbv7m-none-eabi")


def test_an_old_compiler_is_passed_over(programs: Path) -> None:
    toolchain(programs, "1.63.0", "thumbv6m-none-eabi")
    assert compiler.own() is None


def test_an_old_emulator_is_passed_over(programs: Path) -> None:
    program(programs / "qemu-system-arm", "echo 'QEMU emulator version 6.1.0'")
    assert qemu.own("arm") is None


def test_an_emulator_without_plugins_is_passed_over(programs: Path) -> None:
    program(programs / "qemu-system-arm", "echo 'QEMU emulator version 9.2.1'")
    assert qemu.own("arm") is None


@pytest.mark.parametrize(
    ("version", "names", "expected"),
    [
        ("7.2.22", "qemu_plugin_register_vcpu_tb_exec_cb", 1),
        ("8.2.0", "qemu_plugin_register_vcpu_tb_exec_cb qemu_plugin_num_vcpus", 2),
        ("7.2.22", "", 1),
        ("10.0.2", "", 2),
    ],
)
def test_the_plugin_interface_is_read_from_the_emulator(
    programs: Path, version: str, names: str, expected: int
) -> None:
    text = f"echo 'QEMU emulator version {version}'; echo '-plugin file'  # {names}"
    program(programs / "qemu-system-arm", text)
    found = qemu.own("arm")
    assert found is not None
    assert (found.version, found.plugin_api, found.source) == (version, expected, "system")


def test_doctor_downloads_nothing(programs: Path) -> None:
    listed = doctor.tools(["thumbv6m-none-eabi"])
    assert {tool.status for tool in listed} <= {"ready", "on first use", "missing"}
    assert all(tool.adds for tool in listed if tool.status != "ready")
    assert not cache.folder().exists()


def test_doctor_says_where_tools_are(programs: Path) -> None:
    sysroot = toolchain(programs, "1.90.0", "thumbv6m-none-eabi")
    program(sysroot / "lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld", "true")
    text = "echo 'QEMU emulator version 9.2.1'; echo '-plugin file'"
    program(programs / "qemu-system-arm", text)
    listed = {tool.name: tool for tool in doctor.tools(["thumbv6m-none-eabi"])}
    assert listed["Rust for thumbv6m-none-eabi"].paths == {
        "cargo": f"{sysroot}/bin/cargo",
        "rustc": f"{sysroot}/bin/rustc",
        "sysroot": str(sysroot),
        "linker": f"{sysroot}/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld",
    }
    assert listed["QEMU for arm"].paths == {"qemu-system-arm": f"{programs}/qemu-system-arm"}


def test_a_shell_gets_the_users_own_tools(programs: Path) -> None:
    sysroot = toolchain(programs, "1.90.0", "thumbv6m-none-eabi")
    lld = sysroot / "lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld"
    program(lld, "true")
    program(programs / "cc", "true")
    rust.bare_metal.cache_clear()
    chosen = shell.variables(["thumbv6m-none-eabi"])
    rust.bare_metal.cache_clear()
    assert chosen == {
        "RUSTC": f"{sysroot}/bin/rustc",
        "RUSTDOC": f"{sysroot}/bin/rustdoc",
        "CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER": str(lld),
        "PATH": f"{sysroot}/bin:{programs}:/usr/bin:/bin",
    }


def test_a_shell_is_told_what_is_not_there_yet(programs: Path) -> None:
    program(programs / "cc", "true")
    toolchain(programs, "1.90.0", "thumbv6m-none-eabi")
    with pytest.raises(ToolError, match=r"`Rust for thumbv7m-none-eabi` is not there yet"):
        shell.variables(["thumbv7m-none-eabi"], "arm")
    assert not cache.folder().exists()


def test_a_shell_reads_what_is_quoted() -> None:
    text = shell.lines({"FLAGS": "--sysroot /a b", "PATH": "/c"})
    assert text == "export FLAGS='--sysroot /a b'\nexport PATH=/c\n"


def test_a_half_made_folder_does_not_count(programs: Path) -> None:
    folder = cache.folder("thing")

    def interrupted() -> None:
        with cache.fresh(folder) as partial:
            (partial / "file").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not folder.exists()
    with cache.fresh(folder) as partial:
        assert not any(partial.iterdir())
    assert folder.is_dir()


def test_progress_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    script = "echo '   Compiling core v0.0.0 (/somewhere)'; echo 'warning: odd' >&2; exit 3"
    result = process.followed(["sh", "-c", script], process.compiled, {"PATH": "/usr/bin:/bin"})
    assert capsys.readouterr().err == "  compiling core\n"
    assert (result.status, result.last) == (3, "warning: odd")

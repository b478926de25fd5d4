"""What the distribution's package manager lacks or refuses becomes a sentence with a hint."""

from pathlib import Path

import pytest

from ferrule.errors import ToolError
from ferrule.toolchain import apt, compiler, prefix
from ferrule.toolchain.prefix import Wanted

POLICY = """#!/bin/sh
case "$1" in
  policy) [ "$2" = known ] && echo '  Candidate: 1.0-1' || echo '  Candidate: (none)' ;;
  pkgnames) printf 'known\\nrustc\\nlld-9\\nlld-14\\n' ;;
  depends) printf '%s\\n  Depends: libc6\\nlibc6\\n' "$5" ;;
esac
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives a folder of programs that is the whole PATH, and a cache folder that is empty."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(apt, "INSTALLED", tmp_path / "status")
    (tmp_path / "status").write_text(
        "Package: libc6\nStatus: install ok installed\nVersion: 2\nDepends: gone\n\n"
        "Package: removed\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: qemu-utils\nStatus: install ok installed\nVersion: 10\n"
    )
    program(programs, "apt-cache", POLICY)
    program(programs, "apt-config", "#!/bin/sh\necho 'APT::Update::Post-Invoke:: \"rm -rf x\";'\n")
    program(programs, "dpkg", "#!/bin/sh\necho amd64\n")
    program(programs, "dpkg-deb", "#!/bin/sh\nexit 1\n")
    program(programs, "apt-get", "#!/bin/sh\nexit 0\n")
    return programs


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)


def plan(name: str) -> str:
    """Writes an apt that would download one file."""
    line = f"'http://nowhere/{name}' {name} 10 MD5"
    return f'#!/bin/sh\ncase "$*" in *--print-uris*) echo "{line}";; esac\n'


def wanted(*names: str) -> Wanted:
    return Wanted("trial", lambda _: names)


def test_an_unknown_package_is_named(system: Path) -> None:
    with pytest.raises(ToolError) as caught:
        prefix.prefix(wanted("known", "unheard-of"))
    assert str(caught.value) == (
        "the distribution has no package `unheard-of`\n"
        "  /etc/apt/sources.list and /etc/apt/sources.list.d\n\n"
        "hint: enable the distribution's security updates, or install rustup and QEMU yourself"
    )


def test_without_apt_the_hint_says_what_to_install(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (system / "apt-get").unlink()
    monkeypatch.setenv("PATH", str(system))
    with pytest.raises(ToolError, match="`apt-get` was not found") as caught:
        prefix.prefix(wanted("known"))
    assert "rustup" in caught.value.hint


def test_a_refused_update_shows_the_reason(system: Path) -> None:
    program(system, "apt-get", "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n")
    with pytest.raises(ToolError) as caught:
        prefix.prefix(wanted("known"))
    assert caught.value.problem == "`apt-get update` failed"
    assert caught.value.where == "E: no network"


def test_a_bad_source_among_good_ones_is_a_warning(
    system: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(
        system,
        "apt-get",
        "#!/bin/sh\n"
        f'[ "$1" = update ] && touch {tmp_path}/private/lists/good_Packages\n'
        "echo 'E: bad source' >&2\nexit 100\n",
    )
    apt.opened(tmp_path / "private")
    assert "warning: not every package list could be read" in capsys.readouterr().err


def test_a_damaged_package_leaves_nothing_behind(system: Path) -> None:
    text = '#!/bin/sh\ncase "$*" in *--print-uris*) echo "\'http://x\' known_1.deb 10 MD5";; esac\n'
    program(system, "apt-get", text)
    with pytest.raises(ToolError, match=r"cannot unpack `known_1\.deb`"):
        prefix.prefix(wanted("known"))
    assert not prefix.present("trial")


def test_an_old_c_library_is_not_replaced(system: Path) -> None:
    text = '#!/bin/sh\ncase "$*" in *--print-uris*) echo "\'http://x\' libc6_3.deb 10 MD5";; esac\n'
    program(system, "apt-get", text)
    with pytest.raises(ToolError, match="need a newer C library"):
        prefix.prefix(wanted("known"))


def test_apt_believes_what_it_is_told(system: Path, tmp_path: Path) -> None:
    manager = apt.opened(tmp_path / "private")
    manager.pretend(("gcc",))
    believed = (tmp_path / "private/status").read_text()
    names = [line for line in believed.splitlines() if line.startswith("Package: ")]
    assert names == ["Package: libc6", "Package: gcc"]
    assert "Depends" not in believed


def test_the_system_s_hooks_do_not_run(system: Path, tmp_path: Path) -> None:
    apt.opened(tmp_path / "private")
    assert "Post-Invoke" not in (tmp_path / "private/apt.conf").read_text()


def test_the_largest_number_wins_if_it_can_be_installed(system: Path, tmp_path: Path) -> None:
    manager = apt.opened(tmp_path / "private")
    with pytest.raises(ToolError, match="no package `lld"):
        manager.newest(r"lld-\d+")
    program(system, "apt-cache", POLICY.replace("= known", "!= lld-14"))
    assert manager.newest(r"lld-\d+") == "lld-9"


def test_an_old_rust_is_refused_by_version(system: Path, tmp_path: Path) -> None:
    program(system, "apt-cache", POLICY.replace("= known", "= rustc"))
    with pytest.raises(ToolError, match=r"no Rust compiler from 1\.85 on"):
        compiler.packages(apt.opened(tmp_path / "private"))


def test_a_cache_folder_that_is_a_file_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ToolError, match="cannot write to"):
        prefix.prefix(wanted("known"))

"""Programs for this machine link without a C compiler, and its words are translated."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ferrule.toolchain import front, rust


def test_words_for_a_c_compiler_become_words_for_the_linker() -> None:
    words = ["-m64", "a.o", "-Wl,-z,relro,-z,now", "-nodefaultlibs", "-pie", "-L", "x", "-lc"]
    expected = ["a.o", "-z", "relro", "-z", "now", "-pie", "-L", "x", "-lc"]
    assert front.linker_words(words) == expected


def test_words_in_a_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "words").write_text('a.o\n"with space.o"\n')
    assert front.linker_words([f"@{tmp_path}/words"]) == ["a.o", "with space.o"]


@pytest.mark.parametrize(
    ("words", "first"),
    [(["-pie"], "Scrt1.o"), ([], "crt1.o"), (["-shared"], "crti.o")],
)
def test_startup_files_fit_the_kind_of_program(
    words: list[str], first: str, tmp_path: Path
) -> None:
    before, after = front.startup(words, tmp_path)
    assert before[0] == first
    assert after[-1] == "crtn.o"


def test_a_program_links_and_runs_without_a_c_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "cc" else found(name))
    rust.host.cache_clear()
    tools = rust.host()
    rust.host.cache_clear()
    assert any(name.endswith("_LINKER") for name in tools.env)
    (tmp_path / "src").mkdir()
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "hello"\nedition = "2024"\n')
    (tmp_path / "src/main.rs").write_text(
        'fn main() { println!("{}", std::thread::spawn(|| 42).join().unwrap()); }'
    )
    subprocess.run(tools.build(), cwd=tmp_path, env=tools.environment(), check=True)
    program = tmp_path / "target" / tools.target / "release/hello"
    answer = subprocess.run([program], capture_output=True, text=True, check=True)
    assert answer.stdout == "42\n"

"""The runtime's threads under a model checker, a thread sanitizer and Miri."""

import subprocess
from pathlib import Path

import pytest

from ferrule.resources import CRATES
from ferrule.toolchain import cache, rust

MODELS = CRATES / "interleavings"
#: Not `sleeps`: the sanitizer does not see how a condition variable of the library takes its lock.
SUITES = ("team", "builds", "stops", "private", "slices", "groups", "locks", "whole")
TEAM = ("-p", "ferrule-runtime", *(word for suite in SUITES for word in ("--test", suite)))


def cargo(name: str, where: Path, *words: str, **variables: str) -> str:
    """Runs cargo with a target folder of its own in the cache; returns what it printed."""
    tools = rust.host()
    folder = cache.folder("tests", name)
    environment = {**tools.environment(), "CARGO_TARGET_DIR": str(folder), **variables}
    command = [str(tools.cargo), *words]
    answer = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, timeout=3600
    )
    assert answer.returncode == 0, answer.stdout[-8000:] + answer.stderr[-8000:]
    return answer.stdout


def explore(more: int, *words: str) -> str:
    """Explores all models, each with some more switches of threads than it says."""
    fetched = subprocess.run(
        [str(rust.host().cargo), "fetch", "--locked"],
        cwd=MODELS,
        env=rust.host().environment(),
        capture_output=True,
        text=True,
    )
    if fetched.returncode != 0:
        pytest.skip("the model checker, a crate named loom, cannot be fetched")
    command = ("test", "--release", "--offline", "--locked", "--", "--nocapture", *words)
    return cargo("interleavings", MODELS, *command, FERRULE_PREEMPTIONS=str(more))


def counted(output: str) -> int:
    """Executions that the model checker ran."""
    return sum(int(line.split()[0]) for line in output.splitlines() if line.endswith("executions"))


def test_models_hold_and_planted_faults_are_found(count_cases) -> None:
    output = explore(0)
    executions = counted(output)
    assert executions > 100_000, output
    count_cases("loom", executions, "interleavings of the runtime")


@pytest.mark.long
def test_models_hold_with_more_switches(count_cases) -> None:
    output = explore(1, "models::")
    count_cases("loom, more switches", counted(output), "interleavings of the runtime")


def sanitizer() -> bool:
    """Whether the compiler has a thread sanitizer; a distribution's has none."""
    tools = rust.host()
    rustc = tools.environment().get("RUSTC", "rustc")
    asked = subprocess.run(
        [rustc, "--print", "target-libdir"], env=tools.environment(), capture_output=True, text=True
    )
    return bool(list(Path(asked.stdout.strip()).glob("librustc*rt.tsan.a")))


#: The standard library is compiled without the sanitizer, which therefore does not see how its own
#: reference counts and channels are ordered. Nothing of ours has them on its stack.
SUPPRESSED = "race:<alloc::sync::Arc\nrace:std::sync::mpmc\n"


def test_threads_under_the_sanitizer(tmp_path: Path) -> None:
    if not sanitizer():
        pytest.skip("this Rust has no thread sanitizer")
    suppressions = tmp_path / "suppressions"
    suppressions.write_text(SUPPRESSED)
    flags = "-Zsanitizer=thread\x1f-Cunsafe-allow-abi-mismatch=sanitizer"
    # A target, so that the flags do not reach build scripts.
    cargo(
        "sanitizer",
        CRATES.parent,
        "test",
        "--offline",
        "--target",
        rust.host().target,
        *TEAM,
        "--test",
        "chains",
        "--",
        "--test-threads=1",
        RUSTC_BOOTSTRAP="1",
        TSAN_OPTIONS=f"suppressions={suppressions}",
        CARGO_ENCODED_RUSTFLAGS=flags,
    )


def test_threads_under_miri() -> None:
    tools = rust.host()
    asked = subprocess.run(
        [str(tools.cargo), "miri", "--version"], env=tools.environment(), capture_output=True
    )
    if asked.returncode != 0:
        pytest.skip("this Rust has no Miri")
    cargo("miri", CRATES.parent, "miri", "test", "--offline", *TEAM)


@pytest.mark.long
def test_many_random_chains() -> None:
    words = ("test", "--release", "--offline", "-p", "ferrule-runtime", "--test", "chains")
    cargo("chains", CRATES.parent, *words, "--", "--include-ignored")

"""What all tests share: golden files, and what every run ends with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ferrule import cli, oracle


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many operator cases were compared, because a skipped comparison looks like none."""
    counts = {
        outcome: sum("test_meaning.py" in report.nodeid for report in reports)
        for outcome in ("passed", "failed", "skipped")
        if (reports := terminalreporter.stats.get(outcome, []))
    }
    if any(counts.values()):
        result = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        name = f"TensorFlow Lite Micro {oracle.version() or 'none'}"
        terminalreporter.write_line(f"operator cases against the oracle ({name}): {result}")
    for (runner, kind), cases in sorted(COUNTS.items()):
        terminalreporter.write_line(f"{runner}: {cases} {kind} compared")


#: What was compared, by runner; a firmware holds many cases.
COUNTS: dict[tuple[str, str], int] = {}


@pytest.fixture
def count_cases() -> Callable[[str, int, str], None]:
    """Adds to the number of cases of a kind that a runner has compared."""

    def count(runner: str, cases: int, kind: str) -> None:
        COUNTS[runner, kind] = COUNTS.get((runner, kind), 0) + cases

    return count


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="rewrite tests/golden; review the diff"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares text with a file of tests/golden, or rewrites the file."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--regenerate"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"{path} is missing; run `pytest --regenerate` and review the diff"
        assert text == path.read_text()

    return compare


@pytest.fixture
def ferrule(capfd: pytest.CaptureFixture[str]):
    """Runs a command; gives its status, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return ended.value.code, captured.out, captured.err

    return run

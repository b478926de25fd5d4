"""What commands print in the documentation is what they print."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```console\n\$ ferrule (?P<command>.*)\n(?P<output>(?:.*\n)*?)```$", re.M)
SHOWN = [
    pytest.param(match["command"], match["output"], id=f"{page.stem}-{match['command'].split()[0]}")
    for page in PAGES
    for match in BLOCK.finditer(page.read_text())
]


def test_there_are_such_commands() -> None:
    assert len(SHOWN) >= 3


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_command_prints_what_the_page_says(command: str, output: str) -> None:
    """A line of three dots stands for the rest of what is printed."""
    answer = subprocess.run(
        [sys.executable, "-m", "ferrule", *shlex.split(command)],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    shown, *rest = output.split("...\n")
    said = [line.rstrip() for line in answer.stdout.strip().splitlines()]
    expected = shown.strip().splitlines()
    assert said[: len(expected)] == expected
    assert rest or len(said) == len(expected)

"""The documents: pages that follow from the code are current, and what they name exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("models/**/*.md"),
    *ROOT.glob("examples/two-cores/*.md"),
]


def test_the_reference_is_current() -> None:
    command = [sys.executable, str(ROOT / "tools/reference.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    links = [path for path in re.findall(r"\]\(([^)#]+)", text) if "://" not in path]
    missing = [path for path in links if not (page.parent / path).exists()]
    folders = "benchmarks|crates|docs|examples/two-cores|models|src/ferrule|targets|tests|tools"
    names = re.findall(rf"`((?:{folders})/[\w./-]*)`", text)
    # What a reader is to make is in capitals.
    missing += [name for name in names if "NAME" not in name and not (ROOT / name).exists()]
    assert not missing

"""The environment is made once, and what can go wrong on the way is a sentence."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ferrule.errors import ToolError

SCRIPT = Path(__file__).parents[2] / "tools/bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Loads the script, with an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    specification = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_complete_environment_is_taken_as_it_is(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(bootstrap, "create", lambda *_: steps.append("create"))
    monkeypatch.setattr(bootstrap, "install", lambda *_: steps.append("install"))
    first = bootstrap.environment("test")
    assert bootstrap.environment("test") == first
    assert steps == ["create", "install"]


def test_other_extras_make_another_environment(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "create", lambda *_: None)
    monkeypatch.setattr(bootstrap, "install", lambda *_: None)
    assert bootstrap.environment("test") != bootstrap.environment("")


def test_an_interrupted_installation_starts_again(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "create", lambda *_: None)
    monkeypatch.setattr(bootstrap, "install", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            bootstrap.environment("")


def test_an_old_python_is_a_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match=r"error: Ferrule needs Python 3\.11, and this is"):
        bootstrap.restart()


def test_a_failed_step_shows_what_it_said(bootstrap: ModuleType) -> None:
    with pytest.raises(ToolError) as caught:
        bootstrap.run("sh", "-c", "echo 'Downloading a-1-any.whl (2 kB)'; echo broken; exit 1")
    assert caught.value.where == "broken"

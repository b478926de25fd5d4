"""The oracle answers, refuses, is missing or fails, and never outlives the one that asks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_import_errors import tiny
from tflite_writer import assemble

from ferrule import oracle
from ferrule.errors import ToolError

IMAGE = np.array([[[[1], [2]], [[3], [4]]]], np.int8)
LOGITS = 6

ASKS_AND_WAITS = """
import time
from ferrule.oracle import Oracle
asked = Oracle()
print(asked._start().pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def tflm() -> Iterator[oracle.Oracle]:
    if oracle.version() is None:
        pytest.skip("oracle: none, because tflite_micro is not installed")
    with oracle.Oracle() as process:
        yield process


def test_several_inferences_of_several_models(tflm: oracle.Oracle) -> None:
    for _ in range(2):
        first, second = tflm.run(assemble(tiny()), [[IMAGE], [IMAGE * 0]], [0, LOGITS])
        assert np.array_equal(first[0], IMAGE)
        assert first[LOGITS].dtype == np.int8
        assert first[LOGITS].shape == (1, 3)
        assert second[LOGITS].tolist() == [[0, 0, 0]]


def test_a_refused_model_is_a_sentence_and_the_next_is_answered(tflm: oracle.Oracle) -> None:
    model = tiny()
    model["OperatorCodes"][0] |= {"DeprecatedBuiltinCode": 127, "BuiltinCode": 4000}
    with pytest.raises(ToolError) as caught:
        tflm.run(assemble(model), [[IMAGE]], [LOGITS])
    assert caught.value.problem == "TensorFlow Lite Micro refuses the model"
    assert caught.value.where
    assert tflm.run(assemble(tiny()), [[IMAGE]], [LOGITS])


def test_a_crash_is_a_sentence_and_the_next_is_answered(tflm: oracle.Oracle) -> None:
    with pytest.raises(ToolError, match="ended with status -11 while it ran the model"):
        tflm.run(assemble(tiny()), [[IMAGE]], [1_000_000])
    assert tflm.run(assemble(tiny()), [[IMAGE]], [LOGITS])


def test_the_time_limit(tflm: oracle.Oracle) -> None:
    with oracle.Oracle(seconds=0) as impatient, pytest.raises(ToolError, match="limit is 0 s"):
        impatient.run(assemble(tiny()), [[IMAGE]], [LOGITS])


def test_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert oracle.version() is None
    with oracle.Oracle() as absent, pytest.raises(ToolError) as caught:
        absent.run(assemble(tiny()), [[IMAGE]], [LOGITS])
    assert str(caught.value) == (
        "TensorFlow Lite Micro is not installed\n\nhint: pip install 'ferrule[tflm]'"
    )


def test_it_ends_with_the_process_that_asks() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ASKS_AND_WAITS],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(oracle.__file__).parents[1])},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    for _ in range(100):
        if not runs(child):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {child} outlives the one that started it")


def runs(process: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    status = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(status) and not status.startswith("Z")

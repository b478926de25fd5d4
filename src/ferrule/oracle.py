"""TensorFlow Lite Micro as the oracle: what the source framework computes, tensor by tensor.

It runs in a process of its own (`oracle_process.py`), because it is native code that a damaged
model, or the index of a tensor that does not exist, brings down.
"""

import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from importlib import metadata, util
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ferrule.errors import ToolError
from ferrule.ir import Array

#: Values of one inference, by the file's index of a tensor.
Values = dict[int, Array]

_PROCESS = Path(__file__).with_name("oracle_process.py")


def version() -> str | None:
    """The version of TensorFlow Lite Micro that is installed, or `None` if none is."""
    if util.find_spec("tflite_micro") is None:
        return None
    return metadata.version("tflite_micro")


class Oracle:
    """A process that runs models, one after another; use it in a `with` statement.

    `seconds` limits each model. The process ends when this one does, or when the limit is over.
    """

    def __init__(self, seconds: int = 60) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def run(
        self, model: bytes, inputs: Iterable[Sequence[Array]], tensors: Iterable[int]
    ) -> list[Values]:
        """Runs a model on each set of inputs, and gives the values of these tensors for each.

        The tensors must be the file's: the index of another ends the process. Raises `ToolError`
        when TensorFlow Lite Micro is missing, refuses the model, or takes too long.
        """
        sets = [[np.ascontiguousarray(array) for array in arrays] for arrays in inputs]
        header = {
            "seconds": self._seconds,
            "model": len(model),
            "inputs": [[_describe(array) for array in arrays] for arrays in sets],
            "tensors": sorted(set(tensors)),
        }
        body = b"".join([model, *(array.tobytes() for arrays in sets for array in arrays)])
        answer, content = self._ask(header, body)
        if "error" in answer:
            raise ToolError("TensorFlow Lite Micro refuses the model", where=str(answer["error"]))
        return _values(answer, content)

    def _ask(self, header: object, body: bytes) -> tuple[dict[str, Any], bytes]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(self._seconds, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(header).encode() + b"\n" + body)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return answer, process.stdout.read(answer["bytes"])
        except (OSError, ValueError) as error:
            status = self._stop()
            raise ToolError(
                f"TensorFlow Lite Micro ended with status {status} while it ran the model",
                where=f"the limit is {self._seconds} s",
            ) from error
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        if version() is None:
            raise ToolError(
                "TensorFlow Lite Micro is not installed", hint="pip install 'ferrule[tflm]'"
            )
        return subprocess.Popen(
            [sys.executable, "-P", str(_PROCESS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _stop(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        process.communicate()
        return process.returncode


def _describe(array: Array) -> dict[str, object]:
    return {"dtype": array.dtype.name, "shape": array.shape}


def _values(answer: dict[str, Any], content: bytes) -> list[Values]:
    """Cuts the values of each inference out of the bytes that follow an answer."""
    results: list[Values] = []
    start = 0
    for described in answer["values"]:
        values: Values = {}
        for one in described:
            count = math.prod(one["shape"])
            flat = np.frombuffer(content, one["dtype"], count, start)
            values[one["tensor"]] = flat.reshape(one["shape"])
            start += flat.nbytes
        results.append(values)
    return results

"""Runs models in TensorFlow Lite Micro: the other end of `oracle.py`, which starts this file.

A request is a line of JSON, then the model's bytes and those of its inputs. An answer is a line of
JSON, then the values of the tensors that were asked for. The process ends with its input.
"""

import json
import math
import os
import signal
import sys
import tempfile
from typing import IO, Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime

# An arena is committed only where it is used. One that is far too small crashes the process.
_ARENAS = (1 << 26, 1 << 30)


def main() -> None:
    """Answers requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # The library prints what is wrong with a model; it has no other way to say it.
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        while line := requests.readline():
            header = json.loads(line)
            # Ends this process even when the one that asks is gone and native code is running.
            signal.alarm(header["seconds"] + 1)
            answer, content = _answer(header, requests, printed)
            answers.write(json.dumps({**answer, "bytes": len(content)}).encode() + b"\n" + content)
            answers.flush()
            signal.alarm(0)


def _answer(
    header: dict[str, Any], requests: IO[bytes], printed: IO[bytes]
) -> tuple[dict[str, Any], bytes]:
    model = requests.read(header["model"])
    sets = [[_read(requests, one) for one in described] for described in header["inputs"]]
    printed.seek(0)
    printed.truncate()
    try:
        interpreter = _load(model, printed)
        values = [_run(interpreter, inputs, header["tensors"]) for inputs in sets]
    except Exception as error:  # Whatever it is, the one that asks prints it.
        return {"error": f"{error}\n{_text(printed)}".strip()[:2000]}, b""
    described = [
        [{"tensor": i, "dtype": a.dtype.name, "shape": a.shape} for i, a in one.items()]
        for one in values
    ]
    content = b"".join(array.tobytes() for one in values for array in one.values())
    return {"values": described}, content


def _read(requests: IO[bytes], described: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(described["dtype"]), described["shape"]
    return np.frombuffer(requests.read(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)


def _load(model: bytes, printed: IO[bytes]) -> Any:
    interpreter: Any = runtime.Interpreter
    for arena in _ARENAS:
        try:
            return interpreter.from_bytes(
                model,
                arena_size=arena,
                intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
            )
        except RuntimeError:
            if arena == _ARENAS[-1] or "missing:" not in _text(printed):
                raise
    raise AssertionError


def _run(interpreter: Any, inputs: list[Any], tensors: list[int]) -> dict[int, Any]:
    for index, array in enumerate(inputs):
        interpreter.set_input(array, index)
    interpreter.invoke()
    return {index: interpreter.GetTensor(index, 0)["tensor_data"] for index in tensors}


def _text(printed: IO[bytes]) -> str:
    printed.seek(0)
    return printed.read().decode("utf-8", "replace")


if __name__ == "__main__":
    main()

"""Opens a model file and makes sure that it is one."""

from pathlib import Path

from ferrule.errors import CompileError

# FlatBuffers have 31-bit offsets.
_LARGEST_BYTES = (1 << 31) - 1
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive, such as a Keras or PyTorch model",
    b"\x89HDF": "an HDF5 file, such as an older Keras model",
    b"GGUF": "a GGUF file",
    b"\x7fELF": "an ELF program",
    b"vers": "a Git LFS pointer, perhaps: the model itself has not been fetched",
}
_HINT = "give the path of a `.tflite` file"


def open_file(path: Path) -> bytes:
    """The bytes of a TFLite file. Raises `CompileError`."""
    where = str(path)
    try:
        if path.is_dir():
            raise CompileError("the model is a folder; a file is needed", where, _HINT)
        if not path.exists():
            raise CompileError("there is no such file", where, _HINT)
        if not path.is_file():
            raise CompileError("the model is not an ordinary file", where, _HINT)
        if path.stat().st_size > _LARGEST_BYTES:
            raise CompileError("the file is larger than 2 GiB", where, _HINT)
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise CompileError(f"the file cannot be read: {reason}", where) from error
    check_kind(content, where)
    return content


def check_kind(content: bytes, where: str) -> None:
    """Refuses bytes that do not start as a TFLite file does."""
    if not content:
        raise CompileError("the file is empty", where, _HINT)
    if content[4:8] == b"TFL3":
        return
    problem = "the file is not a TFLite model"
    kind = "an ONNX model" if where.endswith(".onnx") else _OTHERS.get(content[:4], "")
    raise CompileError(
        f"{problem}, but {kind}" if kind else problem,
        where,
        "convert the model to TFLite with int8 quantization" if kind else _HINT,
    )

"""Files that are not models, and models that are damaged, are refused at once and in a sentence."""

import os
import random
import resource
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from models import FOLDER
from test_import_errors import refusal, tiny
from tflite_writer import Table, assemble

from ferrule.errors import CompileError
from ferrule.importers import load
from ferrule.importers.tflite import read

MUTANTS = 3000
NOT_A_MODEL = "the file is not a TFLite model"
PATH = "\n\nhint: give the path of a `.tflite` file"
CONVERT = "\n\nhint: convert the model to TFLite with int8 quantization"


def sentence(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        load(path)
    return str(caught.value).replace(str(path), "PATH")


def test_a_missing_file(tmp_path: Path) -> None:
    assert sentence(tmp_path / "no.tflite") == "there is no such file\n  PATH" + PATH


def test_a_folder(tmp_path: Path) -> None:
    assert sentence(tmp_path) == "the model is a folder; a file is needed\n  PATH" + PATH


def test_a_device() -> None:
    path = Path(os.devnull)
    assert sentence(path) == "the model is not an ordinary file\n  PATH" + PATH


def test_a_path_that_no_file_can_have() -> None:
    assert sentence(Path("a" * 5000)) == "the file cannot be read: File name too long\n  PATH"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(assemble(tiny()))
    path.chmod(0)
    assert sentence(path) == "the file cannot be read: Permission denied\n  PATH"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.tflite", b"", "the file is empty\n  PATH" + PATH),
        ("text.tflite", b"hello, world", NOT_A_MODEL + "\n  PATH" + PATH),
        ("short.tflite", b"TFL3", NOT_A_MODEL + "\n  PATH" + PATH),
        ("net.onnx", b"\x08\x07pytorch", NOT_A_MODEL + ", but an ONNX model\n  PATH" + CONVERT),
        (
            "net.keras",
            b"PK\x03\x04aaaa",
            NOT_A_MODEL + ", but a ZIP archive, such as a Keras or PyTorch model\n  PATH" + CONVERT,
        ),
    ],
)
def test_a_file_of_another_kind(name: str, content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert sentence(tmp_path / name) == expected


def test_every_truncation_of_a_model_is_refused_or_read() -> None:
    content = assemble(tiny())
    for length in range(len(content)):
        outcome(content[:length])


def test_a_vector_that_claims_two_billion_elements() -> None:
    content = bytearray(assemble(tiny()))
    refused = 0
    for position in range(8, len(content) - 4, 4):
        damaged = content[:]
        damaged[position : position + 4] = struct.pack("<I", 0x7FFF_FFFF)
        refused += outcome(bytes(damaged)) is not None
    assert refused > 50


def test_tensors_that_share_one_long_name_are_not_read_forever() -> None:
    model = tiny()
    graph = model["Subgraphs"][0]
    graph["Tensors"] += [Table("Tensor", **graph["Tensors"][0]) for _ in range(2000)]
    name = "x" * 1_000_000
    for tensor in graph["Tensors"]:
        tensor["Name"] = name
    graph["Outputs"] = np.arange(len(graph["Tensors"]), dtype=np.int32)
    assert outcome(assemble(model)) == (
        "the file is damaged: field `Name` does not fit into the file\n  tensor 6\n\n"
        "hint: export the model again, or copy the file again"
    )


def mutants(count: int) -> list[bytes]:
    generator = random.Random(20)
    models = [assemble(tiny())]
    models += [
        path.read_bytes()
        for name in ("hello_world_int8", "micro_speech_int8")
        if (path := FOLDER / f"{name}.tflite").exists()
    ]
    return [mutant(bytearray(generator.choice(models)), generator) for _ in range(count)]


def mutant(content: bytearray, generator: random.Random) -> bytes:
    """Flips bits, overwrites words with what is likely to do harm, or cuts the end off."""
    match generator.randrange(3):
        case 0:
            for _ in range(generator.choice((1, 2, 8, 64))):
                content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        case 1:
            for _ in range(generator.choice((1, 2, 4))):
                word = generator.choice((0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, generator.getrandbits(32)))
                struct.pack_into("<I", content, generator.randrange(8, len(content) - 4), word)
        case 2:
            del content[generator.randrange(len(content)) :]
    return bytes(content)


def outcome(content: bytes) -> str | None:
    """The sentence of a refusal, or `None`; any other exception fails, as does a second's time."""
    start = time.process_time()
    try:
        graph = read(content, "mutant").graph
        graph.verify()
        printed, refused = str(graph), None
    except CompileError as error:
        printed = refused = str(error)
    assert time.process_time() - start < 1
    assert printed.isascii()
    return refused


def test_mutants_are_refused_or_read() -> None:
    outcomes = [outcome(content) for content in mutants(MUTANTS)]
    refused = sum(sentence is not None for sentence in outcomes)
    assert refused > MUTANTS // 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1 << 20, "more than 1 GiB was used"
    print(f"{MUTANTS} mutants: {refused} refused, {MUTANTS - refused} read")


def test_random_bytes_are_refused() -> None:
    generator = random.Random(7)
    for length in (8, 9, 64, 4096):
        for _ in range(100):
            refusal(generator.randbytes(4) + b"TFL3" + generator.randbytes(length - 8))

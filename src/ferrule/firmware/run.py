"""Runs firmware on an emulated or simulated board, or as a process of this machine."""

import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ferrule.errors import CompileError, ToolError
from ferrule.firmware import simulate
from ferrule.firmware.image import Image, Program
from ferrule.firmware.simulate import Conditions
from ferrule.ir import Array
from ferrule.toolchain import qemu

#: Seconds after which a run is taken for hung, and the same where cycles are simulated.
PATIENCE, MORE_PATIENCE = 300.0, 3600.0

#: The number under which `check` writes the model's outputs.
_OUTPUTS = 0xFFFF_FFFF

Tensors = tuple[Array, ...]


@dataclass(frozen=True)
class Results:
    """Outputs of each inference, and the bytes of stack that one needs on each core.

    Stacks are measured on boards only, and are 0 elsewhere.
    """

    outputs: tuple[Tensors, ...]
    stacks: tuple[int, ...]


@dataclass(frozen=True)
class Inference:
    """What one inference computed: each step's number and output bytes, and the outputs."""

    steps: tuple[tuple[int, bytes], ...]
    outputs: Tensors


@dataclass(frozen=True)
class Observed:
    """All inferences of a run, with the output of every step."""

    inferences: tuple[Inference, ...]


def run(
    image: Image, cores: int, inputs: Sequence[Sequence[Array]], patience: float | None = None
) -> Results:
    """Runs `bench` on sets of inputs, with a team of `cores` cores."""
    with tempfile.TemporaryDirectory(prefix="ferrule-") as name:
        folder = Path(name)
        execute(image, Program.BENCH, cores, inputs, folder, patience)
        return results(image, cores, folder)


def results(image: Image, cores: int, folder: Path) -> Results:
    """Reads what `bench` left in a folder."""
    written = (folder / "outputs.bin").read_bytes()
    size = image.signature.output_bytes
    sets = range(0, len(written), size)
    return Results(
        outputs=tuple(outputs(image, written[start : start + size]) for start in sets),
        stacks=struct.unpack(f"<{cores}I", (folder / "stacks.bin").read_bytes()),
    )


def observe(
    image: Image, cores: int, inputs: Sequence[Sequence[Array]], patience: float | None = None
) -> Observed:
    """Runs `check` on sets of inputs, with a team of `cores` cores."""
    with tempfile.TemporaryDirectory(prefix="ferrule-") as name:
        folder = Path(name)
        execute(image, Program.CHECK, cores, inputs, folder, patience)
        written = (folder / "outputs.bin").read_bytes()
    inferences: list[Inference] = []
    steps: list[tuple[int, bytes]] = []
    start = 0
    while start < len(written):
        number, length = struct.unpack_from("<II", written, start)
        content = written[start + 8 : start + 8 + length]
        start += 8 + length
        if number == _OUTPUTS:
            inferences.append(Inference(tuple(steps), outputs(image, content)))
            steps = []
        else:
            steps.append((number, content))
    return Observed(tuple(inferences))


def outputs(image: Image, content: bytes) -> Tensors:
    """Cuts one set of outputs into arrays of one axis."""
    arrays: list[Array] = []
    start = 0
    for border in image.signature.outputs:
        arrays.append(np.frombuffer(content, border.dtype, border.elements, start))
        start += border.bytes
    return tuple(arrays)


def execute(
    image: Image,
    program: Program,
    cores: int,
    inputs: Sequence[Sequence[Array]],
    folder: Path,
    patience: float | None,
    *added: str,
    chosen: Conditions | None = None,
) -> None:
    """Runs a program in a folder that then holds its files.

    `added` goes to the emulator or simulator, and `chosen` are the conditions of a simulation.
    Raises `ToolError` when the program ends with an error or not at all.
    """
    assert image.program is program, f"{image.program} is not {program}"
    if not 1 <= cores <= image.signature.cores:
        raise CompileError(
            f"a team of {cores} does not fit the crate, which was made for up to "
            f"{image.signature.cores} cores",
            hint="compile the model again with `--cores`",
        )
    (folder / "inputs.bin").write_bytes(b"".join(packed(image, one) for one in inputs))
    command, environment = launch(image, cores, added, chosen or Conditions())
    patience = patience or (MORE_PATIENCE if image.target.simulator else PATIENCE)
    try:
        answer = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"the firmware did not end on {image.target.name} within {patience:g} s",
            where=f"{program}, team of {cores}, {len(inputs)} inferences",
            hint="run it again on a machine with less to do, or with fewer inputs",
        ) from error
    if answer.returncode != 0:
        said = "\n".join(answer.stderr.strip().splitlines()[-5:])
        raise ToolError(
            f"the firmware failed on {image.target.name} with status {answer.returncode}",
            where=said or f"{program}, team of {cores}",
            hint="if it fails again, it is a defect of Ferrule; please report it with the model",
        )


def packed(image: Image, arrays: Sequence[Array]) -> bytes:
    """Returns one set of inputs as bytes."""
    borders = image.signature.inputs
    assert [array.size for array in arrays] == [border.elements for border in borders]
    return b"".join(
        np.ascontiguousarray(array).astype(border.dtype, casting="no").tobytes()
        for array, border in zip(arrays, borders, strict=True)
    )


def launch(
    image: Image, cores: int, added: Sequence[str], chosen: Conditions
) -> tuple[list[str], dict[str, str] | None]:
    """The command that runs an image, and the environment for it."""
    if image.target.simulator:
        return simulate.launch(image, cores, chosen, added), None
    emulator = image.target.emulator
    if not emulator:
        return [str(image.path), str(cores)], None
    machine = qemu.system(emulator["architecture"])
    semihosting = f"enable=on,target=native,arg={image.program},arg={cores}"
    command = [str(machine.path), *emulator["arguments"]]
    command += ["-display", "none", "-monitor", "none", "-serial", "none"]
    command += ["-semihosting-config", semihosting, "-kernel", str(image.path)]
    for other in image.others:
        command += ["-device", f"loader,file={str(other).replace(',', ',,')}"]
    command += added
    return command, machine.environment()

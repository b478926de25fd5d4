"""What a generated crate offers, read from its source."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ferrule.errors import CompileError

_INFER = re.compile(r"^pub fn infer<P: Port>\((?P<parameters>.*?)\) ->", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"(\w+): &(mut )?\[(\w+); ([\d_]+)\]")
_CORES = re.compile(r"^pub const CORES: usize = ([\d_]+);", re.MULTILINE)
_STEALS = re.compile(r"^pub type Lead<'t, P> = .*, Steal>;", re.MULTILINE)
_SHARES = re.compile(r"^const SHARES_\w+: &\[&\[u16\]\]", re.MULTILINE)
_SLICED = re.compile(r"^pub struct Inference<", re.MULTILINE)
_TYPES = {"i8": "int8", "u8": "uint8", "i16": "int16", "i32": "int32", "f32": "float32"}


@dataclass(frozen=True)
class Border:
    """An input or an output of `infer`. `type` is the Rust name of its elements' type."""

    name: str
    type: str
    elements: int

    @property
    def dtype(self) -> "np.dtype[np.generic]":
        """The elements' type as they stand in a file: little-endian."""
        return np.dtype(_TYPES[self.type]).newbyteorder("<")

    @property
    def bytes(self) -> int:
        """Size in memory and in a file."""
        return self.elements * self.dtype.itemsize


@dataclass(frozen=True)
class Signature:
    """A crate's name, its largest team, and the parameters of `infer`.

    `kinds` are the kinds of cores that it has a cargo feature for. `steals` says whether idle cores
    take units from others, `sliced` whether an inference can be taken in slices, `shared` whether
    there is a step for which the lead needs the others.
    """

    crate: str
    cores: int
    inputs: tuple[Border, ...]
    outputs: tuple[Border, ...]
    kinds: tuple[str, ...] = ()
    steals: bool = False
    sliced: bool = False
    shared: bool = True

    @property
    def output_bytes(self) -> int:
        """Bytes of one set of outputs."""
        return sum(border.bytes for border in self.outputs)


def signature(folder: Path) -> Signature:
    """Reads a crate's signature. Raises `CompileError` when the folder holds no generated crate."""
    try:
        manifest = tomllib.loads((folder / "Cargo.toml").read_text())
        source = (folder / "src/lib.rs").read_text()
    except (OSError, ValueError) as error:
        raise absent(folder) from error
    infer, cores = _INFER.search(source), _CORES.search(source)
    if not infer or not cores:
        raise absent(folder)
    inputs: list[Border] = []
    outputs: list[Border] = []
    for name, mutable, element, count in _PARAMETER.findall(infer["parameters"]):
        (outputs if mutable else inputs).append(Border(name, element, int(count)))
    name, kinds = manifest["package"]["name"], tuple(manifest.get("features", ()))
    found = (bool(pattern.search(source)) for pattern in (_STEALS, _SLICED, _SHARES))
    return Signature(name, int(cores[1]), tuple(inputs), tuple(outputs), kinds, *found)


def absent(folder: Path) -> CompileError:
    """Says that a folder does not hold what `ferrule compile` writes."""
    return CompileError(
        f"`{folder}` is not a crate that Ferrule generated",
        hint="`ferrule compile MODEL --board BOARD -o FOLDER` writes one",
    )

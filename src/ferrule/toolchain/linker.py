"""Finds linkers: lld for firmware, and something that links build scripts on this machine."""

import functools
import os
import shlex
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.toolchain import cache, front
from ferrule.toolchain.apt import Apt
from ferrule.toolchain.compiler import Compiler
from ferrule.toolchain.prefix import Prefix, Wanted, prefix, present


@dataclass(frozen=True)
class Lld:
    """The LLVM linker for ELF files, with the variables it needs to run."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def lld(compiler: Compiler) -> Lld:
    """Returns the linker that comes with the compiler, else the user's, else an unpacked one."""
    return found(compiler) or inside(prefix(LLD))


def found(compiler: Compiler) -> Lld | None:
    """Returns the same linker; None if it would be fetched first."""
    for own in sorted(compiler.sysroot.glob("lib/rustlib/*/bin/gcc-ld/ld.lld")):
        return Lld(own)
    if compiler.prefix is not None:
        return inside(compiler.prefix)
    program = shutil.which("ld.lld")
    if program:
        return Lld(Path(program))
    return inside(prefix(LLD)) if present(LLD.name) else None


def inside(home: Prefix) -> Lld:
    """Returns the linker of a prefix."""
    return Lld(home.find("usr/lib/llvm-*/bin/ld.lld"), home.environment)


def host(compiler: Compiler) -> dict[str, str]:
    """Returns the variables with which cargo links programs for this machine.

    With a C compiler on PATH there is nothing to say. Without one, a front of ours stands in for
    it: lld, the C library's development files from a private folder, and the words between.
    """
    if shutil.which("cc"):
        return {}
    name = compiler.host.upper().replace("-", "_")
    program = stand_in(lld(compiler), prefix(LIBRARIES))
    return {f"CARGO_TARGET_{name}_LINKER": str(program)}


@functools.cache
def interpreter() -> str:
    """Names the program loader of this machine, which each linked program names in turn."""
    for folder in ("/lib64", "/lib"):
        for path in sorted(Path(folder).glob("ld-linux*.so.*")):
            return str(path)
    return ""


def stand_in(linker: Lld, libraries: Prefix) -> Path:
    """Writes the program that cargo calls in place of a C compiler."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in linker.environment.items()]
    words = [sys.executable, "-I", "-S", front.__file__, linker.path, libraries.root, interpreter()]
    command = " ".join(["exec", "env", *variables, *(shlex.quote(str(word)) for word in words)])
    text = f'#!/bin/sh\n{command} "$@"\n'
    path = cache.folder("host-linker")
    with cache.sentences(path):
        if not path.exists() or path.read_text() != text:
            partial = path.with_name(f"host-linker.{os.getpid()}")
            partial.write_text(text)
            partial.chmod(0o755)
            partial.rename(path)
    return path


def libraries(apt: Apt) -> tuple[str, ...]:
    """Names the C library with its development files, and the newest runtime of gcc."""
    return "libc6", "libc6-dev", apt.newest(r"libgcc-\d+-dev")


def newest(apt: Apt) -> tuple[str, ...]:
    """Names the newest linker of the distribution."""
    return (apt.newest(r"lld-\d+"),)


LIBRARIES = Wanted(name="c-library", packages=libraries, alone=True)
LLD = Wanted(name="lld", packages=newest)

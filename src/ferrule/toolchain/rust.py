"""Chooses the Rust tools for this machine and for bare metal, and says how to run cargo."""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.toolchain import linker
from ferrule.toolchain.compiler import WANTED, Compiler, own, unpacked
from ferrule.toolchain.prefix import present
from ferrule.toolchain.sysroot import place, sysroot


@dataclass(frozen=True)
class Rust:
    """What is needed to run cargo for one target.

    `source` is a word that says where the compiler comes from: `rustup`, `system` or
    `distribution`. `env` holds the variables that differ from the caller's own; `rustflags` are
    kept out of it, so that a caller can add to them.
    """

    cargo: Path
    target: str
    version: str
    source: str
    env: Mapping[str, str] = field(default_factory=dict)
    rustflags: tuple[str, ...] = ()

    def environment(self, *added: str) -> dict[str, str]:
        """Returns the whole environment for cargo, with the compiler flags and some more.

        Flags that the user has in `RUSTFLAGS` do not count: the same crate gives the same bytes.
        """
        flags = "\x1f".join((*self.rustflags, *added))
        return {**os.environ, **self.env, "CARGO_ENCODED_RUSTFLAGS": flags}

    def build(self, *added: str) -> list[str]:
        """Returns the command line of an optimized build for the target."""
        return [str(self.cargo), "build", "--release", "--offline", "--target", self.target, *added]


@functools.cache
def host() -> Rust:
    """Returns the tools that build and run programs on this machine."""
    compiler = own() or unpacked()
    env = {**compiler.environment, **linker.host(compiler)}
    return Rust(compiler.cargo, compiler.host, compiler.version, compiler.source, env)


@functools.cache
def bare_metal(target: str) -> Rust:
    """Returns the tools that build firmware for a target, preparing them the first time.

    The user's compiler serves if it has the target's library or the sources of it; if not, the
    distribution's does.
    """
    compiler = candidate(target) or unpacked()
    lld = linker.lld(compiler)
    env = {
        **compiler.environment,
        **lld.environment,
        **linker.host(compiler),
        variable(target, "LINKER"): str(lld.path),
    }
    flags: tuple[str, ...] = ()
    if not compiler.has(target):
        flags = ("--sysroot", str(sysroot(compiler, target, linker.host(compiler))))
    return Rust(compiler.cargo, target, compiler.version, compiler.source, env, flags)


def variable(target: str, name: str) -> str:
    """Names the variable with which cargo is told something for one target."""
    return f"CARGO_TARGET_{re.sub('[-.]', '_', target.upper())}_{name}"


def candidate(target: str) -> Compiler | None:
    """Returns the compiler that `bare_metal` would use; None if it would fetch it first."""
    compiler = own()
    if compiler and (compiler.has(target) or compiler.sources.is_dir()):
        return compiler
    return unpacked() if present(WANTED.name) else None


def ready(target: str) -> bool:
    """Tells whether `bare_metal` would return at once."""
    compiler = candidate(target)
    if compiler is None:
        return False
    return compiler.has(target) or place(compiler, target).is_dir()

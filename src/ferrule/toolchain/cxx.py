"""Finds a C++ compiler: the user's own or an unpacked one."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import cache
from ferrule.toolchain.apt import Apt
from ferrule.toolchain.linker import LIBRARIES
from ferrule.toolchain.prefix import Wanted, prefix


@dataclass(frozen=True)
class Compiler:
    """A compiler for programs of this machine; `flags` come before all others."""

    path: Path
    version: str
    source: str
    flags: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Returns the whole environment for the compiler."""
        return cache.variables(self.env)


@functools.cache
def compiler() -> Compiler:
    """Returns the C++ compiler on PATH, else the distribution's from a private folder."""
    for name in ("c++", "g++", "clang++"):
        found = shutil.which(name)
        if found:
            return Compiler(Path(found), asked(found, {}), "system")
    if not shutil.which("apt-get"):
        raise ToolError(
            "there is no C++ compiler, and the simulator of Ibex is compiled on this machine",
            hint="install `g++` or `clang++` and put it on PATH",
        )
    home = prefix(WANTED)
    path = home.find("usr/bin/*-linux-gnu*-g++-[0-9]*")
    programs = home.root / "usr/bin"
    kernel = (home.root / "usr/include", home.find("usr/include/*-linux-gnu*"))
    flags = [
        f"--sysroot={prefix(LIBRARIES).root}",
        f"-B{programs}",
        "-static-libstdc++",
        "-static-libgcc",
    ]
    flags += [word for folder in kernel for word in ("-idirafter", str(folder))]
    env = {**home.environment, "PATH": f"{programs}:{os.environ.get('PATH', '')}"}
    return Compiler(path, asked(str(path), env), "distribution", tuple(flags), env)


def asked(path: str, env: Mapping[str, str]) -> str:
    """Asks for the version: the first line that the compiler prints, without its name."""
    answer = subprocess.run(
        [path, "--version"], env=cache.variables(env), capture_output=True, text=True, check=False
    )
    line = next(iter(answer.stdout.splitlines()), "")
    return re.sub(r"^\S+ ", "", line)


def packages(apt: Apt) -> tuple[str, ...]:
    """Names the newest C++ compiler and all that it needs, assembler and linker included.

    The C library is left out: a program that finds a second one beside it may not start.
    """
    name = apt.newest(r"g\+\+-\d+")
    needed = sorted({name, "linux-libc-dev", *apt.needs(name)} - {"libc6", "libc6-dev"})
    return tuple(package for package in needed if apt.version(package))


# Half of what is unpacked, and never called.
UNCALLED = ("lto1", "lto-dump-*", "*-lto-dump-*", "cc1", "lib*san.a")

WANTED = Wanted(
    name="c++",
    packages=packages,
    alone=True,
    left_out=tuple(
        f"./usr/{folder}/{name}" for folder in ("bin", "lib/gcc/*/*") for name in UNCALLED
    ),
)

"""Finds QEMU: the user's own where it can count instructions, else an unpacked one."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain.apt import Apt, numbers
from ferrule.toolchain.prefix import Wanted, prefix

MINIMUM = (7, 2)


@dataclass(frozen=True)
class Qemu:
    """A system emulator for one architecture. `plugin_api` is the plugin version it speaks."""

    path: Path
    architecture: str
    version: str
    plugin_api: int
    source: str
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Returns the whole environment for the emulator."""
        return {**os.environ, **self.env}


@functools.cache
def system(architecture: str) -> Qemu:
    """Returns the emulator of `arm` or `riscv32`, unpacking it the first time."""
    name = f"qemu-system-{architecture}"
    found = own(architecture)
    if found:
        return found
    home = prefix(WANTED)
    path = home.find(f"usr/bin/{name}")
    modules = home.find("usr/lib/*-linux-gnu*/qemu")
    env = {**home.environment, "QEMU_MODULE_DIR": str(modules)}
    version = asked(path, env)
    if not version:
        raise ToolError(
            f"the unpacked `{name}` does not run",
            where=str(path),
            hint=f"delete {home.root} and run the command again",
        )
    return Qemu(path, architecture, version, plugin_api(path, version), "distribution", env)


def own(architecture: str) -> Qemu | None:
    """Returns the emulator on PATH, if it is recent enough and loads plugins."""
    found = shutil.which(f"qemu-system-{architecture}")
    if found is None:
        return None
    version = asked(Path(found), {})
    if numbers(version)[:2] < MINIMUM or not loads_plugins(Path(found)):
        return None
    return Qemu(Path(found), architecture, version, plugin_api(Path(found), version), "system")


def asked(path: Path, env: Mapping[str, str]) -> str:
    """Asks an emulator for its version; nothing if it does not run."""
    answer = subprocess.run(
        [path, "--version"], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    found = re.search(r"version (\d+(?:\.\d+)+)", answer.stdout)
    return found.group(1) if found else ""


def loads_plugins(path: Path) -> bool:
    """Tells whether an emulator was built with plugins: only then it knows the option."""
    answer = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
    return re.search(r"^-plugin ", answer.stdout, re.MULTILINE) is not None


def plugin_api(path: Path, version: str) -> int:
    """Returns the version of the plugin interface to build for: 1, or 2 which later ones accept.

    An emulator exports the plugins' functions, so their names are in its file; version 2 came with
    a function to count cores. A script around an emulator has no such names and leaves the release
    to go by.
    """
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if content.find(b"qemu_plugin_register_vcpu_tb_exec_cb") >= 0:
            return 1 if content.find(b"qemu_plugin_num_vcpus") < 0 else 2
    return 1 if numbers(version)[:2] < (9, 0) else 2


def packages(apt: Apt) -> tuple[str, ...]:
    """Names the packages of both emulators; newer distributions have one for RISC-V alone."""
    riscv = "qemu-system-riscv"
    return "qemu-system-arm", riscv if apt.version(riscv) else "qemu-system-misc"


# Of some thirty architectures in these packages we keep those of microcontrollers.
WANTED = Wanted(
    name="emulators",
    packages=packages,
    left_out=("./usr/bin/qemu-system-[!arx]*", "./usr/bin/qemu-system-al*"),
)

"""Says which tools are there, and what their first use would add."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ferrule.toolchain import cache, prefix, qemu, rust, verilator
from ferrule.toolchain.compiler import WANTED, Compiler, own, unpacked
from ferrule.toolchain.linker import found
from ferrule.toolchain.sysroot import place

FETCHED = "fetched on first use from the distribution's packages, about {size} MB"
ALONE = "install it and put it on PATH: this system has no apt to fetch it with"

ARCHITECTURES = ("arm", "riscv32")


@dataclass(frozen=True)
class Tool:
    """One line of the report. `status` is `ready`, `on first use` or `missing`.

    `adds` says what the first command that needs the tool adds to the private folder, or, when
    nothing can be done automatically, what to do. `paths` are the programs and folders that are
    there, by what they are: `cargo`, `rustc`, `sysroot`, `linker`, or a program's own name.
    """

    name: str
    status: str
    version: str = ""
    source: str = ""
    adds: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)


def tools(targets: Iterable[str]) -> list[Tool]:
    """Lists every tool that Ferrule calls; downloads and builds nothing."""
    emulators = [emulator(architecture) for architecture in ARCHITECTURES]
    firmware = [bare_metal(target) for target in targets]
    return [host(), linker(), *firmware, *emulators, plugin(), simulator(), packages()]


def host() -> Tool:
    """Reports the Rust compiler for this machine."""
    compiler = own()
    if compiler is None and prefix.present(WANTED.name):
        compiler = unpacked()
    if compiler:
        name, version = "Rust for this machine", compiler.version
        return Tool(name, "ready", version, compiler.source, paths=programs(compiler))
    return absent("Rust for this machine", 165)


def linker() -> Tool:
    """Reports what links programs for this machine."""
    compiler = shutil.which("cc")
    if compiler:
        return Tool("linker for this machine", "ready", source="system", paths={"cc": compiler})
    if prefix.present("c-library"):
        return Tool("linker for this machine", "ready", source="distribution")
    return absent("linker for this machine", 7)


def bare_metal(target: str) -> Tool:
    """Reports the Rust compiler for a target without an operating system."""
    name = f"Rust for {target}"
    compiler = rust.candidate(target)
    if compiler is None:
        return absent(name, 165)
    paths = programs(compiler)
    adds = ""
    if lld := found(compiler):
        paths["linker"] = str(lld.path)
    else:
        adds = "its linker is fetched on first use from the distribution's packages"
    if not rust.ready(target):
        adds = "compiled on first use, about 50 MB and half a minute"
    elif not compiler.has(target):
        paths["sysroot"] = str(place(compiler, target))
    status = "on first use" if adds else "ready"
    return Tool(name, status, compiler.version, compiler.source, adds, paths)


def programs(compiler: Compiler) -> dict[str, str]:
    """Names a compiler's programs, and the folder with its own libraries."""
    return {
        "cargo": str(compiler.cargo),
        "rustc": str(compiler.rustc),
        "sysroot": str(compiler.sysroot),
    }


def emulator(architecture: str) -> Tool:
    """Reports the emulator of an architecture."""
    name = f"QEMU for {architecture}"
    machine = qemu.own(architecture)
    if machine is None and prefix.present(qemu.WANTED.name):
        machine = qemu.system(architecture)
    if machine:
        paths = {machine.path.name: str(machine.path)}
        return Tool(name, "ready", machine.version, machine.source, paths=paths)
    return absent(name, 71)


def plugin() -> Tool:
    """Reports the plugin that counts instructions."""
    if any(cache.folder("counter").glob("*/libcounter.so")):
        return Tool("instruction counter", "ready", source="built here")
    adds = "compiled on first use, under 1 MB and a few seconds"
    return Tool("instruction counter", "on first use", adds=adds)


def simulator() -> Tool:
    """Reports the simulator of Ibex, which is made of RTL by Verilator and a C++ compiler."""
    if any(cache.folder("simulators").glob("ibex-*/ibex")):
        return Tool("cycle simulator of Ibex", "ready", source="built here")
    size = 17 if shutil.which("c++") else 83
    adds = f"fetched and compiled on first use, about {size} MB and a minute"
    if shutil.which("apt-get") or (verilator.own() and shutil.which("c++")):
        return Tool("cycle simulator of Ibex", "on first use", adds=adds)
    adds = "install Verilator and a C++ compiler and put them on PATH: there is no apt here"
    return Tool("cycle simulator of Ibex", "missing", adds=adds)


def packages() -> Tool:
    """Reports whether missing tools can be fetched, and where they go."""
    folder = f"kept in {cache.folder()}"
    if shutil.which("apt-get"):
        return Tool("private packages", "ready", source="system", adds=folder)
    return Tool("private packages", "missing", adds="needed only for what else is missing")


def absent(name: str, size: int) -> Tool:
    """Reports a tool that is not there yet."""
    if shutil.which("apt-get"):
        return Tool(name, "on first use", adds=FETCHED.format(size=size))
    return Tool(name, "missing", adds=ALONE)

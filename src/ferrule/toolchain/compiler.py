"""Finds a Rust compiler: the user's own, or the distribution's in a private folder."""

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import cache
from ferrule.toolchain.apt import Apt, numbers
from ferrule.toolchain.prefix import Prefix, Wanted, prefix

MINIMUM = (1, 85)  # The first with edition 2024.


@dataclass(frozen=True)
class Compiler:
    """A Rust compiler with its cargo. `prefix` is where it lives when it is not the user's own."""

    rustc: Path
    cargo: Path
    sysroot: Path
    source: str
    prefix: Prefix | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Returns the variables that cargo needs to run this compiler and nothing else."""
        own = {
            "RUSTC": str(self.rustc),
            "RUSTDOC": str(self.rustc.with_name("rustdoc")),
            "RUSTC_WRAPPER": "",
            "RUSTC_WORKSPACE_WRAPPER": "",
        }
        if self.prefix is None:
            return own
        home = {"CARGO_HOME": str(cache.folder("cargo"))}
        return {**own, **home, **self.prefix.environment}

    @functools.cached_property
    def identity(self) -> str:
        """Returns what the compiler says of itself at length."""
        answer = subprocess.run(
            [self.rustc, "-vV"],
            env=cache.variables(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise ToolError(f"`{self.rustc}` does not run", where=answer.stderr.strip())
        return answer.stdout

    @property
    def version(self) -> str:
        """Returns the release, such as `1.96.0`."""
        return self._line("release")

    @property
    def host(self) -> str:
        """Returns the Rust name of this machine."""
        return self._line("host")

    @property
    def sources(self) -> Path:
        """Names the folder of the library sources that match this compiler, there or not."""
        return self.sysroot / "lib/rustlib/src/rust/library"

    def has(self, target: str) -> bool:
        """Tells whether the compiler brings its own library for a target."""
        return any(self.sysroot.glob(f"lib/rustlib/{target}/lib/libcore-*.rlib"))

    def _line(self, name: str) -> str:
        found = re.search(rf"^{name}: (\S+)$", self.identity, re.MULTILINE)
        return found.group(1) if found else ""


@functools.cache
def own() -> Compiler | None:
    """Finds the compiler on PATH, if there is one and it is recent enough.

    A rustup proxy is resolved to the default toolchain, so that no file in the folder where cargo
    runs can switch to another one.
    """
    rustc = shutil.which("rustc")
    if rustc is None:
        return None
    command = [rustc, "--print", "sysroot"]
    answer = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return None
    sysroot = Path(answer.stdout.strip())
    programs = []
    for name in ("rustc", "cargo"):
        inside = sysroot / "bin" / name
        found = str(inside) if inside.is_file() else shutil.which(name)
        if found is None:
            return None
        programs.append(Path(found))
    source = "rustup" if ".rustup" in sysroot.parts or "toolchains" in sysroot.parts else "system"
    compiler = Compiler(programs[0], programs[1], sysroot, source)
    return compiler if numbers(compiler.version)[:2] >= MINIMUM else None


@functools.cache
def unpacked() -> Compiler:
    """Returns the distribution's compiler from a private folder, fetching it the first time."""
    home = prefix(WANTED)
    rustc = home.find("usr/bin/rustc", "usr/lib/rust-*/bin/rustc").resolve()
    cargo = home.find("usr/bin/cargo", "usr/lib/rust-*/bin/cargo").resolve()
    return Compiler(rustc, cargo, rustc.parent.parent, "distribution", home)


def packages(apt: Apt) -> tuple[str, ...]:
    """Chooses the newest of the distribution's Rust compilers, its sources and a linker."""
    compilers = apt.names(r"rustc(-web|-[\d.]+)?")
    versions = {name: numbers(apt.version(name))[:3] for name in compilers}
    name = max(versions, key=lambda name: versions[name], default="")
    if not name or versions[name][:2] < MINIMUM:
        raise ToolError(
            f"the distribution has no Rust compiler from {MINIMUM[0]}.{MINIMUM[1]} on",
            where=f"newest: {name or 'none'}",
            hint="install rustup, then `rustup target add` the target of your board",
        )
    suffix = name.removeprefix("rustc")
    return name, f"cargo{suffix}", f"rust{suffix}-src", linker(apt, name)


def linker(apt: Apt, compiler: str) -> str:
    """Chooses the linker of the LLVM that the compiler uses anyway, else the newest one."""
    needs = apt.needs(compiler)
    for library in sorted(needs, key=numbers, reverse=True):
        match = re.fullmatch(r"libllvm(\d+)", library)
        if match and apt.version(f"lld-{match.group(1)}"):
            return f"lld-{match.group(1)}"
    return apt.newest(r"lld-\d+")


# The C compiler and its friends are for linking on the host, which `linker.py` does without them.
WANTED = Wanted(
    name="rust",
    packages=packages,
    assumed=("gcc", "binutils", "libc6-dev"),
    left_out=("./usr/src/*/src", "./usr/src/*/compiler"),
)

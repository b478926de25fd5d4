"""The simulator of one to four Ibex cores: their RTL and our driver, compiled to a program."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import cache, cxx
from ferrule.toolchain.process import followed
from ferrule.toolchain.verilator import Verilator, verilator

#: The release of the RTL. It is exact, because cycles depend on it.
PACKAGE, VERSION = "pythondata-cpu-ibex", "0.0.post2937"
MODULE = PACKAGE.replace("-", "_")

DRIVER = Path(__file__).parents[1] / "rtl"

_PRIMITIVES = "vendor/lowrisc_ip/ip/prim/rtl"
_GENERIC = "vendor/lowrisc_ip/ip/prim_generic/rtl"
_WRAPPERS = "dv/uvm/core_ibex/common/prim"
_MACROS = "vendor/lowrisc_ip/dv/sv/dv_utils"

# Modules are found by their names in these folders, packages are named in order.
_MODULES = ("rtl", _PRIMITIVES, _GENERIC, _WRAPPERS)
_PACKAGES = (
    f"{_PRIMITIVES}/prim_cipher_pkg.sv",
    f"{_PRIMITIVES}/prim_count_pkg.sv",
    f"{_PRIMITIVES}/prim_util_pkg.sv",
    f"{_PRIMITIVES}/prim_mubi_pkg.sv",
    f"{_PRIMITIVES}/prim_ram_1p_pkg.sv",
    f"{_PRIMITIVES}/prim_secded_pkg.sv",
    f"{_WRAPPERS}/prim_pkg.sv",
    "rtl/ibex_pkg.sv",
)


def simulator() -> Path:
    """Returns the simulator, building it the first time."""
    tools, compiler = verilator(), cxx.compiler()
    folder = cache.folder("simulators", f"ibex-{digest(tools, compiler)}")
    program = folder / "ibex"
    if program.is_file():
        return program
    rtl = sources()
    with cache.locked(folder):
        if not program.is_file():
            cache.say(f"compiling the simulator of Ibex into {folder}, about a minute")
            with cache.fresh(folder) as partial:
                build(rtl, tools, compiler, partial)
    return program


def digest(tools: Verilator, compiler: cxx.Compiler) -> str:
    """Returns a short name for everything that the simulator depends on."""
    total = hashlib.sha256()
    for word in (VERSION, tools.version, compiler.version):
        total.update(word.encode() + b"\0")
    for path in sorted(DRIVER.iterdir()):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def sources() -> Path:
    """Returns the folder of the RTL: of the installed package, else of one that pip fetches."""
    found = importlib.util.find_spec(MODULE)
    if found and found.submodule_search_locations and metadata.version(PACKAGE) == VERSION:
        return Path(found.submodule_search_locations[0]) / "system_verilog"
    folder = cache.folder("rtl", f"ibex-{VERSION}")
    if not folder.is_dir():
        with cache.locked(folder):
            if not folder.is_dir():
                with cache.fresh(folder) as partial:
                    fetch(partial)
    return folder / MODULE / "system_verilog"


def fetch(folder: Path) -> None:
    """Downloads the package and unpacks it into a folder."""
    cache.say(f"downloading the RTL of Ibex, 10 MB, to {folder.parent}")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    install = ["install", "--no-deps", "--no-compile", "--only-binary=:all:"]
    answer = subprocess.run(
        [*pip, *install, "--target", str(folder), f"{PACKAGE}=={VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise ToolError(
            f"pip cannot download the RTL of Ibex, `{PACKAGE}` {VERSION}",
            where="\n".join(answer.stderr.strip().splitlines()[-3:]),
            hint="check the network, or install `ferrule[rtl]` with the tool that installed "
            "Ferrule",
        )


def build(rtl: Path, tools: Verilator, compiler: cxx.Compiler, folder: Path) -> None:
    """Translates the RTL to C++, compiles that with the driver, and keeps only the program."""
    work = folder / "work"
    command(
        (
            tools.path,
            *("--cc", "-O3", "--no-timing", "--noassert", "-DSYNTHESIS"),
            *("--x-assign", "fast", "--x-initial", "fast"),
            *("-Wno-fatal", "-Wno-lint", "-Wno-style"),
            *("--top-module", "core", "--prefix", "Core", "--Mdir", work),
            *(word for name in _MODULES for word in ("-y", rtl / name)),
            f"-I{rtl / _PRIMITIVES}",
            f"-I{rtl / _MACROS}",
            *(rtl / name for name in _PACKAGES),
            DRIVER / "core.sv",
        ),
        tools.environment(),
    )
    include = tools.root / "include"
    command(
        (
            compiler.path,
            *compiler.flags,
            *("-std=c++17", "-O2", "-pthread"),
            *(f"-I{path}" for path in (work, include, include / "vltstd", DRIVER)),
            *sorted(work.glob("*.cpp")),
            *sorted(DRIVER.glob("*.cpp")),
            *(include / name for name in ("verilated.cpp", "verilated_threads.cpp")),
            *("-o", folder / "ibex"),
        ),
        compiler.environment(),
    )
    shutil.rmtree(work)


def command(words: Iterable[object], env: dict[str, str]) -> None:
    """Runs one of the commands of a build."""
    called = [str(word) for word in words]
    result = followed(called, lambda line: None, env)
    if result.status != 0:
        raise ToolError(
            f"`{Path(called[0]).name}` cannot build the simulator of Ibex",
            where=result.last,
            hint="this is a defect of Ferrule; please report it with the versions of both tools",
        )

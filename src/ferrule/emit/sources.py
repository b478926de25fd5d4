"""The Rust sources that a generated crate carries: runtime, the kernels it needs, ports."""

import re
from functools import cache
from pathlib import Path

from ferrule.resources import CRATES, LICENSES

_LICENSES = ("LICENSE-MIT", "LICENSE-APACHE")


@cache
def module_of(struct: str) -> str:
    """The kernels module that defines a struct."""
    for path in sorted((CRATES / "kernels/src").glob("*.rs")):
        if re.search(rf"^pub struct {struct}\b", path.read_text(), re.MULTILINE):
            return path.stem
    raise AssertionError(f"no kernel file defines {struct}")


def crate_files(folder: str) -> dict[str, str]:
    """All sources of one of our crates, by path inside a generated crate."""
    root = CRATES / folder
    kept = (path for path in sorted(root.rglob("*")) if path.is_file() and _is_source(root, path))
    files = {
        f"crates/{folder}/{path.relative_to(root).as_posix()}": path.read_text() for path in kept
    }
    for name in _LICENSES:
        files[f"crates/{folder}/{name}"] = (LICENSES / name).read_text()
    return files


def kernel_files(modules: set[str]) -> dict[str, str]:
    """The kernels crate, with only these modules and the ones they use."""
    files = crate_files("kernels")
    needed: set[str] = set()
    while modules - needed:
        needed |= modules
        for module in sorted(needed):
            source = files[f"crates/kernels/src/{module}.rs"]
            modules = modules | set(re.findall(r"^use crate::(\w+)", source, re.MULTILINE))
    root = "crates/kernels/src/lib.rs"
    declared = re.compile(r"^pub mod (\w+);\n", re.MULTILINE)
    files[root] = declared.sub(lambda match: match[0] if match[1] in needed else "", files[root])
    return {
        path: text
        for path, text in files.items()
        if not path.startswith("crates/kernels/src/")
        or path == root
        or Path(path).relative_to("crates/kernels/src").parts[0].removesuffix(".rs") in needed
    }


def _is_source(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts
    return parts[0] not in ("target", "tests") and path.name != "Cargo.lock"

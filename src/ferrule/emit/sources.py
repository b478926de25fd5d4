"""The Rust sources that a generated crate carries: runtime, the kernels it needs, ports."""

import hashlib
import re
from functools import cache, partial
from pathlib import Path

from ferrule.resources import CRATES, LICENSES

_LICENSES = ("LICENSE-MIT", "LICENSE-APACHE")


@cache
def module_of(struct: str) -> str:
    """The kernels module that defines a struct, as a path inside the crate."""
    root = CRATES / "kernels/src"
    for path in sorted(root.rglob("*.rs")):
        if re.search(rf"^pub struct {struct}\b", path.read_text(), re.MULTILINE):
            return "::".join(path.relative_to(root).with_suffix("").parts)
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


def owned(files: dict[str, str], crate: str) -> dict[str, str]:
    """The same sources with names of a generated crate's own, so that several fit one firmware.

    Packages begin with the crate's name instead of `ferrule`, and symbols that a linker sees with a
    digest of it, which is as long, so that lines stay formatted. Modules keep their names.
    """
    symbol = f"f{hashlib.sha256(crate.encode()).hexdigest()[:6]}_"

    def rename(path: str, text: str) -> str:
        if path.endswith(".toml"):
            return text.replace("ferrule-", f"{crate}-")
        return text.replace("ferrule_", symbol) if path.endswith(".rs") else text

    return {path: rename(path, text) for path, text in files.items()}


def kernel_files(modules: set[str]) -> dict[str, str]:
    """The kernels crate, with only these modules and the ones they use."""
    files = crate_files("kernels")
    sources = {_module(path): text for path, text in files.items() if _module(path)}
    needed: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        needed |= {module, *_parents(module)}
        used = re.findall(r"^use crate::((?:[a-z]\w*::)*[a-z]\w*)", sources[module], re.MULTILINE)
        waiting |= {path for path in map(partial(_longest, sources), used) if path not in needed}
    kept = {}
    for path, text in files.items():
        module = _module(path)
        if path.endswith(("/lib.rs", "/mod.rs")) and (not module or module in needed):
            kept[path] = _declaring(text, module, needed)
        elif not module or module in needed:
            kept[path] = text
    return kept


def _module(path: str) -> str:
    """The module that a file of the kernels crate holds; empty for the crate's root and others."""
    inside = path.removeprefix("crates/kernels/src/").removesuffix(".rs").removesuffix("/mod")
    return (
        inside.replace("/", "::") if inside != path.removesuffix(".rs") and inside != "lib" else ""
    )


def _parents(module: str) -> set[str]:
    names = module.split("::")
    return {"::".join(names[:count]) for count in range(1, len(names))}


def _longest(sources: dict[str, str], path: str) -> str:
    """The module that a `use` path names: the path, or what is left without its last items."""
    while path not in sources:
        path = path.rpartition("::")[0]
    return path


def _declaring(text: str, module: str, needed: set[str]) -> str:
    """The text of a root or folder, without the declarations of modules that are not needed."""
    prefix = f"{module}::" if module else ""
    declaration = re.compile(r"^(?:#\[.*\]\n)*pub mod (\w+);\n", re.MULTILINE)
    return declaration.sub(lambda found: found[0] if prefix + found[1] in needed else "", text)


def _is_source(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts
    return parts[0] not in ("target", "tests") and path.name != "Cargo.lock"

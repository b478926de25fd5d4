"""What differs between kinds of cores in one crate: kernels, constants, and under what `cfg`.

A crate is built once for each kind in the team. The first kind is what it is built for without a
feature; every other kind is a cargo feature of that name.
"""

from collections.abc import Collection, Iterable, Sequence

from ferrule.kernels import Kernel
from ferrule.steps import Step
from ferrule.target import Core

#: Indices of kinds in the team, the lead's first.
Kinds = frozenset[int]


def features(kinds: Sequence[Core]) -> tuple[str, ...]:
    """The crate's cargo features."""
    return tuple(core.kind for core in kinds[1:])


def attribute(kinds: Sequence[Core], chosen: Kinds, indent: str = "") -> str:
    """A line that keeps what follows for these kinds only; nothing if that is all of them."""
    if len(chosen) == len(kinds):
        return ""
    if 0 in chosen:
        left_out = [i for i in range(len(kinds)) if i not in chosen]
        return f"{indent}#[cfg(not({_any(kinds, left_out)}))]\n"
    return f"{indent}#[cfg({_any(kinds, sorted(chosen))})]\n"


def _any(kinds: Sequence[Core], chosen: Collection[int]) -> str:
    words = [f'feature = "{kinds[index].kind}"' for index in chosen]
    return words[0] if len(words) == 1 else f"any({', '.join(words)})"


def variants(step: Step) -> list[tuple[Kinds, Kernel]]:
    """Each kernel of a step once, with the kinds of cores that run it."""
    found: dict[int, set[int]] = {}
    for index, kernel in enumerate(step.kernels):
        found.setdefault(id(kernel), set()).add(index)
    return [(frozenset(chosen), step.kernels[min(chosen)]) for chosen in found.values()]


def grouped(items: Iterable[tuple[str, str, Kinds]]) -> list[tuple[str, list[str], Kinds]]:
    """Modules with their items and the kinds that use them, in the order of use declarations."""
    used: dict[tuple[str, str], Kinds] = {}
    for module, name, chosen in items:
        used[module, name] = used.get((module, name), frozenset()) | chosen
    modules: dict[tuple[str, Kinds], list[str]] = {}
    for (module, name), chosen in sorted(used.items(), key=lambda item: item[0]):
        modules.setdefault((module, chosen), []).append(name)
    return [(module, names, chosen) for (module, chosen), names in modules.items()]

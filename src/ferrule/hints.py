"""What a user says: which core does a layer, what of one is reserved, what matters most."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypedDict, TypeVar, Unpack

from ferrule.errors import CompileError
from ferrule.ir import Graph, Op
from ferrule.names import printable, unique_identifiers
from ferrule.steps import OPTIMIZE
from ferrule.target import Target

_CORE = re.compile(r"core(\d{1,3})")
_TIMES = re.compile(r"[1-9]\d{0,2}")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)\s*%")
_MORE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*%")
_Said = TypeVar("_Said")


class Wishes(TypedDict, total=False):
    """What a user can say about a plan, in the same words for every command that makes one.

    `schedule` is one of `steps.SCHEDULES`; `pins` are layers that one core does alone, such as
    `conv_1=core0`; `reserves` are parts of a core that other work needs, such as `core1=30%`;
    `optimize` is `speed` or `size`; `growth` is how much larger than in the model weights may be,
    such as `10%`. With `piece`, an inference can be taken in slices, and long steps are in pieces
    of at most so many instructions of the lead.
    """

    schedule: str
    pins: Sequence[str]
    reserves: Sequence[str]
    optimize: str
    growth: str
    piece: int


@dataclass(frozen=True)
class Hints:
    """Layers that one core does alone, as (layer, core), and the fraction reserved of each core.

    In a team without a layer's core another one does the layer alone. `core`, if given, is the core
    of a team of one; it may be any core of the board. `optimize` is one of
    `steps.OPTIMIZE`. Weights may be larger than in the model by the fraction `growth`, or by what
    is usual for a core. `piece`, if not 0, asks for inferences in slices, and for steps in pieces
    of at most so many instructions of the lead.
    """

    pins: tuple[tuple[str, int], ...] = ()
    reserves: tuple[tuple[int, Fraction], ...] = ()
    core: int | None = None
    optimize: str = "speed"
    growth: Fraction | None = None
    piece: int = 0

    @staticmethod
    def of(**wishes: Unpack[Wishes]) -> "Hints":
        """Reads all wishes but the schedule, such as `core1=30%`. Raises `CompileError`."""
        optimize, growth = wishes.get("optimize", "speed"), wishes.get("growth", "")
        piece = wishes.get("piece", 0)
        if optimize not in OPTIMIZE:
            raise CompileError(
                f"nothing optimizes for `{printable(optimize)}`",
                hint=f"one of {', '.join(OPTIMIZE)}",
            )
        if piece < 0:
            raise CompileError(
                f"pieces of {piece} instructions are none", hint="for instance `--slice 100000`"
            )
        return Hints(
            tuple(map(_pin, wishes.get("pins", ()))),
            tuple(_once("--reserve", map(_reserve, wishes.get("reserves", ()))).items()),
            optimize=optimize,
            growth=_growth(growth) if growth else None,
            piece=piece,
        )

    def reserved(self, core: int) -> Fraction:
        """The fraction of a core that other work needs."""
        return dict(self.reserves).get(core, Fraction(0))

    def pinned(self, graph: Graph, target: Target) -> dict[str, int]:
        """The core of each operator that one core does alone, by the operator's name.

        A layer goes by its name in the model or in the plan. Raises `CompileError` for a layer that
        is not there, or a core that the board does not have.
        """
        cores = range(target.core_count)
        for core in (*(core for _, core in self.pins), *(core for core, _ in self.reserves)):
            if core not in cores:
                raise CompileError(
                    f"there is no `core{core}` on {target.name}",
                    hint=f"one of {', '.join(f'`core{index}`' for index in cores)}",
                )
        ops = [op for op in graph.ops if not op.is_view]
        names = layer_names(ops)
        known = {op.name: op.name for op in ops} | {names[op.name]: op.name for op in ops}
        pinned: dict[str, int] = {}
        for layer, core in self.pins:
            if layer not in known:
                raise _unknown(layer, known, names)
            if pinned.setdefault(known[layer], core) != core:
                raise CompileError(
                    f"`{printable(layer)}` is pinned to two cores, "
                    f"`core{pinned[known[layer]]}` and `core{core}`",
                    hint="pin a layer once",
                )
        return pinned


def understood(wishes: Wishes) -> tuple[str, Hints]:
    """The schedule, and everything else that was said. Raises `CompileError`."""
    return wishes.get("schedule", "static"), Hints.of(**wishes)


def slowed(words: Sequence[str]) -> dict[int, int]:
    """Reads `core1=2`: how many times as long a core takes. Raises `CompileError`."""
    return _once("--slow", map(_slow, words))


def layer_names(ops: Iterable[Op]) -> dict[str, str]:
    """The operators' names as the plan prints them, by their names in the model."""
    return unique_identifiers((op.name, "operator") for op in ops)


def _once(option: str, said: Iterable[tuple[int, _Said]]) -> dict[int, _Said]:
    """What an option says of cores, each of them once; the same may be said twice."""
    known: dict[int, _Said] = {}
    for core, value in said:
        if known.setdefault(core, value) != value:
            raise CompileError(
                f"`{option}` says two things of `core{core}`", hint="name each core once"
            )
    return known


def _slow(text: str) -> tuple[int, int]:
    core, _, factor = text.partition("=")
    found, number = _CORE.fullmatch(core), _TIMES.fullmatch(factor)
    if not found or not number:
        raise CompileError(
            f"`--slow {printable(text)}` does not name a core and a whole number",
            hint="for instance `--slow core1=2`: core 1 takes twice as long",
        )
    return int(found[1]), int(factor)


def _pin(text: str) -> tuple[str, int]:
    layer, _, core = text.rpartition("=")
    found = _CORE.fullmatch(core)
    if not layer or not found:
        raise CompileError(
            f"`--pin {printable(text)}` does not name a layer and a core",
            hint="for instance `--pin conv_1=core0`; `ferrule plan` lists the layers",
        )
    return layer, int(found[1])


def _reserve(text: str) -> tuple[int, Fraction]:
    core, _, percent = text.partition("=")
    found, share = _CORE.fullmatch(core), _PERCENT.fullmatch(percent)
    if not found or not share:
        raise CompileError(
            f"`--reserve {printable(text)}` does not name a core and less than 100 % of it",
            hint="for instance `--reserve core1=30%`; `--cores` leaves a core out",
        )
    return int(found[1]), Fraction(share[1]) / 100


def _growth(text: str) -> Fraction:
    found = _MORE.fullmatch(text)
    if not found:
        raise CompileError(
            f"`--growth {printable(text)}` is no percentage from 0% to 999%",
            hint="for instance `--growth 10%`: weights take at most a tenth more than in the model",
        )
    return Fraction(found[1]) / 100


def _unknown(layer: str, known: dict[str, str], names: dict[str, str]) -> CompileError:
    close = difflib.get_close_matches(layer, known, n=3) or difflib.get_close_matches(
        layer.lower(), names.values(), n=3, cutoff=0.3
    )
    listed = ", ".join(f"`{printable(name)}`" for name in dict.fromkeys(close))
    return CompileError(
        f"there is no layer `{printable(layer)}` to pin",
        hint=f"close names are {listed}" if listed else "`ferrule plan` lists the layers",
    )

"""Draws what each core did in each step of an inference: one page, readable with no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ferrule.benchmark import Bench, Layer
from ferrule.errors import CompileError

#: Width of a drawing and height of a core's bar, in pixels of the page.
_WIDTH, _BAR = 1_100, 34

# Okabe and Ito's palette, which colour-blind readers can tell apart. Names stand beside colours.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")


@dataclass(frozen=True)
class Bar:
    """One core's work in one step, in pixels from the left, and what a reader sees of it."""

    left: float
    worked: float
    waited: float
    top: int
    colour: str
    text: str
    steals: bool


@dataclass(frozen=True)
class Drawing:
    """The bars of one team size."""

    title: str
    cores: int
    height: int
    bars: tuple[Bar, ...]
    layers: tuple[Layer, ...]


def write(path: Path, rows: Sequence[Bench]) -> None:
    """Writes the page for the results of a benchmark. Raises `CompileError`."""
    kernels = sorted({layer.kernel for row in rows for layer in row.layers})
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(kernels)}
    environment = Environment(
        loader=PackageLoader("ferrule"), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    page = environment.get_template("timeline.html.jinja").render(
        model=rows[0].model,
        board=rows[0].board,
        colours=colours,
        width=_WIDTH,
        bar=_BAR,
        steals=any(map(sum, (layer.stolen_per_core for row in rows for layer in row.layers))),
        drawings=[_draw(row, colours) for row in rows],
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CompileError(f"cannot write `{path}`: {error.strerror}") from error


def _draw(row: Bench, colours: dict[str, str]) -> Drawing:
    """Draws what each core worked, and how long it waited then."""
    slowness = row.slowness or (1,) * row.cores
    begins = _begins(row.layers, slowness)
    scale = _WIDTH / begins[-1][0]
    bars = []
    for number, layer in enumerate(row.layers):
        for core, executed in enumerate(layer.instructions_per_core):
            left = begins[number][core]
            worked = executed * slowness[core]
            waited = begins[number + 1][core] - left - worked
            text = (
                f"step {number}, {layer.name}, {layer.kernel}; core {core}: "
                f"{executed:,} instructions worked, about {waited:,} waited"
            )
            text += f"; {slowness[core]} times as slow" if slowness[core] > 1 else ""
            thefts = layer.stolen_per_core[core] if layer.stolen_per_core else 0
            often = "once" if thefts == 1 else f"{thefts} times"
            text += f"; took units from others {often}" if thefts else ""
            across = (left * scale, worked * scale, waited * scale)
            top, colour = core * (_BAR + 6), colours[layer.kernel]
            bars.append(Bar(*across, top, colour, text, thefts > 0))
    longest = f"{row.instructions:,} instructions on the longest path"
    team = "one core" if row.cores == 1 else f"a team of {row.cores}"
    height = row.cores * (_BAR + 6)
    return Drawing(f"{team}: {longest}", row.cores, height, tuple(bars), row.layers)


def _begins(layers: Sequence[Layer], slowness: Sequence[int]) -> list[list[int]]:
    """When each core begins each step, and when all are done."""
    reached = [0] * len(slowness)
    begins = []
    for layer in layers:
        if not layer.joined:
            reached = [max(reached)] * len(slowness)
        begins.append(reached)
        worked = map(mul, layer.instructions_per_core, slowness)
        reached = [before + more for before, more in zip(reached, worked, strict=True)]
    return [*begins, [max(reached)] * len(slowness)]

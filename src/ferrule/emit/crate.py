"""From a plan to the files of a crate. Same input, same bytes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import ferrule
from ferrule.emit import calls, golden, kinds, layout, report
from ferrule.emit.rust_names import RUST_TYPES, Names, ShareTables, share_tables
from ferrule.emit.sources import crate_files, kernel_files, owned
from ferrule.emit.weights import step_bytes, weights
from ferrule.ir import Op, Tensor
from ferrule.names import identifier, printable, unused_identifier
from ferrule.steps import Plan, Slot, Step
from ferrule.target import Core

Files = dict[str, str | bytes]

# Names that the generated file uses itself.
_RESERVED = (
    *("lead", "helper", "member", "begin", "done", "team", "run", "infer", "assist", "step"),
    *("inputs", "outputs", "result", "int8", "replay", "cores"),
)
_RESERVED_CRATES = (
    "firmware",
    "core",
    "std",
    "alloc",
    "test",
    "runtime",
    "kernels",
    "port_host",
    "proc_macro",
)
# Attributes that change nothing are not worth a word.
_NEUTRAL = ("1", "1x1", "none", "0+0 by 0+0", "1.0")
# The longest run of `CutBuilder::claims`; kernels that compute more at a time are claimed in parts.
_LONGEST_RUN = 4095


@dataclass(frozen=True)
class Border:
    """An input or output of the model, as the generated code names it."""

    name: str
    slot: str
    type: str
    elements: int
    offset: int
    bytes: int
    text: str


@dataclass(frozen=True)
class StepText:
    """One step, as the generated code shows it."""

    comment: str
    definition: str


def emit(plan: Plan, source: str, model: bytes) -> Files:
    """The files of the crate, by path, in a fixed order."""
    names = Names.of(plan)
    used = set(_RESERVED)
    inputs = _borders(plan, names, plan.graph.inputs, "input", used)
    outputs = _borders(plan, names, plan.graph.outputs, "output", used)
    schedule, kind = _schedule(plan), "Whole" if plan.is_whole else "Step"
    tables, called = calls.of(plan, names)
    constants = weights({names.ops[step.op.name]: step for step in plan.steps}, plan.kinds)
    decisions = report.plan_json(plan)
    taken = [f"{i.name}: &[{i.type}; {i.elements:_}]" for i in inputs]
    given = [f"{o.name}: &mut [{o.type}; {o.elements:_}]" for o in outputs]
    lead, result = "lead: &mut Lead<'_, P>", " -> Result<(), Stopped> {"
    arguments = [f"&{i.name}" for i in inputs] + [f"&mut {o.name}" for o in outputs]
    context: dict[str, object] = {
        "version": ferrule.__version__,
        "crate": crate_name(source),
        "source": printable(Path(source).name),
        "digest": hashlib.sha256(model).hexdigest(),
        "board": plan.target.name,
        "port": plan.target.port,
        "kinds": plan.kinds,
        "features": kinds.features(plan.kinds),
        "cores": plan.cores,
        "schedule": schedule,
        "lock": plan.target.lock if schedule == "Steal" else "",
        "level": '"s"' if plan.optimize == "size" else "3",
        "runtime": ", ".join(("step", *sorted(("Slot", kind, schedule.partition("<")[0])))),
        "arena": plan.arena_bytes,
        "build": _build(constants, decisions),
        "weights": [sum(sizes) for sizes in zip(*map(step_bytes, plan.steps), strict=True)],
        "operators": len(plan.steps),
        "kernels": _imports(plan.kinds, plan.steps),
        "slots": [
            *(_slot(plan, names.tensors[slot.tensor.name], slot) for slot in plan.slots),
            *(_slot(plan, f"SCRATCH_{number}", slot) for number, slot in plan.scratch.items()),
        ],
        "shares": [] if plan.is_whole else _shares(share_tables(plan.steps)),
        "steps": [_step(plan, names, number, step) for number, step in enumerate(plan.steps)],
        "tables": tables,
        "calls": called,
        "inputs": inputs,
        "outputs": outputs,
        "input_bytes": sum(border.bytes for border in inputs),
        "output_bytes": sum(border.bytes for border in outputs),
        "infer": layout.signature("pub fn infer<P: Port>", [lead, *taken, *given], result),
        "start": layout.signature(
            "pub fn start<'l, P: Port>",
            ["lead: &'l mut Lead<'_, P>", *taken],
            " -> Result<Inference<'l, P>, Stopped> {",
        ),
        "started": layout.call("    start", ["lead", *(i.name for i in inputs)], "?"),
        "finish": layout.signature("    pub fn finish", ["mut self", *given], result),
        "finished": layout.call(".finish", [o.name for o in outputs], ""),
        "sliced": bool(plan.piece),
        "usage": layout.call("infer", ["&mut lead", *arguments], "?;"),
        "replay": layout.call("    let result = infer", ["lead", *arguments], ";"),
    }
    files: Files = {
        name: _render(template, context)
        for name, template in (
            ("Cargo.toml", "Cargo.toml"),
            ("README.md", "README.md"),
            ("src/lib.rs", "lib.rs"),
            ("tests/golden.rs", "golden.rs"),
        )
    }
    files["src/weights.rs"] = constants
    files["plan.txt"] = report.plan_text(plan)
    files["plan.json"] = decisions
    files |= golden.vectors(plan.graph)
    sources = crate_files("runtime")
    sources |= kernel_files({kernel.module for step in plan.steps for kernel in step.kernels})
    for port in sorted({"host", plan.target.port} - {""}):
        sources |= crate_files(f"ports/{port}")
    files |= owned(sources, crate_name(source))
    return dict(sorted(files.items()))


def _schedule(plan: Plan) -> str:
    """The runtime's type for how units find their cores; empty where it is the default."""
    if plan.cores == 1:
        return "AloneSliced" if plan.piece else "Alone"
    if plan.piece:
        return "Sliced"
    if plan.steals:
        return "Steal"
    behind = max(len(group.numbers) for group in plan.groups) - 1
    return f"Joined<{behind}>" if behind else ""


def _build(*texts: str) -> int:
    """A number of 24 bits that stands for a version of Ferrule, a model and a plan."""
    total = hashlib.sha256(ferrule.__version__.encode())
    for text in texts:
        total.update(b"\0" + text.encode())
    return int.from_bytes(total.digest()[:4], "big") >> 8


def crate_name(source: str) -> str:
    """The crate's name: the model's file name as an identifier."""
    name = identifier(Path(source).stem, "model")
    return f"{name}_model" if name in _RESERVED_CRATES else name


def _render(template: str, context: dict[str, object]) -> str:
    environment = Environment(
        loader=PackageLoader("ferrule.emit"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML
    )
    environment.filters["toml"] = lambda text: json.dumps(text)  # ASCII, so TOML too
    environment.filters["grouped"] = lambda number: f"{number:,}".replace(",", " ")
    environment.filters["literal"] = lambda number: f"{number:_}"
    return environment.get_template(template + ".jinja").render(context)


def _slot(plan: Plan, name: str, slot: Slot) -> str:
    tensor = slot.tensor
    until = "" if slot.last >= len(plan.steps) else slot.last
    life = f"{max(slot.first, 0)}..={until}" if until != "" else f"{max(slot.first, 0)}.."
    kind = f"Slot<{RUST_TYPES[tensor.dtype]}, {tensor.elements:_}>"
    return f"const {name}: {kind} = Slot::at({slot.offset:_}); // {life}"


def _imports(of: Sequence[Core], steps: Sequence[Step]) -> str:
    """Use declarations of the kernels."""
    used = kinds.grouped(
        (kernel.module, kernel.function, chosen)
        for step in steps
        for chosen, kernel in kinds.variants(step)
    )
    return "\n".join(
        kinds.attribute(of, chosen) + layout.imports([(f"kernels::{module}", functions)])
        for module, functions, chosen in used
    )


def _shares(tables: ShareTables) -> list[str]:
    """A constant for each table of shares."""
    return [
        layout.array(f"const {name}: &[&[u16]]", [f"&[{', '.join(map(str, row))}]" for row in rows])
        for (_, rows), name in tables.items()
    ]


def _step(plan: Plan, names: Names, number: int, step: Step) -> StepText:
    op = step.op
    read = [plan.slot(tensor).tensor for tensor in op.activations]
    pixels, channels = op.matrix()
    head = f"static STEP_{number}: {calls.step_type(plan, step)}"
    reads = zip((".reads", ".also_reads"), read, strict=False)
    facts = [f"{call}({names.tensors[tensor.name]})" for call, tensor in reads]
    facts += [
        f".writes({names.tensors[op.output.name]})",
        *([f".scratch(SCRATCH_{number}, CORES)"] if number in plan.scratch else []),
    ]
    if plan.is_whole:
        facts.append(f".whole({pixels}, {channels})")
    else:
        facts += _cut(names, number, step)
    shapes = " + ".join(str(list(tensor.shape)) for tensor in op.activations)
    what = f"{number} {printable(op.name)}: {summary(op)}. {shapes} -> {list(op.output.shape)}."
    why = f"{step.reason[0].upper()}{step.reason[1:]}."
    comment = f"// {what}\n" + layout.comment(why)
    return StepText(comment, layout.chain(head, f"step({number})", facts))


def _cut(names: Names, number: int, step: Step) -> list[str]:
    """How the cores of a team share a step."""
    pixels, channels = step.op.matrix()
    return [
        f".by_{step.cut}({pixels}, {channels}, {step.unit})",
        *([_claims(step)] if step.claim > 1 else []),
        *([f".grain({step.piece})"] if step.piece else []),
        *([f".lends({', '.join(f'{n:_}' for n in (*step.lends, 0)[:2])})"] if step.lends else []),
        ".alone()" if step.is_private else f".shares({names.shares[step.units, step.shares]})",
        *([f".joins(&STEP_{number + 1})"] if step.ahead else []),
    ]


def _claims(step: Step) -> str:
    """The least claim of cores that steal, in runs of what kernels compute at a time."""
    run = min(step.grain, _LONGEST_RUN)
    runs = 1 << (step.claim // run).bit_length() - 1
    return f".claims({run}, {runs})"


def summary(op: Op) -> str:
    """The operator and its attributes, but neutral ones: `Conv2d, stride 2x2, activation relu`."""
    shared = {field.name for field in fields(Op)}
    words = [type(op).__name__]
    for field in fields(op):
        value = _attribute(getattr(op, field.name))
        if field.name not in shared and value not in _NEUTRAL:
            words.append(f"{field.name.replace('_', ' ')} {value}")
    return ", ".join(words)


def _attribute(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else printable(str(value))


def _borders(
    plan: Plan, names: Names, tensors: tuple[Tensor, ...], fallback: str, used: set[str]
) -> list[Border]:
    """Inputs or outputs, in order; one that is listed twice is two parameters."""
    borders: list[Border] = []
    offset = 0
    for tensor in tensors:
        name = unused_identifier(tensor.name, fallback, used)
        used.add(name)
        borders.append(
            Border(
                name,
                names.tensors[plan.slot(tensor).tensor.name],
                RUST_TYPES[tensor.dtype],
                tensor.elements,
                offset,
                tensor.bytes,
                _meaning(tensor),
            )
        )
        offset += tensor.bytes
    return borders


def _meaning(tensor: Tensor) -> str:
    text = f"{tensor.dtype}{list(tensor.shape)}"
    if tensor.quant is None:
        return text
    return f"{text}, real = {tensor.scale:.9g} * (stored - {tensor.zero_point})".replace(
        "- -", "+ "
    )

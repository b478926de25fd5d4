"""The plan as text and as JSON: every decision, with the model's own names beside ours."""

import json
from dataclasses import asdict
from typing import Any

from ferrule.emit.rust_names import Names
from ferrule.emit.weights import step_bytes
from ferrule.kernels import given_bytes, taken_bytes
from ferrule.names import printable
from ferrule.passes.slices import piece_cost
from ferrule.steps import Plan, Slot


def _exchange(plan: Plan) -> str:
    """What makes a theft one action for all cores."""
    return f"the lock {plan.target.lock}" if plan.target.lock else "compare-and-swap"


def plan_text(plan: Plan) -> str:
    """`plan.txt`."""
    data = describe(plan)
    gap = plan.arena_bytes - plan.peak
    lines = [
        f"{plan.graph.name} on {plan.target.name}, teams of 1 to {plan.cores}"
        + (f", idle cores steal by {_exchange(plan)}" if plan.steals else "")
        + (", for size" if plan.optimize == "size" else ""),
        f"arena   {plan.arena_bytes:>9,} B, "
        + ("as small as one whole-layer pass allows" if not gap else f"{gap:,} B above the peak"),
        f"weights {data['weights_bytes']:>9,} B" + _by_image(plan),
        *_growth(data),
        f"MACs    {data['macs']:>9,}",
        *_predicted(plan),
        "",
        "steps",
    ]
    for step in data["steps"]:
        lines.append(
            f"  {step['step']:>3}  {step['name']}  {step['kernel']}  {step['macs']:,} MACs  "
            f"{step['pixels']} pixels x {step['channels']} channels  "
            f"{_instructions(step, plan.cores)}{step['reason']}"
        )
        if step["name"] != step["model_name"]:
            lines.append(f"       in the model: {step['model_name']}")
    if data["given_up"]:
        lines += ["", "groups given up, as the arena would be larger: bytes, instructions saved"]
    for group in data["given_up"]:
        named = ", ".join(group["names"])
        saved = "" if group["saved"] is None else f"{group['saved']:,}"
        lines.append(f"  {group['bytes']:>8,}  {saved:>8}  {named}")
    lines += ["", "slots: offset, bytes, steps"]
    for slot in data["slots"]:
        lines.append(
            f"  {slot['offset']:>8}  {slot['bytes']:>8}  {slot['first']:>3} to {slot['last']:>3}  "
            f"{slot['name']}  "
            + (f"in the model: {slot['model_name']}" if slot["model_name"] else "temporary")
        )
    if data["slice"]:
        lines[1:1] = [
            f"slices    a piece of a step is at most {data['slice']:,} instructions of the lead; "
            f"the longest, of {data['longest_piece_of']}, about {data['longest_piece']:,}",
            *_wait(data),
        ]
    return "\n".join(lines) + "\n"


def plan_json(plan: Plan) -> str:
    """`plan.json`."""
    return json.dumps(describe(plan), indent=1) + "\n"


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    names = Names.of(plan)
    teams = range(1, plan.cores + 1)
    steps = []
    for number, step in enumerate(plan.steps):
        pixels, channels = step.op.matrix()
        steps.append(
            {
                "step": number,
                "name": names.ops[step.op.name].lower(),
                "model_name": printable(step.op.name),
                "kernel": " + ".join(step.functions),
                "macs": step.op.work().macs,
                "pixels": pixels,
                "channels": channels,
                "cut": step.cut,
                "unit": step.unit,
                "units": step.units,
                "shares": step.shares,
                "piece": step.piece,
                "wait": step.wait,
                "predicted": step.predicted if plan.target.is_measured else [],
                "weighed": list(map(asdict, step.weighed)) if plan.target.is_measured else [],
                "reason": step.reason,
                "constant_bytes": sum(step_bytes(step)),
            }
        )
    lead = plan.target.cores[0]
    pieces = [piece_cost(step, lead) for step in plan.steps]
    longest = max(pieces)
    longest_wait = max(plan.steps, key=lambda step: step.wait)
    return {
        "model": printable(plan.graph.name),
        "board": plan.target.name,
        "cores": plan.cores,
        "schedule": plan.schedule,
        "optimize": plan.optimize,
        "slice": plan.piece,
        "longest_piece": round(longest),
        "longest_piece_of": steps[pieces.index(longest)]["name"],
        "longest_wait": longest_wait.wait,
        "longest_wait_of": steps[plan.steps.index(longest_wait)]["name"]
        if longest_wait.wait
        else "",
        "arena_bytes": plan.arena_bytes,
        "peak_bytes": plan.peak,
        "weights_bytes": sum(step["constant_bytes"] for step in steps),
        "growth": _sizes(plan),
        "macs": sum(step["macs"] for step in steps),
        "predicted": [plan.predicted(team) for team in teams] if plan.target.is_measured else [],
        "steps": steps,
        "given_up": [
            {
                "names": [names.ops[op].lower() for op in group.ops],
                "saved": group.saved if plan.target.is_measured else None,
                "bytes": group.bytes,
            }
            for group in plan.given_up
        ],
        "slots": [
            *(_slot(names.tensors[s.tensor.name].lower(), s, plan) for s in plan.slots),
            *(
                {**_slot(f"scratch_{number}", slot, plan), "model_name": ""}
                for number, slot in plan.scratch.items()
            ),
        ],
    }


def _wait(data: dict[str, Any]) -> list[str]:
    """A line with the longest wait for a helper, which a slice of steps can take on top."""
    if not data["longest_wait"]:
        return []
    return [
        f"waits     a slice of steps can wait for a helper that is not done; the longest wait, in "
        f"{data['longest_wait_of']}, about {data['longest_wait']:,} instructions of the lead"
    ]


def _predicted(plan: Plan) -> list[str]:
    """A line with the instructions of an inference, where the costs of kernels were counted."""
    if not plan.target.is_measured:
        return []
    line = f"predicted {plan.predicted(1):>7,} instructions on one core"
    if plan.cores > 1:
        line += f", {plan.predicted(plan.cores):,} on {plan.cores}"
        if not plan.target.has_measured_barriers:
            line += "; what barriers cost is a guess, as this board has no port"
    return [line]


def _instructions(step: dict[str, Any], cores: int) -> str:
    """Those of one core and of the largest team, and of what was weighed and not chosen."""
    predicted = step["predicted"]
    if not predicted:
        return ""
    ends = sorted({0, len(predicted) - 1})
    chosen = "" if step["units"] == 1 else step["cut"]
    others = [_way(way, cores) for way in step["weighed"] if way["cut"] != chosen]
    numbers = " / ".join(f"{predicted[end]:,}" for end in ends)
    return numbers + (f" ({', '.join(others)})" if others else "") + "  "


def _way(way: dict[str, Any], cores: int) -> str:
    """A way in words, with its instructions."""
    some = f" on {way['cores']} cores" if 1 < way["cores"] < cores else ""
    return (f"by {way['cut']}{some}" if way["cut"] else "alone") + f" {way['predicted']:,}"


def _by_image(plan: Plan) -> str:
    """What the image of each kind of core has of the weights, if there are several."""
    if len(plan.kinds) == 1:
        return ""
    of_steps = map(step_bytes, plan.steps)
    sizes = zip(plan.kinds, map(sum, zip(*of_steps, strict=True)), strict=True)
    return ": " + ", ".join(f"{size:,} for {core.kind}" for core, size in sizes)


def _sizes(plan: Plan) -> list[dict[str, Any]]:
    """Bytes of weights and bias in the model and in each kind of core's image, and of all there."""
    given = sum(given_bytes(step.op) for step in plan.steps)
    images = zip(plan.kinds, zip(*(step.kernels for step in plan.steps), strict=True), strict=True)
    return [
        {
            "core": core.kind,
            "model_bytes": given,
            "weights_and_bias_bytes": sum(map(taken_bytes, kernels)),
            "constants_bytes": sum(kernel.params().bytes for kernel in kernels),
        }
        for core, kernels in images
    ]


def _growth(data: dict[str, Any]) -> list[str]:
    """A line for each kind of core with how much larger than in the model its weights are."""
    return [
        f"growth  {_percent(sizes, 'weights_and_bias_bytes'):>9} over the model's "
        f"{sizes['model_bytes']:,} B of weights and bias, which --growth limits; all constants "
        f"{_percent(sizes, 'constants_bytes')}"
        + (f", for {sizes['core']}" if len(data["growth"]) > 1 else "")
        for sizes in data["growth"]
        if sizes["model_bytes"]
    ]


def _percent(sizes: dict[str, Any], name: str) -> str:
    return f"{sizes[name] / sizes['model_bytes'] - 1:+.1%}"


def _slot(name: str, slot: Slot, plan: Plan) -> dict[str, Any]:
    return {
        "name": name,
        "model_name": printable(slot.tensor.name),
        "memory": slot.memory,
        "offset": slot.offset,
        "bytes": slot.bytes,
        "first": max(slot.first, 0),
        "last": min(slot.last, len(plan.steps) - 1),
    }

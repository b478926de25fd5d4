"""Over which steps each tensor is needed, and what that takes of an arena."""

from collections import ChainMap, Counter
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from itertools import accumulate

from ferrule.ir import Graph, Op, Tensor
from ferrule.steps import Slot, Step

# Slots start at multiples of this, which suits every element type and 32-bit loads.
_ALIGNMENT = 4


def lifetimes(
    graph: Graph, steps: Sequence[Step], memory: str, cores: int
) -> tuple[list[Slot], dict[int, Slot]]:
    """A slot at offset 0 for each tensor that is computed, and for each step's temporary memory.

    While a group runs, cores can be in different steps of it: what one of its steps needs is alive
    in all of them.
    """
    spans = [(at - step.behind, at + step.ahead) for at, step in enumerate(steps)]
    number = {id(step.op): index for index, step in enumerate(steps)}
    slots: dict[str, Slot] = {}
    views: dict[str, str] = {}

    def touch(tensor: Tensor, last: int) -> None:
        name = views.get(tensor.name, tensor.name)
        slots[name] = replace(slots[name], last=max(last, slots[name].last))

    for tensor in graph.inputs:
        slots[tensor.name] = Slot(tensor, memory, 0, tensor.bytes, -1, -1)
    for op in graph.ops:
        if op.is_view:
            source = op.inputs[0].name
            views[op.output.name] = views.get(source, source)
            continue
        first, last = spans[number[id(op)]]
        for tensor in op.activations:
            touch(tensor, last)
        slots[op.output.name] = Slot(op.output, memory, 0, op.output.bytes, first, last)
    for tensor in graph.outputs:
        touch(tensor, len(steps))
    return list(slots.values()), _scratch(steps, spans, memory, cores)


def _scratch(
    steps: Sequence[Step], spans: Sequence[tuple[int, int]], memory: str, cores: int
) -> dict[int, Slot]:
    """A slot for each step whose kernel needs temporary memory on every core."""
    slots = {}
    for number, (step, span) in enumerate(zip(steps, spans, strict=True)):
        if words := step.scratch_words:
            # No name of a model begins with a space.
            tensor = Tensor(f" scratch {number}", (cores, words), "uint32")
            slots[number] = Slot(tensor, memory, 0, tensor.bytes, *span)
    return slots


def peak_of(slots: Sequence[Slot], steps: int) -> int:
    """The largest sum of slots alive at one step: no arena can be smaller."""
    changes = [0] * (steps + 3)
    for slot in slots:
        changes[slot.first + 1] += aligned(slot.bytes)
        changes[slot.last + 2] -= aligned(slot.bytes)
    return max(accumulate(changes))


def aligned(size: int) -> int:
    """The next multiple of what slots start at."""
    return -(-size // _ALIGNMENT) * _ALIGNMENT


class Alive:
    """What of an arena is alive as groups of steps run, by the rules of `lifetimes`.

    It takes as long as what is asked for, however many steps there are in all.
    """

    def __init__(self, graph: Graph, cores: int) -> None:
        self._cores = cores
        self._sources: dict[str, str] = {}
        self._uses: Counter[str] = Counter()
        for op in graph.ops:
            if op.is_view:
                self._sources[op.output.name] = self._source(op.inputs[0])
            else:
                self._uses.update(self._touched(op))
        # Nobody is ever done with what the model returns.
        self._uses.update(map(self._source, graph.outputs))
        self._done: Counter[str] = Counter()
        read = (tensor for tensor in graph.inputs if self._uses[tensor.name])
        self._bytes = {tensor.name: aligned(tensor.bytes) for tensor in read}
        self._bytes |= {op.output.name: aligned(op.output.bytes) for op in graph.ops}
        self._now = sum(self._bytes.get(tensor.name, 0) for tensor in graph.inputs)

    def reads(self, op: Op) -> list[str]:
        """Names of the tensors that an operator reads, as something computed them."""
        return [self._source(tensor) for tensor in op.activations]

    def run(self, group: Sequence[Step]) -> None:
        """Goes on behind a group."""
        self._now, _ = self._behind([group], self._done)

    def peak(self, groups: Iterable[Sequence[Step]]) -> int:
        """The most bytes that are alive at one time while these groups run next."""
        _, peak = self._behind(groups, ChainMap({}, self._done))
        return peak

    def _behind(
        self, groups: Iterable[Sequence[Step]], done: MutableMapping[str, int]
    ) -> tuple[int, int]:
        """Bytes alive behind groups, and the most until then; counts who is `done` with tensors."""
        now = peak = self._now
        for group in groups:
            now += sum(self._bytes[step.op.output.name] for step in group)
            words = self._cores * sum(step.scratch_words for step in group)
            peak = max(peak, now + 4 * words)
            for step in group:
                for name in self._touched(step.op):
                    done[name] = done.get(name, 0) + 1
                    if done[name] == self._uses[name]:
                        now -= self._bytes[name]
        return now, peak

    def _touched(self, op: Op) -> set[str]:
        return {*self.reads(op), op.output.name}

    def _source(self, tensor: Tensor) -> str:
        return self._sources.get(tensor.name, tensor.name)

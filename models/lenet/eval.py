# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = [
#     "numpy==2.4.6",
#     "scikit-learn==1.9.1",
#     "scipy==1.17.1",
#     "tflite==2.18.0",
#     "tflite-micro==0.dev20261023182759",
# ]
# ///
"""Reports on the committed `lenet_int8.tflite`: operators, MACs, int8 accuracy in TFLM."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import tflite
from data import LABELS, Split, test_split
from numpy.typing import NDArray
from tflite_micro import runtime

MODEL = Path(__file__).with_name("lenet_int8.tflite")
EXAMPLES = Path(__file__).with_name("examples")


def report(test: Split) -> None:
    """Prints what the README states about the model and checks every example."""
    model = MODEL.read_bytes()
    print(f"{MODEL.name}: {len(model)} bytes, SHA-256 {hashlib.sha256(model).hexdigest()}")
    operators, macs = describe(model)
    print(f"operators: {', '.join(f'{name} x{count}' for name, count in operators.items())}")
    print(f"work: {macs} MACs")

    inferred = scores(model, quantize(model, test.images)).argmax(axis=1)
    right = inferred == test.labels
    print(f"int8 accuracy: {np.mean(right):.2%} of {len(right)} test images")
    for label, name in enumerate(LABELS):
        answers = Counter(LABELS[i] for i in inferred[test.labels == label])
        recall = answers.pop(name, 0) / np.sum(test.labels == label)
        confused = ", ".join(f"{other} {count}" for other, count in answers.most_common(4))
        print(f"  {name} {recall:6.1%}  taken for: {confused or 'none'}")

    for label, name in enumerate(LABELS):
        found = scores(model, np.load(EXAMPLES / f"{name}.npy"))[0].argmax()
        if found != label:
            raise RuntimeError(f"examples/{name}.npy is labelled `{LABELS[found]}`")
    print(f"examples: {len(LABELS)} of {len(LABELS)} labelled as their names say")


def quantize(model: bytes, images: NDArray[np.float32]) -> NDArray[np.int8]:
    """Quantizes images with the scale and zero point of the model's input, ties to even."""
    graph = tflite.Model.GetRootAs(model, 0).Subgraphs(0)
    quantization = graph.Tensors(graph.Inputs(0)).Quantization()
    scale, zero_point = quantization.Scale(0), quantization.ZeroPoint(0)
    stored: NDArray[np.float32] = np.round(images / np.float32(scale)) + zero_point
    return stored.clip(-128, 127).astype(np.int8)


def scores(model: bytes, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
    """Runs int8 inputs `[N, 28, 28, 1]` through TFLM one by one; returns `[N, 10]`."""
    interpreter = runtime.Interpreter.from_bytes(model)
    outputs = []
    for one in inputs:
        interpreter.set_input(one[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0])
    return np.array(outputs)


def describe(model: bytes) -> tuple[Counter[str], int]:
    """Counts operators by name, and the MACs of one inference."""
    root = tflite.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    operators: Counter[str] = Counter()
    macs = 0
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        name = tflite.opcode2name(root.OperatorCodes(operator.OpcodeIndex()).BuiltinCode())
        operators[name] += 1
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = graph.Tensors(operator.Inputs(1)).ShapeAsNumpy()
            output = graph.Tensors(operator.Outputs(0)).ShapeAsNumpy()
            pixels = int(np.prod(output[:-1]))
            macs += pixels * int(np.prod(weights))  # each weight is used once a pixel
    return operators, macs


if __name__ == "__main__":
    report(test_split())

# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "numpy==2.4.6",
#     "scikit-learn==1.9.1",
#     "scipy==1.17.1",
#     "tensorflow-cpu==2.21.0; sys_platform == 'linux' and platform_machine == 'x86_64'",
#     "tensorflow==2.21.0; sys_platform != 'linux' or platform_machine != 'x86_64'",
#     "tflite==2.18.0",
#     "tflite-micro==0.dev20261023182759",
# ]
# ///
"""Trains LeNet-5 on digits, writes `lenet_int8.tflite`, `labels.txt` and `examples/`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf  # type: ignore[import-untyped]
from data import LABELS, SEED, SIDE, Split, test_split, train_split
from eval import EXAMPLES, MODEL, quantize, report, scores
from numpy.typing import NDArray

EPOCHS, BATCH, LEARNING_RATE = 15, 128, 2e-3
CALIBRATION_IMAGES = 1000


def main() -> None:
    """Trains, converts, and reports both accuracies on the test split."""
    train, test = train_split(), test_split()
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    network = lenet(None)
    fit(network, train)
    MODEL.write_bytes(convert(network, train.images))
    MODEL.with_name("labels.txt").write_text("\n".join(LABELS) + "\n")
    write_examples(test)
    right = network.predict(test.images, verbose=0).argmax(axis=1) == test.labels
    print(f"float accuracy: {np.mean(right):.2%} of {len(right)} test images")
    report(test)


def lenet(batch: int | None) -> Any:
    """Builds LeNet-5 with ReLU: `[batch, 28, 28, 1]` to `[batch, 10]` probabilities."""
    layers = tf.keras.layers
    image = layers.Input(batch_shape=(batch, SIDE, SIDE, 1), name="image")
    x = layers.Conv2D(6, 5, activation="relu", name="conv_1")(image)  # [24, 24, 6]
    x = layers.AveragePooling2D(2, name="pool_1")(x)  # [12, 12, 6]
    x = layers.Conv2D(16, 5, activation="relu", name="conv_2")(x)  # [8, 8, 16]
    x = layers.AveragePooling2D(2, name="pool_2")(x)  # [4, 4, 16]
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="relu", name="dense_1")(x)
    x = layers.Dense(84, activation="relu", name="dense_2")(layers.Dropout(0.3)(x))
    x = layers.Dense(len(LABELS), name="logits")(layers.Dropout(0.3)(x))
    return tf.keras.Model(image, layers.Softmax(name="scores")(x), name="lenet")


def fit(network: Any, train: Split) -> None:
    """Trains in place; the learning rate falls to zero along a cosine."""
    steps = EPOCHS * (len(train.labels) // BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-3)
    network.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(train.images, train.labels, batch_size=BATCH, epochs=EPOCHS, verbose=2)


def convert(network: Any, images: NDArray[np.float32]) -> bytes:
    """Quantizes to int8, inputs and outputs included, with a fixed batch of one."""
    single = lenet(1)
    single.set_weights(network.get_weights())
    chosen = np.random.default_rng(SEED).choice(len(images), CALIBRATION_IMAGES, replace=False)

    def calibration() -> Iterator[list[NDArray[np.float32]]]:
        for index in chosen:
            yield [images[index : index + 1]]

    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    model: bytes = converter.convert()
    return model


def write_examples(test: Split) -> None:
    """Writes for each label the first test image that the int8 model labels right."""
    model = MODEL.read_bytes()
    EXAMPLES.mkdir(exist_ok=True)
    for label, name in enumerate(LABELS):
        for image in quantize(model, test.images[test.labels == label]):
            if scores(model, image[np.newaxis])[0].argmax() == label:
                np.save(EXAMPLES / f"{name}.npy", image[np.newaxis])
                break
        else:
            raise RuntimeError(f"the int8 model labels no test image of `{name}` right")


if __name__ == "__main__":
    main()

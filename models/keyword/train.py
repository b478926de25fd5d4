# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "espeakng-loader==0.2.4",
#     "numpy==2.4.6",
#     "tensorflow-cpu==2.21.0; sys_platform == 'linux' and platform_machine == 'x86_64'",
#     "tensorflow==2.21.0; sys_platform != 'linux' or platform_machine != 'x86_64'",
#     "tflite==2.18.0",
#     "tflite-micro==0.dev20261023182759",
# ]
# ///
"""Trains the keyword DS-CNN, writes `keyword_int8.tflite`, `labels.txt` and `examples/`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf  # type: ignore[import-untyped]
from data import COEFFICIENTS, FRAMES, LABELS, SEED, Split, make_splits
from eval import EXAMPLES, MODEL, quantize, report, scores
from numpy.typing import NDArray

FILTERS, BLOCKS = 64, 4
EPOCHS, BATCH, LEARNING_RATE = 16, 128, 2e-3
CALIBRATION_CLIPS = 1000


def main() -> None:
    """Generates the data, trains, converts, and reports both accuracies on the test split."""
    test, validation, train = make_splits()
    print(f"clips: {len(train.labels)} train, {len(validation.labels)} validation", flush=True)
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    network = ds_cnn(None)
    fit(network, train, validation)
    MODEL.write_bytes(convert(network, train.features))
    MODEL.with_name("labels.txt").write_text("\n".join(LABELS) + "\n")
    write_examples(test)
    inferred = network.predict(test.features, verbose=0).argmax(axis=1)
    right = inferred == test.labels
    print(f"float accuracy: {np.mean(right):.2%} of {len(right)} test clips")
    report(test)


def ds_cnn(batch: int | None) -> Any:
    """Builds the network: `[batch, 49, 10, 1]` features to `[batch, 12]` probabilities."""
    layers = tf.keras.layers

    def normalised(x: Any, name: str) -> Any:
        return layers.ReLU(name=name)(layers.BatchNormalization(name=f"{name}_norm")(x))

    features = layers.Input(batch_shape=(batch, FRAMES, COEFFICIENTS, 1), name="features")
    x = layers.Conv2D(FILTERS, (10, 4), 2, "same", use_bias=False, name="conv_linear")(features)
    x = normalised(x, "conv")  # [25, 5, 64] from here to the pool
    for block in range(1, BLOCKS + 1):
        name = f"depthwise_{block}"
        x = layers.DepthwiseConv2D(3, 1, "same", use_bias=False, name=f"{name}_linear")(x)
        x = normalised(x, name)
        name = f"pointwise_{block}"
        x = layers.Conv2D(FILTERS, 1, use_bias=False, name=f"{name}_linear")(x)
        x = normalised(x, name)
    x = layers.AveragePooling2D(x.shape[1:3], name="pool")(x)
    x = layers.Flatten(name="flatten")(layers.Dropout(0.2)(x))
    x = layers.Dense(len(LABELS), name="logits")(x)
    return tf.keras.Model(features, layers.Softmax(name="scores")(x), name="keyword")


def fit(network: Any, train: Split, validation: Split) -> None:
    """Trains in place; the learning rate falls to zero along a cosine."""
    steps = EPOCHS * (len(train.labels) // BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    network.compile(
        tf.keras.optimizers.AdamW(rate, weight_decay=1e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    network.fit(
        train.features,
        train.labels,
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(validation.features, validation.labels),
        verbose=2,
    )


def convert(network: Any, features: NDArray[np.float32]) -> bytes:
    """Quantizes to int8, inputs and outputs included, with a fixed batch of one."""
    single = ds_cnn(1)
    single.set_weights(network.get_weights())
    chosen = np.random.default_rng(SEED).choice(len(features), CALIBRATION_CLIPS, replace=False)

    def calibration() -> Iterator[list[NDArray[np.float32]]]:
        for index in chosen:
            yield [features[index : index + 1]]

    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    model: bytes = converter.convert()
    return model


def write_examples(test: Split) -> None:
    """Writes for each label the first test clip that the int8 model labels right."""
    model = MODEL.read_bytes()
    EXAMPLES.mkdir(exist_ok=True)
    for label, name in enumerate(LABELS):
        for clip in quantize(model, test.features[test.labels == label]):
            if scores(model, clip[np.newaxis])[0].argmax() == label:
                np.save(EXAMPLES / f"{name}.npy", clip[np.newaxis])
                break
        else:
            raise RuntimeError(f"the int8 model labels no test clip of `{name}` right")


if __name__ == "__main__":
    main()

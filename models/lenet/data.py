"""Makes 28x28 images of handwritten digits from scikit-learn's 8x8 ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

LABELS = tuple("0123456789")
SIDE = 28  # pixels
TRAIN_COUNT, TEST_COUNT = 1297, 500  # in the order of the file, so writers mix little
VIEWS = 20  # training images made of each original
SEED = 2026


@dataclass(frozen=True)
class Split:
    """Images `[N, 28, 28, 1]`, float32 in 0 to 1 with white ink, and labels `[N]`."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


def train_split() -> Split:
    """Returns `VIEWS` distorted views of each of the first `TRAIN_COUNT` digits."""
    originals, labels = _digits()
    rng = np.random.default_rng(SEED)
    views = [_distorted(image, rng) for image in originals[:TRAIN_COUNT] for _ in range(VIEWS)]
    return Split(np.stack(views), np.repeat(labels[:TRAIN_COUNT], VIEWS))


def test_split() -> Split:
    """Returns the last `TEST_COUNT` digits as they are."""
    originals, labels = _digits()
    views = [_view(image, np.eye(2), np.zeros(2)) for image in originals[-TEST_COUNT:]]
    return Split(np.stack(views), labels[-TEST_COUNT:])


def _digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Loads the originals `[1797, 8, 8]`, in 0 to 1, and labels `[1797]`."""
    digits = load_digits()
    return digits.images / 16.0, digits.target


def _distorted(image: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Views an image turned up to 15 degrees, slanted, scaled by 15 % and shifted 2.5 pixels."""
    angle = np.deg2rad(rng.uniform(-15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1.0, 0.0], [rng.uniform(-0.2, 0.2), 1.0]])
    return _view(
        image, turn @ slant @ np.diag(rng.uniform(0.85, 1.15, 2)), rng.uniform(-2.5, 2.5, 2)
    )


def _view(
    image: NDArray[np.float64], linear: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Enlarges an 8x8 image threefold at the centre of 28x28, seen through an affine map."""
    matrix = linear * (8 / 24)
    centre = np.full(2, (SIDE - 1) / 2)
    offset = np.full(2, 3.5) - matrix @ (centre + shift)
    view: NDArray[np.float64] = ndimage.affine_transform(
        image, matrix, offset, (SIDE, SIDE), order=3
    )
    return view.clip(0.0, 1.0).astype(np.float32)[..., np.newaxis]

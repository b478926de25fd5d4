"""Models that other people trained, in a folder beside the repository; tests skip without it."""

from pathlib import Path

import pytest

OWN = Path(__file__).parents[1] / "models"
FOLDER = Path(__file__).parents[1].parent / "shared" / "models"

#: Output bytes for the seeds 12345, 12346, 12347 and 12348, from the models' source framework.
OUTPUTS = {
    "hello_world_int8": ["f8", "f8", "f8", "f8"],
    "micro_speech_int8": ["80c80aae", "80847b80", "80f8a4e4", "8099be2a"],
    "kws_ref_int8": [
        "8080808080808080809a8066",
        "808080808080808080788088",
        "8080808080808080807f8080",
        "80808080808080808082807e",
    ],
    "ic01_resnet8_int8": [
        "8080828380807b808080",
        "8080858b808070808080",
        "808086ba808040808080",
        "8080b93e808089808080",
    ],
    "person_detect_int8": ["6a96", "6e92", "6e92", "6d93"],
}


def model_file(name: str) -> Path:
    """The file of a model, or the end of the test where there is none."""
    for own in OWN.glob(f"*/{name}.tflite"):
        return own
    path = FOLDER / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"there is no {path.name} in ../shared/models")
    return path

"""A model of a few hundred MACs needs little code, on the largest of the cores too."""

from models import model_file

from ferrule import api


def test_three_small_layers_need_no_code_of_convolutions() -> None:
    (bench,) = api.bench(model_file("hello_world_int8"), "qemu-mps3-an547", [1])
    kernels = {layer.kernel for layer in bench.layers}
    assert kernels <= {"fully_connected_mve", "fully_connected_dsp"}
    assert bench.code_bytes <= 3_000
    assert bench.instructions <= 1_500

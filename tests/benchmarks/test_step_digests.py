import numpy as np

from benchmarks import step_digests
from pipeline.training import backend
from tests.training.small import faces_of_two_kinds, small_network


def digests(keras, change=0.0):
    backend.start(0)
    model = small_network(keras)
    model.get_layer("logits").kernel.assign(np.linspace(-1, 1, 16).reshape(8, 2))
    kernel = model.layers[2].kernel
    kernel.assign(kernel.value * (1 + change))
    return step_digests.step(model, *faces_of_two_kinds())


def test_step__layers_in_order_and_gradients_from_the_head_down(keras):
    found = digests(keras)
    assert [name.split("_")[0] for name in found["forward"]] == ["conv2d", "batch", "logits"]
    assert [path.split("/")[-1] for path in found["backward"]] == ["bias", "kernel", "beta", "gamma", "bias", "kernel"]
    assert digests(keras) == found


def test_differences__name_the_first_layer_and_gradient_that_differ(keras):
    one, other = ({"networks": {"small": digests(keras, change)}} for change in (0.0, 2e-7))
    forward, backward = step_digests.differences(one, other)
    assert forward[:2] == ("small", "forward") and forward[4].startswith("conv2d") and forward[2] < forward[3] == 3
    assert step_digests.differences(one, one) == [("small", "forward", 3, 3, ""), ("small", "backward", 6, 6, "")]
    assert backward[3] == 6


def test_faces_and_labels__are_the_same_drawings_each_time():
    params = step_digests.parameters.load()
    pixels, labels = step_digests.faces_and_labels(params)
    assert pixels.shape == (32, 48, 48, 3) and len(set(labels)) >= 5
    assert step_digests.digest(pixels) == step_digests.digest(step_digests.faces_and_labels(params)[0])

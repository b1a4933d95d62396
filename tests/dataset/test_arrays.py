import numpy as np

from pipeline.dataset.arrays import to_rgb


def test_to_rgb__gray_value_stands_in_every_channel():
    gray = np.array([[[0, 255], [7, 9]]], np.uint8)
    rgb = to_rgb(gray)
    assert rgb.shape == (1, 2, 2, 3) and rgb.dtype == np.uint8
    assert rgb[0, 1].tolist() == [[7, 7, 7], [9, 9, 9]]

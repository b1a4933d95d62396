import numpy as np
import pytest
from PIL import Image

from pipeline.inference.answers import Face
from pipeline.inference.detection import Box
from pipeline.inference.drawing import BEST, draw

PROBABILITIES = {"angry": 0.25, "happy": 0.75}


def test_draw__bars_are_as_long_as_the_probabilities():
    drawn = np.asarray(draw(Image.new("L", (300, 300)), [Face(Box(50, 50, 120), PROBABILITIES)])).astype(int)
    lengths = {name: 0 for name in PROBABILITIES}
    for name, colour in (("happy", BEST), ("angry", (150, 150, 150))):
        lengths[name] = (np.abs(drawn[172:, :] - colour).sum(axis=2) == 0).sum(axis=1).max()
    assert lengths["happy"] == pytest.approx(3 * lengths["angry"], abs=6) and lengths["angry"] > 10


@pytest.mark.parametrize("box", [Box(0, 0, 200), Box(-20, 150, 60), Box(180, 180, 20), Box(0, 0, 1)])
def test_draw__faces_at_the_edge(box):
    image = Image.new("RGB", (200, 200), (10, 20, 30))
    drawn = draw(image, [Face(box, PROBABILITIES)])
    assert drawn.size == image.size and drawn.tobytes() != image.tobytes()
    assert image.getpixel((0, 0)) == (10, 20, 30)  # a copy was drawn on

import numpy as np
import pytest

from pipeline.reporting import figures

SCORES = {score: (0.5, 0.4, 0.6) for score in figures.SCORES}


@pytest.fixture(autouse=True)
def _style():
    figures.style()


def test_bars__one_bar_a_score_and_line_with_its_height():
    figure = figures.bars([("A", SCORES), ("B", SCORES | {"accuracy": (0.9, None, None)})], "title")
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert sorted(heights) == pytest.approx([50] * 7 + [90])


def test_roc__legend_names_network_and_area():
    figure = figures.roc([("ResNet50", [0, 1], [0, 1], 0.5)], "title")
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["ResNet50 (AUC 0.500)", "chance (AUC 0.500)"]


def test_confusion__cells_show_count_and_percent():
    figure = figures.confusion(np.array([[3, 1], [0, 4]]), ["a", "b"], "title")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["3\n37.50%", "1\n12.50%", "0\n0.00%", "4\n50.00%"]


def test_colour__every_network_has_its_own():
    assert len({figures.colour(name, 0) for name in figures.NETWORKS}) == 7


def test_save__repeats_to_the_byte(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        figures.save(figures.bars([("A", SCORES)], "title"), tmp_path / folder, "f", 50)
    for name in ("f.png", "f.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

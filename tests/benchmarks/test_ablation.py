import json

import numpy as np
import pytest

from benchmarks import ablation
from pipeline.common.interruption import noted
from pipeline.config.scoring import TestTimeAugmentation
from pipeline.config.settings import Recipe
from pipeline.training.trainer import TrainingData


def test_changed__parts_of_an_augmentation_are_kept_or_all_taken_away():
    recipe = Recipe.model_validate({"dropout": 0.3, "augmentation": {"flip": True, "random_erasing": 0.5}})
    assert ablation.changed(recipe, ablation.BASE) == recipe
    assert ablation.changed(recipe, "no random erasing").augmentation.model_dump(exclude_defaults=True) == {"flip": True}
    assert ablation.changed(recipe, "no augmentation") == Recipe(dropout=0.3)
    assert ablation.changed(recipe, "no shortcuts") == recipe  # a change of the network


def test_results__differences_from_the_base_on_the_same_faces(tmp_path, monkeypatch, tiny_settings):
    monkeypatch.setattr(ablation, "FOLDER", tmp_path)
    base = tiny_settings.model_copy(update={"recipe": Recipe(dropout=0.3)})
    right = {ablation.BASE: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], "no dropout": [1] * 9 + [0], "no shortcuts": [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]}
    for name, answers in right.items():
        folder = tmp_path / ablation.slug(name)
        folder.mkdir()
        about = {"settings": ablation.settings_of(name, base).model_dump(), "parameters": 5}
        (folder / "ablation.json").write_text(json.dumps(about))
        for file in ("right", "right_tta"):
            np.save(folder / f"{file}.npy", np.array(answers, bool))
    other = base.model_copy(update={"seed": 1})  # of which nothing is trained
    assert not ablation.trained(ablation.BASE, other)
    figures = ablation.results(base)
    lines = figures["variants"]
    assert figures["validation_faces"] == 10 and list(lines) == [*right, "as it is, test-time augmentation"]
    assert lines["no dropout"]["accuracy"] == 0.9 and lines["no dropout"]["difference"] == pytest.approx(0.6)
    assert lines["no dropout"]["adjusted_p"] == pytest.approx(3 * 2 / 2**6)  # six faces against none, three comparisons
    assert lines["no shortcuts"]["adjusted_p"] == 1
    assert ablation.show(figures).row_count == 4


def test_run_variant__trains_another_network_once(tmp_path, monkeypatch, tiny_settings):
    from pipeline.networks import Compact

    monkeypatch.setattr(ablation, "FOLDER", tmp_path)
    monkeypatch.setattr(ablation, "NETWORKS", {"narrow": {"widths": (4, 8)}})
    settings = tiny_settings.model_copy(update={"model": "Compact", "epochs": 1})
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    index, labels = np.arange(12), np.arange(12) % 2
    data = TrainingData(pixels, (index[:8], labels[:8]), (index[8:], labels[8:]), "", "")
    for _ in range(2):
        with noted() as interruption:
            ablation.run_variant("narrow", settings, TestTimeAugmentation(), data, interruption)
        monkeypatch.setattr(ablation, "train", None)  # the second time nothing is trained
    about = json.loads((tmp_path / "narrow" / "ablation.json").read_text())
    assert about["parameters"] < 5000 and np.load(tmp_path / "narrow" / "right.npy").shape == (4,)
    assert Compact.features.__name__ == "features"

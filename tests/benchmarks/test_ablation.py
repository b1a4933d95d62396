import dataclasses
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
    moved = ablation.changed(recipe, "flip and translation alone").augmentation
    assert moved.model_dump(exclude_defaults=True) == {"flip": True, "translate": 0.1}
    assert [phase.size for phase in ablation.changed(recipe, "28 px before 36").progressive_resizing] == [28, 36]
    assert ablation.changed(recipe, "no shortcuts") == recipe  # a change of the network


def test_settings_of__only_what_the_variant_names_is_other(tiny_settings):
    def changes(name):
        one, other = (ablation.settings_of(which, tiny_settings).model_dump() for which in (ablation.BASE, name))
        return {key: other[key] for key in other if other[key] != one[key] and key != "row"}

    optimizer = tiny_settings.optimizer.model_dump()
    assert changes("learning rate 0.2") == {"optimizer": optimizer | {"learning_rate": 0.2}}
    assert list(changes("28 px for 0.4, 36 px to 0.8, 16 epochs")) == ["recipe", "epochs"]  # one name in two places
    assert list(changes("no dropout")) == ([] if tiny_settings.recipe.dropout == 0 else ["recipe"])
    assert changes("squeeze-and-excitation") == {}  # a change of the network


@pytest.mark.parametrize("name", ablation.NETWORKS)
def test_networks__each_change_gives_a_network_of_another_size_or_other_layers(keras, name):
    from pipeline.networks import Compact

    def layers_of(change):
        keras.utils.clear_session()
        images = keras.Input((32, 32, 3))
        model = keras.Model(images, ablation.features_of(Compact.features, images, **change))
        assert model.output_shape[:3] == (None, 2, 2)
        return [(layer.name, layer.count_params(), layer.output.shape) for layer in model.layers]

    one, other = layers_of({}), layers_of(ablation.NETWORKS[name])
    assert one != other
    more = {
        "two blocks in the last level": 2 * 9 * 256**2 + 2 * 4 * 256,  # two kernels, two normalisations
        "squeeze-and-excitation": sum(2 * w * n + n + w for w, n in ((32, 8), (64, 8), (128, 16), (256, 32))),  # dense layers and biases
    }
    if name in more:
        assert sum(count for _, count, _ in other) - sum(count for _, count, _ in one) == more[name]


def test_features_of__standardized_face_has_mean_0_and_variance_1(keras):
    faces = np.random.default_rng(0).uniform(-1, 0.2, (3, 8, 8, 1)).astype(np.float32)
    found = np.asarray(ablation.features_of(lambda images: images, faces, standardized=True))
    assert np.abs(found.mean(axis=(1, 2, 3))).max() < 1e-5 and np.abs(found.std(axis=(1, 2, 3)) - 1).max() < 0.01
    assert ablation.features_of(lambda images: images, faces) is faces


DATA = TrainingData(np.zeros((12, 32, 32, 3), np.uint8), (np.arange(8), np.zeros(8)), (np.arange(8, 12), np.zeros(4)), "faces", "split")


def test_results__differences_from_the_base_on_the_same_faces(tmp_path, monkeypatch, tiny_settings):
    monkeypatch.setattr(ablation, "FOLDER", tmp_path)
    base = tiny_settings.model_copy(update={"recipe": Recipe(dropout=0.3)})
    right = {ablation.BASE: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], "no dropout": [1] * 9 + [0], "no shortcuts": [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]}
    for name, answers in right.items():
        folder = ablation.folder_of(name, base)
        folder.mkdir()
        about = {"made_by": ablation.made_by(name, base, DATA), "parameters": 5}
        (folder / "ablation.json").write_text(json.dumps(about))
        np.save(folder / "right.npy", np.array(answers, bool))
        np.save(folder / "right_tta.npy", np.roll([*answers[:-1], 1], 1).astype(bool))
    other = base.model_copy(update={"seed": 1})  # of which nothing is trained
    assert not ablation.trained(ablation.BASE, other, DATA)
    figures = ablation.results(base, DATA)
    lines = figures["variants"]
    assert figures["validation_faces"] == 10 and list(lines) == [*right, "as it is, test-time augmentation"]
    assert lines["no dropout"]["accuracy"] == 0.9 and lines["no dropout"]["difference"] == pytest.approx(0.6)
    assert lines["no dropout"]["augmented"] == 1 and lines["no shortcuts"]["augmented"] == pytest.approx(0.3)
    assert lines["no dropout"]["adjusted_p"] == pytest.approx(3 * 2 / 2**6)  # six faces against none, three comparisons
    assert lines["no shortcuts"]["adjusted_p"] == 1
    assert ablation.show(figures).row_count == 4


@pytest.mark.parametrize("what", ["faces", "split", "code", "network"])
def test_trained__other_faces_split_or_code_train_again(tmp_path, monkeypatch, tiny_settings, what):
    monkeypatch.setattr(ablation, "FOLDER", tmp_path)
    folder = ablation.folder_of("no shortcuts", tiny_settings)
    folder.mkdir()
    (folder / "ablation.json").write_text(json.dumps({"made_by": ablation.made_by("no shortcuts", tiny_settings, DATA), "parameters": 5}))
    data = DATA
    assert ablation.trained("no shortcuts", tiny_settings, data)
    if what in ("faces", "split"):
        data = dataclasses.replace(DATA, **{f"{what}_sha256": "other"})
    elif what == "code":
        monkeypatch.setattr(ablation, "sha256_of_source", lambda _: "other")
    else:
        monkeypatch.setitem(ablation.NETWORKS, "no shortcuts", {"shortcuts": None})
    assert not ablation.trained("no shortcuts", tiny_settings, data)


def test_over_seeds__mean_and_interval_of_the_paired_differences():
    def of_seed(base, other):
        lines = {ablation.BASE: {"accuracy": base, "difference": 0.0}, "no dropout": {"accuracy": other, "difference": other - base}}
        return {"variants": lines | ({"no shortcuts": lines["no dropout"]} if base == 0.5 else {})}  # of the first seed only

    lines = ablation.over_seeds([of_seed(0.5, 0.51), of_seed(0.52, 0.54), of_seed(0.48, 0.51)])
    assert list(lines) == [ablation.BASE, "no dropout"]
    line = lines["no dropout"]
    assert line["accuracy"] == pytest.approx(0.52) and line["difference"] == pytest.approx(0.02) and line["seeds"] == 3
    # differences 0.01, 0.02, 0.03: deviation 0.01; t with 2 degrees of freedom 4.302653
    assert line["interval"] == pytest.approx([0.02 - 4.302653 * 0.01 / 3**0.5, 0.02 + 4.302653 * 0.01 / 3**0.5])
    assert ablation.show_over_seeds(lines).row_count == 2


@pytest.mark.trains
def test_run_variant__trains_another_network_once(tmp_path, monkeypatch, tiny_settings):
    from pipeline.networks import Compact

    monkeypatch.setattr(ablation, "FOLDER", tmp_path)
    monkeypatch.setattr(ablation, "NETWORKS", {"narrow": {"widths": (4, 8), "blocks": (1, 1)}})
    settings = tiny_settings.model_copy(update={"model": "Compact", "epochs": 1})
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    index, labels = np.arange(12), np.arange(12) % 2
    data = TrainingData(pixels, (index[:8], labels[:8]), (index[8:], labels[8:]), "", "")
    for _ in range(2):
        with noted() as interruption:
            ablation.run_variant("narrow", settings, TestTimeAugmentation(), data, interruption)
        monkeypatch.setattr(ablation, "train", None)  # the second time nothing is trained
    folder = tmp_path / "tiny-narrow-0"  # the row, the variant and the seed
    about = json.loads((folder / "ablation.json").read_text())
    assert about["parameters"] < 5000 and np.load(folder / "right.npy").shape == (4,)
    assert Compact.features.__name__ == "features"

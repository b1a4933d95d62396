import shutil

import h5py
import pytest

from pipeline.common.errors import InputError
from pipeline.config import params
from pipeline.config.settings import Settings
from pipeline.resolve import WHOLE, check_batch, resolve, sha256_of_weights


def settings_with(**overrides):
    loaded = params.load("params.yaml")
    return {name: resolve(loaded.model_copy(update=overrides), name) for name in loaded.rows}


def test_resolve__override_changes_only_rows_that_differ():
    before, after = settings_with(), settings_with(optimizer="sgd")
    changed = {name for name in before if before[name] != after[name]}
    adam = {name for name, settings in before.items() if settings.optimizer.name == "adam"}
    assert changed == adam and len(adam) == 6


def test_resolve__profile_caps_the_batch():
    # The demo's cap is 32: ResNet50's own 16 stays, the 128 of InceptionV3 does not.
    rows = settings_with()
    assert rows["table2-ResNet50"].batch_size == 16
    assert rows["table2-InceptionV3"].batch_size == 32
    assert {row.batch_size for row in settings_with(batch_size=64).values()} == {64}  # who overrides means it


def test_resolve__paper_profile_is_the_row_as_printed():
    row = settings_with(profile="paper")["table2-InceptionV3"]
    assert (row.batch_size, row.epochs, row.pretrained, row.image_size) == (128, 700, "imagenet", 75)
    assert row.optimizer.learning_rate == 0.001


def test_resolve__weights_file_by_network_and_content(tmp_path):
    loaded = params.load("params.yaml")
    profile = loaded.chosen.model_copy(update={"pretrained": str(tmp_path / "{model}.h5")})
    loaded = loaded.model_copy(update={"profiles": {"demo": profile}})
    (tmp_path / "ResNet50.h5").write_bytes(b"abc")
    row = resolve(loaded, "table2-ResNet50")
    assert row.pretrained == str(tmp_path / "ResNet50.h5")
    assert row.pretrained_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180-2
    with pytest.raises(InputError, match="profiles pretrained: expected a readable file, received .*Xception.h5"):
        resolve(loaded, "table2-Xception")


def test_resolve__whole_classifier_under_a_plain_name_is_refused(tmp_path):
    file, kept = tmp_path / "mine.h5", "results/weights/compact-0/model.weights.h5"
    shutil.copyfile(kept, file)
    with pytest.raises(InputError, match=r"a name that ends in \.weights\.h5 for a whole classifier, .*, received .*mine.h5; rename"):
        sha256_of_weights(file)
    shutil.copyfile(kept, tmp_path / "mine.weights.h5")
    assert len(sha256_of_weights(tmp_path / "mine.weights.h5")) == 64
    with h5py.File(file, "w") as old:  # the form of keras.applications
        old.attrs["layer_names"] = ["layers"]
        old.create_group("layers")
    assert len(sha256_of_weights(file)) == 64


def test_resolve__ends_of_names_are_the_classifiers(keras):
    from pipeline.networks.shared import classifier

    assert classifier.WHOLE == WHOLE


def test_resolve__own_seed_wins():
    loaded = params.load("params.yaml")
    row = loaded.rows["table2-ResNet50"].model_copy(update={"seed": 5})
    loaded = loaded.model_copy(update={"seed": 3, "rows": loaded.rows | {"mine": row}})
    assert resolve(loaded, "mine").seed == 5
    assert resolve(loaded, "table2-ResNet50").seed == 3


def test_resolve__recipe_with_sizes_wants_the_faces_own_size():
    loaded = params.load("params.yaml")
    row = resolve(loaded, "compact-0", "beyond")
    assert row.recipe.progressive_resizing[0].size == 36 and row.optimizer.learning_rate == 0.1 and row.seed == 0
    beyond = {"mine": loaded.beyond["compact-0"].model_copy(update={"image_size": 75})}
    with pytest.raises(InputError, match="beyond.mine.image_size: expected faces.size = 48, as recipe modern has .*, received 75"):
        resolve(loaded.model_copy(update={"beyond": beyond}), "mine", "beyond")
    for model, message in (
        ("MobileNetV2", "beyond.mine.model: expected a network that takes faces of any size"),
        ("Xception", "recipes.modern.progressive_resizing: expected at least 48 for Xception .beyond.mine., received 36"),
    ):
        beyond = {"mine": loaded.beyond["compact-0"].model_copy(update={"model": model})}
        with pytest.raises(InputError, match=message):
            resolve(loaded.model_copy(update={"beyond": beyond}), "mine", "beyond")


def test_resolve__recipe_of_one_size_differs_from_modern_in_that_alone():
    loaded = params.load("params.yaml")
    one, modern = (resolve(loaded, f"modern-{model}", "beyond") for model in ("MobileNetV2", "GoogLeNet"))
    assert modern.recipe.progressive_resizing and one.recipe == modern.recipe.model_copy(update={"progressive_resizing": []})


def test_resolve__override_of_the_optimizer_goes_before_the_rows():
    loaded = params.load("params.yaml").model_copy(update={"optimizer": "adam"})
    assert resolve(loaded, "compact-0", "beyond").optimizer.name == "adam"


def test_resolve__network_without_imagenet_weights_starts_at_random():
    loaded = params.load("params.yaml").model_copy(update={"profile": "paper"})
    assert resolve(loaded, "compact-0", "beyond").pretrained is None
    assert resolve(loaded, "leaky-MobileNetV2", "beyond").pretrained == "imagenet"


def test_section__unknown_name_is_refused():
    with pytest.raises(InputError, match="--section: expected one of rows, beyond, grid, received 'girds'"):
        params.load("params.yaml").section("girds")


def test_section__grid_holds_every_combination():
    # The paper's search: 2 data sets x 7 networks x 2 optimizers x 4 batch sizes.
    loaded = params.load("params.yaml")
    cells = loaded.section("grid")
    assert len(cells) == 112 and list(cells)[:2] == ["unbalanced-InceptionResNetV2-adam-16", "unbalanced-InceptionResNetV2-adam-32"]
    cell = cells["balanced-InceptionV3-sgd-64"]
    assert (cell.data, cell.model, cell.optimizer, cell.batch_size) == ("balanced", "InceptionV3", "sgd", 64)
    assert loaded.image_size_of(cell) == 75
    assert loaded.image_size_of(cells["balanced-ResNet50-sgd-64"]) == 48


def test_resolve__profile_without_epochs_for_the_split_is_refused():
    loaded = params.load("params.yaml")
    profile = loaded.chosen.model_copy(update={"epochs": {"unbalanced": 1}, "epochs_of": {}})
    loaded = loaded.model_copy(update={"profiles": {"demo": profile}})
    with pytest.raises(InputError, match="profiles.demo.epochs: expected a number for balanced"):
        resolve(loaded, "table3-ResNet50")


def test_check_batch__larger_than_the_training_set_is_refused():
    settings = settings_with()["table3-ResNet50"]
    check_batch(settings, settings.batch_size)
    with pytest.raises(InputError, match="rows.table3-ResNet50.batch_size: expected at most the 31 training faces"):
        check_batch(settings, settings.batch_size - 1)


def test_settings__written_and_read_are_equal(tmp_path):
    settings = settings_with()["table2-GoogLeNet"]
    settings.write(tmp_path / "row.json")
    assert Settings.read(tmp_path / "row.json") == settings


def test_settings__unknown_key_is_refused(tmp_path):
    (tmp_path / "row.json").write_text('{"colour": 1}')
    with pytest.raises(InputError, match="row.json"):
        Settings.read(tmp_path / "row.json")


def test_resolve__dvc_notices_weights_that_change_in_their_folder(project):
    file = project.folder / "data" / "pretrained" / "GoogLeNet.h5"
    assert "pretrained" not in project.run("dvc", "status", "resolve")
    file.write_bytes(b"weights")
    try:
        assert "modified:           data/pretrained" in project.run("dvc", "status", "resolve")
        assert project.run("git", "status", "--porcelain", "data") == ""  # weights are no matter of git's
    finally:
        file.unlink()


def test_resolve__weights_are_named_as_in_params_and_found_from_a_queued_experiments_copy(tmp_path, monkeypatch):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmp1"
    copy.mkdir(parents=True)
    (tmp_path / "ResNet50.h5").write_bytes(b"abc")
    loaded = params.load("params.yaml")
    profile = loaded.chosen.model_copy(update={"pretrained": "{model}.h5"})
    loaded = loaded.model_copy(update={"profiles": {loaded.profile: profile}})
    found = []
    for folder in (tmp_path, copy):
        monkeypatch.chdir(folder)
        found.append(resolve(loaded, "table2-ResNet50"))
    assert found[0] == found[1] and found[0].pretrained == "ResNet50.h5" and found[0].pretrained_sha256.startswith("ba7816bf")

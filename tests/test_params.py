import pytest
import yaml

from pipeline import params
from pipeline.errors import InputError
from pipeline.parameters.rows import NETWORKS

GOOD = "params.yaml"


def changed(tmp_path, path, value):
    """Write params.yaml with one key changed (DELETE removes it) and return its path."""
    values = yaml.safe_load(open(GOOD, encoding="utf-8"))
    *parents, last = path.split(".")
    node = values
    for key in parents:
        node = node[key]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


DELETE = object()
ROW = {"data": "unbalanced", "model": "ResNet50", "optimizer": "adam", "batch_size": 16, "image_size": 48}


@pytest.mark.parametrize(
    ("path", "value", "expected", "received"),
    [
        ("profle", "demo", "no such key", "'demo'"),
        ("rows.table2-ResNet50.modle", "x", "no such key", "'x'"),
        ("rows.table2-ResNet50.model", "ResNet51", "one of Compact, GoogLeNet, InceptionResNetV2", "'ResNet51'"),
        ("rows.table2-ResNet50.optimizer", "rmsprop", "'adam' or 'sgd'", "'rmsprop'"),
        ("rows.table2-ResNet50.batch_size", "16", "a valid integer", "'16'"),
        ("rows.table2-ResNet50.batch_size", 0, "greater than or equal to 1", "0"),
        ("rows.table2-InceptionV3.image_size", 74, "at least 75 for InceptionV3", "74"),
        ("rows.table2-Xception.image_size", 47, "at least 48 for Xception", "47"),
        ("rows.table2-ResNet50.data", "balanced_lucky", "'unbalanced', 'balanced'", "'balanced_lucky'"),
        ("profile", "dmeo", "one of ablation, demo, full, paper, sample, search, tiny", "'dmeo'"),
        ("optimizer", "rmsprop", "'adam' or 'sgd'", "'rmsprop'"),
        ("epochs", 0, "greater than or equal to 1", "0"),
        ("seed", DELETE, "this key", "nothing"),
        ("seed", True, "a valid integer", "True"),
        ("profiles.demo.epochs.unbalanced", 0, "greater than or equal to 1", "0"),
        ("profiles.demo.validation_share", 1.0, "less than 1", "1.0"),
        ("optimizers.sgd.momentum", 1.5, "less than 1", "1.5"),
        ("splits.fold", 5, "below folds = 5", "5"),
        ("rows.table3-ResNet50.fold", 1, "none, for only unbalanced", "1"),
        ("rows.settings", ROW, "another name", "'settings'"),
        ("beyond.settings", ROW, "another name", "'settings'"),
        ("beyond.compact-0.recipe", "modem", "one of modern, modern-one-size, paper", "'modem'"),
        ("beyond.compact-0.optimizer", "adam", "sgd, as recipe modern says", "'adam'"),
        ("ensembles.compact", ["compact-0", "compact-9"], "rows of beyond", "'compact-9'"),
        ("recipes.modern.augmentation.flop", True, "no such key", "True"),
        ("recipes.modern.label_smoothing", 1.0, "less than 1", "1.0"),
        ("recipes.modern.optimizer", {"name": "rmsprop"}, "adam or sgd", "{'name': 'rmsprop'}"),
        ("recipes.modern.optimizer", {"learning_rate": 0.1}, "adam or sgd", "{'learning_rate': 0.1}"),
        ("grid.model", ["ResNet51"], "one of Compact, GoogLeNet", "'ResNet51'"),
        ("grid.batch_size", [16, 16], "names that differ", "[16, 16]"),
        ("grid.image_sizes.InceptionV3", 74, "at least 75 for InceptionV3", "74"),
        ("cluster.retries", -1, "greater than or equal to 0", "-1"),
        ("ensembles", {}, "at least 1 item", "{}"),
        ("recipes.modern.sizes", [{"until": 0.5, "size": 36}, {"until": 0.4, "size": 40}], "rising values of until", "[0.5, 0.4]"),
        ("faces.emotions", ["sad", "sad"], "names that differ", "['sad', 'sad']"),
        ("sources.archive.sha256", "abc", "match pattern", "'abc'"),
        ("training.backend", "theano", "'tensorflow', 'jax' or 'torch'", "'theano'"),
        ("training.precision", "float64", "'float32', 'mixed_bfloat16' or 'mixed_float16'", "'float64'"),
        ("training.devices", "gpu", "auto, cpu or a number of GPUs", "'gpu'"),
        ("training.devices", 0, "auto, cpu or a number of GPUs", "0"),
        ("profiles.demo.weights", "imagnet", "imagenet, null, or the path of a .h5", "'imagnet'"),
        ("sources.archive.url", "ftp://host/file", "match pattern", "'ftp://host/file'"),
    ],
)
def test_load__bad_value_names_key_expected_and_received(tmp_path, path, value, expected, received):
    with pytest.raises(InputError) as error:
        params.load(changed(tmp_path, path, value))
    message = str(error.value)
    assert any(f"{path}{more}: expected " in message for more in ("", ".0", ".name"))
    assert expected in message and f"received {received}" in message
    assert "\n" not in message


def test_load__good_file_resolves_profile_and_optimizer():
    loaded = params.load(GOOD)
    assert loaded.chosen == loaded.profiles["demo"]
    assert loaded.optimizer_of(loaded.rows["table2-ResNet50"]).name == "sgd"
    assert len(loaded.rows) == 15


def test_load__override_wins_over_row():
    loaded = params.load(GOOD).model_copy(update={"optimizer": "adam"})
    assert loaded.optimizer_of(loaded.rows["table2-ResNet50"]).learning_rate == 0.001


def test_load__key_given_twice_is_refused(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text(open(GOOD, encoding="utf-8").read() + "\nseed: 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="'seed' given twice"):
        params.load(file)


@pytest.mark.parametrize("text", ["rows: [", "", "just text"])
def test_load__no_mapping_is_refused(tmp_path, text):
    file = tmp_path / "params.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="expected"):
        params.load(file)


def test_load__small_number_as_dvc_writes_it_is_a_number(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text(open(GOOD, encoding="utf-8").read().replace("adam: {learning_rate: 0.001", "adam: {learning_rate: 1e-05"))
    assert params.load(file).optimizers.adam.learning_rate == 0.00001


def test_load__missing_file_says_where_to_run():
    with pytest.raises(InputError, match="repository's root"):
        params.load("nowhere.yaml")


def test_networks__are_the_files_of_the_folder():
    names = {"Compact", "GoogLeNet", "InceptionResNetV2", "InceptionV3", "MobileNetV2", "ResNet101", "ResNet50", "Xception"}
    assert set(NETWORKS) == names


def test_params_yaml__rows_are_the_papers():
    # Every setting of a row stands in the paper's table too; the two files may not drift apart.
    from pipeline.results.rows import read_paper

    rows, listed = params.load(GOOD).rows, set()
    for table in read_paper()["tables"].values():
        for line in table["rows"]:
            if line["row"]:
                row = rows[line["row"]]
                listed.add(line["row"])
                assert (row.optimizer, row.batch_size, row.image_size) == (line["optimizer"], line["batch_size"], line["image_size"])
                assert row.model.lower() == line["model"].lower()
    assert listed == set(rows)


def test_params_yaml__paper_profile_is_as_printed():
    profile = params.load(GOOD).profiles["paper"]
    assert (profile.epochs["unbalanced"], profile.epochs["balanced"], profile.weights) == (700, 500, "imagenet")
    assert (profile.train_faces, profile.validation_share, profile.max_batch_size) == (None, 0.0, None)

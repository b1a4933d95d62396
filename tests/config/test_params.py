import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from pipeline.common.errors import InputError
from pipeline.config import params

GOOD = "params.yaml"


def changed(tmp_path, path, value):
    """Write all params with one key changed (DELETE removes it) and return the path of params.yaml."""
    files = {file: yaml.safe_load(open(file, encoding="utf-8")) for file in (GOOD, *params.OWN)}
    *parents, last = path.split(".")
    node = files[next((file for file, keys in params.OWN.items() if path.split(".")[0] in keys), GOOD)]
    for key in parents:
        node = node[key]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    for file, values in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(yaml.safe_dump(values), encoding="utf-8")
    return tmp_path / GOOD


DELETE = object()
FALLING = [{"until": 0.5, "size": 36}, {"until": 0.4, "size": 40}]
ROW = {"data": "unbalanced", "model": "ResNet50", "optimizer": "adam", "batch_size": 16}


@pytest.mark.parametrize(
    ("path", "value", "expected", "received"),
    [
        ("profle", "demo", "no such key", "'demo'"),
        ("rows.table2-ResNet50.modle", "x", "no such key", "'x'"),
        ("rows.table2-ResNet50.model", "ResNet51", "one of Compact, CompactWide, GoogLeNet", "'ResNet51'"),
        ("rows.table2-ResNet50.optimizer", "rmsprop", "one of adam, nesterov, sgd", "'rmsprop'"),
        ("rows.table2-ResNet50.batch_size", "16", "a valid integer", "'16'"),
        ("rows.table2-ResNet50.batch_size", 0, "greater than or equal to 1", "0"),
        ("rows.table2-InceptionV3.image_size", 74, "at least 75 for InceptionV3", "74"),
        ("rows.table2-Xception.image_size", 47, "at least 48 for Xception", "47"),
        ("rows.table2-ResNet50.data", "balanced_lucky", "'unbalanced', 'balanced'", "'balanced_lucky'"),
        ("profile", "dmeo", "one of ablation, demo, full, own, paper, search, tiny", "'dmeo'"),
        ("optimizer", "rmsprop", "one of adam, nesterov, sgd", "'rmsprop'"),
        ("epochs", 0, "greater than or equal to 1", "0"),
        ("seed", DELETE, "this key", "nothing"),
        ("seed", True, "a valid integer", "True"),
        ("profiles.demo.epochs.unbalanced", 0, "greater than or equal to 1", "0"),
        ("profiles.demo.validation_share", 1.0, "less than 1", "1.0"),
        ("optimizers.sgd.momentum", 1.5, "less than 1", "1.5"),
        ("splits.fold", 5, "below folds = 5", "5"),
        ("rows.table3-ResNet50.fold", 1, "none, for only unbalanced", "1"),
        ("rows.settings", ROW, "another name", "'settings'"),
        ("rows.my row", ROW, "a name that DVC's -S can address", "'my row'"),
        ("beyond.yes", ROW, "a name that DVC's -S can address", "'yes'"),
        ("profiles.é", {}, "a name that DVC's -S can address", "'é'"),
        ("beyond.settings", ROW, "another name", "'settings'"),
        ("beyond.compact-0.recipe", "modem", "one of modern, modern-one-size, paper", "'modem'"),
        ("beyond.compact-0.optimizer", "rmsprop", "one of adam, nesterov, sgd", "'rmsprop'"),
        ("ensembles.compact", ["compact-0", "compact-9"], "rows of beyond", "'compact-9'"),
        ("recipes.modern.augmentation.flop", True, "no such key", "True"),
        ("recipes.modern.label_smoothing", 1.0, "less than 1", "1.0"),
        ("optimizers.sgd", {"name": "rmsprop"}, "adam or sgd", "{'name': 'rmsprop'}"),
        ("optimizers.sgd", {"learning_rate": 0.1}, "adam or sgd", "{'learning_rate': 0.1}"),
        ("recipes.modern.optimizer", "sgd", "no such key", "'sgd'"),
        ("recipes.modern-one-size.extends", "modem", "one of modern, paper", "'modem'"),
        ("grid.model", ["ResNet51"], "one of Compact, CompactWide", "'ResNet51'"),
        ("grid.batch_size", [16, 16], "names that differ", "[16, 16]"),
        ("grid.optimizer", ["rmsprop"], "one of adam, nesterov, sgd", "'rmsprop'"),
        ("image_sizes.InceptionV3", 74, "at least 75 for InceptionV3", "74"),
        ("image_sizes.default", DELETE, "this key", "nothing"),
        ("cluster.retries", -1, "greater than or equal to 0", "-1"),
        ("ensembles", {}, "at least 1 item", "{}"),
        ("recipes.modern.progressive_resizing", FALLING, "rising values of until", "[0.5, 0.4]"),
        ("faces.emotions", ["sad", "sad"], "names that differ", "['sad', 'sad']"),
        ("sources.archive.sha256", "abc", "match pattern", "'abc'"),
        ("training.backend", "theano", "'tensorflow' or 'jax'", "'theano'"),
        ("training.precision", "float64", "'float32', 'mixed_bfloat16' or 'mixed_float16'", "'float64'"),
        ("training.devices", "gpu", "auto, cpu or a number of GPUs", "'gpu'"),
        ("training.devices", 0, "auto, cpu or a number of GPUs", "0"),
        ("profiles.demo.pretrained", "imagnet", "imagenet, null, or the path of a .h5", "'imagnet'"),
        ("sources.archive.url", "ftp://host/file", "match pattern", "'ftp://host/file'"),
        ("profiles.own.faces.sise", 32, "no such key", "32"),
        ("profiles.own.archive.sha256", "abc", "match pattern", "'abc'"),
        ("profiles.own.splits.unbalanced", "offical", "'official', 'percentage', 'k-fold' or 'given'", "'offical'"),
    ],
)
def test_load__bad_value_names_key_expected_and_received(tmp_path, path, value, expected, received):
    with pytest.raises(InputError) as error:
        params.load(changed(tmp_path, path, value))
    message = str(error.value)
    assert any(f": {path}{more}: expected " in message for more in ("", ".0", ".name"))
    assert expected in message and f"received {received}" in message
    assert "\n" not in message


def test_load__good_file_resolves_profile_and_optimizer():
    loaded = params.load(GOOD)
    assert loaded.chosen == loaded.profiles["demo"]
    assert loaded.optimizer_of(loaded.rows["table2-ResNet50"]).name == "sgd"
    assert len(loaded.rows) == 15


def test_load__profile_changes_faces_splits_and_archive(tmp_path):
    loaded, own = params.load(GOOD), params.load(GOOD, "own")
    assert (loaded.faces.resize, loaded.splits.unbalanced, loaded.sources.archive.expected) == (False, "official", "fer2013")
    assert (own.faces.resize, own.splits.unbalanced, own.sources.archive.expected) == (True, "given", None)
    assert (own.faces.emotions, own.splits.folds) == (loaded.faces.emotions, loaded.splits.folds)  # what it does not name stays
    assert own.sources.archive.sha256 is None and own.sources.archive.max_unpacked_bytes == loaded.sources.archive.max_unpacked_bytes


def test_load__parts_are_of_three_names(tmp_path):
    with pytest.raises(InputError, match="sources.archive.parts.fold1: expected 'train', 'validation' or 'test', received 'training'"):
        params.load(changed(tmp_path, "sources.archive.parts", {"fold1": "training"}))


def test_load__profile_that_is_not_in_force_changes_nothing(tmp_path):
    file = changed(tmp_path, "profiles.own.faces", {"size": 100, "emotions": ["glad", "sad"]})
    assert params.load(file).faces == params.load(GOOD).faces
    assert (params.load(file, "own").faces.size, params.load(file, "own").faces.emotions) == (100, ["glad", "sad"])


def test_load__profiles_change_is_checked_under_its_own_key(tmp_path):
    file = changed(tmp_path, "profiles.own.faces.resize", "yes")
    with pytest.raises(InputError, match=r"params.yaml: profiles.own.faces.resize: expected a valid boolean, received 'yes'"):
        params.load(file, "own")
    with pytest.raises(InputError, match=r"params.yaml: splits: expected|params.yaml: splits.fold: expected below folds = 5, received 7"):
        params.load(changed(tmp_path, "profiles.own.splits.fold", 7), "own")


@pytest.mark.parametrize(("text", "folders"), [("{1: sad, 02: fear, '3': null}", {"1": "sad", "2": "fear", "3": None}), ("{}", {})])
def test_load__folders_named_by_numbers(tmp_path, text, folders):
    file = changed(tmp_path, "sources.archive.folders", yaml.safe_load(text))
    assert params.load(file).sources.archive.folders == folders


@pytest.mark.parametrize("text", ["{no: neutral}", "{1.5: sad}", "{null: sad}"])
def test_load__folder_that_yaml_reads_as_something_else(tmp_path, text):
    file = changed(tmp_path, "sources.archive.folders", yaml.safe_load(text))
    with pytest.raises(
        InputError, match=r"sources.archive.folders.*: expected a name, in quotes where YAML would read something else, rec"
    ):
        params.load(file)


def test_load__override_wins_over_row():
    loaded = params.load(GOOD).model_copy(update={"optimizer": "adam"})
    assert loaded.optimizer_of(loaded.rows["table2-ResNet50"]).learning_rate == 0.001


@pytest.mark.parametrize("name", ["2021", "true", "yes", "Off", "my.row", "null", "12:30", "1a", "-a", "table2-é"])
def test_load__name_that_dvc_cannot_address_is_refused(tmp_path, name):
    path = changed(tmp_path, "seed", 0)
    text = path.read_text(encoding="utf-8").replace("table2-ResNet50:", f"{name}:")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"params.yaml: rows\..*: expected a name that DVC's -S can address \(letters.*, received "):
        params.load(path)


@pytest.mark.parametrize("name", ["a", "Table2_x-1", "nan", "None", "y"])
def test_load__name_that_is_accepted_dvc_can_address(tmp_path, name):
    path = changed(tmp_path, "seed", 0)
    path.write_text(path.read_text(encoding="utf-8").replace("table2-ResNet50:", f"{name}:"), encoding="utf-8")
    apply_overrides(path, [f"rows.{name}.batch_size=7"])
    assert params.load(path).rows[name].batch_size == 7


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


def test_load__missing_file_says_where_to_run():
    with pytest.raises(InputError, match="repository's root"):
        params.load("nowhere.yaml")


def test_load__further_files_hold_their_own_keys_alone(tmp_path):
    file = changed(tmp_path, "seed", 1)
    (tmp_path / "grid" / "params.yaml").write_text("grid: {}\nseed: 2\n")
    with pytest.raises(InputError, match="grid/params.yaml: expected the keys grid and cluster, and them here alone, received"):
        params.load(file)


def test_recipe__extends_another_and_changes_what_it_names():
    recipes = params.load(GOOD).recipes
    assert recipes["modern-one-size"] == recipes["modern"].model_copy(update={"progressive_resizing": []})


def test_recipe__extends_another_within_its_sections(tmp_path):
    file = changed(tmp_path, "recipes.mine", {"extends": "modern", "augmentation": {"random_erasing": 0.0}, "tta": {"flip": False}})
    recipes = params.load(file).recipes
    assert recipes["mine"].augmentation == recipes["modern"].augmentation.model_copy(update={"random_erasing": 0.0})
    assert (recipes["mine"].tta.flip, recipes["mine"].tta.translate, recipes["mine"].dropout) == (False, 2, 0.3)


def test_epochs__variants_of_balanced_take_its_epochs_unless_named():
    profile = params.load(GOOD).chosen.model_copy(update={"epochs": {"balanced": 4, "balanced_leaky": 3}, "epochs_of": {}})
    found = [profile.epochs_for("Xception", data) for data in ("balanced", "balanced_official", "balanced_leaky", "unbalanced")]
    assert found == [4, 4, 3, None]


def test_epochs__a_networks_own_go_before_the_profiles():
    own = {"epochs": {"unbalanced": 2, "balanced": 4}, "epochs_of": {"ResNet50": {"balanced": 3}}}
    profile = params.load(GOOD).chosen.model_copy(update=own)
    splits = ("unbalanced", "balanced", "balanced_official")
    assert [profile.epochs_for("ResNet50", data) for data in splits] == [2, 3, 3]
    assert [profile.epochs_for("Xception", data) for data in splits] == [2, 4, 4]


def test_epochs_of__an_unknown_network_is_refused(tmp_path):
    with pytest.raises(InputError, match="profiles.demo.epochs_of.ResNet5: expected .*received 'ResNet5'"):
        params.load(changed(tmp_path, "profiles.demo.epochs_of", {"ResNet5": {"balanced": 1}}))

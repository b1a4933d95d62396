"""The three params.yaml as they are committed: the paper's rows, in the form that DVC writes."""

import pytest
from dvc.utils.hydra import apply_overrides

from pipeline.config import params
from pipeline.config.rows import NETWORKS

GOOD = "params.yaml"


@pytest.mark.parametrize(
    ("file", "override"),
    [
        ("params.yaml", "optimizer=sgd"),
        ("params.yaml", "rows.table2-ResNet50.optimizer=adam"),
        ("params.yaml", "optimizers.adam.learning_rate=1e-05"),
        ("beyond/params.yaml", "beyond.compact-0.seed=3"),
        ("grid/params.yaml", "cluster.retries=1"),
    ],
)
def test_params__override_by_dvc_changes_one_line(tmp_path, file, override):
    # The files are kept in the form in which DVC writes them; in another one -S would rewrite them from end to end.
    path = tmp_path / "params.yaml"
    before = open(file, encoding="utf-8").read()
    path.write_text(before, encoding="utf-8")
    apply_overrides(path, [override])
    after = path.read_text(encoding="utf-8").splitlines()
    assert len(after) == len(before.splitlines()), "run `dvc exp run -S seed=0` once, and keep the form that it gives the file"
    assert sum(old != new for old, new in zip(before.splitlines(), after, strict=True)) == 1


def test_networks__are_the_files_of_the_folder():
    papers = {"GoogLeNet", "InceptionResNetV2", "InceptionV3", "MobileNetV2", "ResNet101", "ResNet50", "Xception"}
    assert set(NETWORKS) == papers | {"Compact", "CompactWide"}


def test_params_yaml__rows_are_the_papers():
    # Every setting of a row stands in the paper's table too; the two files may not drift apart.
    from pipeline.reporting.paper import read_paper

    loaded, listed = params.load(GOOD), set()
    rows = loaded.rows
    for table in read_paper()["tables"].values():
        for line in table["rows"]:
            if line["row"]:
                row = rows[line["row"]]
                listed.add(line["row"])
                size = loaded.image_size_of(row)
                assert (row.optimizer, row.batch_size, size) == (line["optimizer"], line["batch_size"], line["image_size"])
                assert row.model.lower() == line["model"].lower()
    assert listed == set(rows)


def test_params_yaml__paper_profile_is_as_printed():
    profile = params.load(GOOD).profiles["paper"]
    assert (profile.epochs["unbalanced"], profile.epochs["balanced"], profile.pretrained) == (700, 500, "imagenet")
    assert (profile.train_faces, profile.validation_share, profile.max_batch_size) == (None, 0.0, None)


def test_params_yaml__is_in_the_form_that_dvc_writes(tmp_path):
    # Else one -S would show changes all over the file.
    for file in (GOOD, *params.OWN):
        before = open(file, encoding="utf-8").read()
        copy = tmp_path / "params.yaml"
        copy.write_text(before, encoding="utf-8")
        apply_overrides(copy, ["seed=5"] if file == GOOD else ["+seed=5"])
        lines, after = before.splitlines(), copy.read_text(encoding="utf-8").splitlines()
        assert len([line for line in after if line not in lines]) == 1, file
        assert not [line for line in lines if line not in after and not line.startswith("seed:")], file

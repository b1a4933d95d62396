"""Stage balance: the labels to data/splits, one CSV a split (the paper's section 4.1; undersampling as in Table 3)."""

import pandas as pd

from pipeline.common.errors import run, take_no_arguments
from pipeline.common.files import remove, write_csv, write_json
from pipeline.common.workspace import FACES, RGB, SPLIT_FILES
from pipeline.config import params as parameters
from pipeline.dataset import arrays
from pipeline.dataset.labels import read_labels
from pipeline.dataset.names import SPLITS, TEST
from pipeline.faces import splits


def split_all(labels, policy, seed, train_faces, validation_share):
    """Return {name: split table} of every split; policy is config.data.Splits.

    balanced_official and balanced_leaky are tested on the unbalanced split's test faces: the official ones, by default. The official
    validation faces, where there are any, validate unbalanced and balanced_official; the other two are drawn from them too.
    """

    def assemble(train, test, validation=None):
        return splits.assemble(splits.fewer(train, train_faces, seed), test, validation_share, seed, validation)

    validation = None
    if policy.unbalanced == "k-fold":
        unbalanced = splits.k_fold(labels, policy.folds, policy.fold, train_faces, validation_share, seed)
        is_test = labels.face.isin(unbalanced.face[unbalanced.split == TEST])
        train, test = labels[~is_test], labels[is_test]
    else:
        if policy.unbalanced == "official" or policy.unbalanced == "given" and splits.has_parts(labels):
            (train, test), validation = splits.official(labels), splits.official_validation(labels)
        else:
            train, test = splits.percentage(labels, policy.test_size, seed)
        unbalanced = assemble(train, test, validation)
    balanced = splits.undersampled(labels, seed)
    tables = {
        "unbalanced": unbalanced,
        "balanced": assemble(*splits.percentage(balanced, policy.test_size, seed)),
        "balanced_official": assemble(splits.undersampled(train, seed), test, validation),
        "balanced_leaky": assemble(balanced, test),
    }
    return {name: tables[name] for name in SPLITS}


def counts(tables):
    """Return a table of the faces in each part of each split, and of the test faces with a duplicate in train."""
    duplicates = {name: int(table.duplicate[table.split == TEST].sum()) for name, table in tables.items()}
    rows = {name: table.split.value_counts().to_dict() | {"duplicates": duplicates[name]} for name, table in tables.items()}
    return pd.DataFrame(rows).T.reindex(columns=["train", "validation", "test", "duplicates"]).fillna(0).astype(int)


def main():
    """Read data/rgb/labels.csv and write data/splits."""
    params = parameters.load()
    labels, profile = read_labels(RGB / "labels.csv"), params.chosen
    tables = split_all(labels, params.splits, params.seed, profile.train_faces, profile.validation_share)
    try:
        for name, table in tables.items():
            write_csv(SPLIT_FILES / f"{name}.csv", table)
        write_json(SPLIT_FILES / "faces.json", {"sha256": arrays.sha256_of(FACES)})
    except BaseException:
        for name in (*(f"{name}.csv" for name in tables), "faces.json"):
            remove(SPLIT_FILES / name)
        raise
    print(counts(tables).to_string())


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)

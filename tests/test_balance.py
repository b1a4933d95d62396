import pandas as pd
import pytest

from pipeline import balance
from pipeline.config import params
from pipeline.config.data import Splits
from pipeline.faces import splits, synthetic
from tests.faces.labels import counts, error_of, faces, part, table

# The four splits together. 30 faces: happy 100 to 115, its tests 116 to 119; sad 120 to 127, its tests 128 and 129.

LABELS = table(happy=(16, 4), sad=(8, 2))


OFFICIAL_TEST = {116, 117, 118, 119, 128, 129}


def split_all(unbalanced="official", train_faces=None, validation_share=0.0, seed=0, labels=LABELS):
    policy = Splits(unbalanced=unbalanced, test_size=0.2, folds=5, fold=1)
    return balance.split_all(labels, policy, seed, train_faces, validation_share)


def sizes(split):
    return {name: counts(part(split, name)) for name in ("train", "validation", "test") if len(part(split, name))}


def test_split_all__names_in_order():
    assert list(split_all()) == ["unbalanced", "balanced", "balanced_official", "balanced_leaky"]


def test_split_all__unbalanced_is_the_official_split():
    split = split_all()["unbalanced"]
    assert sizes(split) == {"train": {"happy": 16, "sad": 8}, "test": {"happy": 4, "sad": 2}}
    assert faces(part(split, "test")) == OFFICIAL_TEST and faces(split) == faces(LABELS)


def test_split_all__balanced_pools_then_divides():
    # All 30 pooled, 10 of each left, 0.2 of them tested.
    split = split_all()["balanced"]
    assert sizes(split) == {"train": {"happy": 8, "sad": 8}, "test": {"happy": 2, "sad": 2}}
    assert len(faces(split)) == 20 and not faces(part(split, "train")) & faces(part(split, "test"))
    assert set(range(120, 130)) <= faces(split)  # all the sad ones, the official test faces among them


def test_split_all__balanced_official_balances_the_training_faces_alone():
    split = split_all()["balanced_official"]
    assert sizes(split) == {"train": {"happy": 8, "sad": 8}, "test": {"happy": 4, "sad": 2}}
    assert faces(part(split, "test")) == OFFICIAL_TEST and not faces(part(split, "train")) & OFFICIAL_TEST


def test_split_all__balanced_leaky_trains_on_all_pooled_faces():
    split = split_all()["balanced_leaky"]
    assert sizes(split) == {"train": {"happy": 10, "sad": 10}, "test": {"happy": 4, "sad": 2}}
    train, test = part(split, "train"), part(split, "test")
    assert faces(test) == OFFICIAL_TEST
    pool = split_all()["balanced"]
    assert faces(train) == faces(pool)  # the pool of `balanced`, undivided
    assert {128, 129} <= faces(train)  # the leak: both sad test faces were trained on
    assert list(test.duplicate) == [face in faces(train) for face in test.face] and test.duplicate.sum() >= 2


def test_split_all__validation_is_cut_from_train():
    tables = split_all(validation_share=0.25)
    assert sizes(tables["unbalanced"])["validation"] == {"happy": 4, "sad": 2}
    assert sizes(tables["balanced"]) == {n: {"happy": c, "sad": c} for n, c in (("train", 6), ("validation", 2), ("test", 2))}
    assert sizes(tables["balanced_official"])["validation"] == {"happy": 2, "sad": 2}
    for name in ("unbalanced", "balanced_official", "balanced_leaky"):
        assert faces(part(tables[name], "test")) == OFFICIAL_TEST
    for name in ("unbalanced", "balanced", "balanced_official"):
        assert len(tables[name]) == len(faces(tables[name]))  # no face in two parts


def test_split_all__fewer_training_faces_same_test_faces():
    tables, whole = split_all(train_faces=6), split_all()
    assert {name: sizes(split)["train"] for name, split in tables.items()} == {
        "unbalanced": {"happy": 4, "sad": 2},
        "balanced": {"happy": 3, "sad": 3},
        "balanced_official": {"happy": 3, "sad": 3},
        "balanced_leaky": {"happy": 3, "sad": 3},
    }
    for name, split in tables.items():
        assert faces(part(split, "test")) == faces(part(whole[name], "test"))
        assert faces(part(split, "train")) < faces(part(whole[name], "train"))


def test_split_all__given_validation_part():
    # Two of the 16 happy and one of the 8 sad training faces validate by the data set's own split.
    labels = LABELS.assign(usage=LABELS.usage.where(~LABELS.face.isin([100, 101, 120]), "Validation"))
    tables = split_all(labels=labels, validation_share=0.25)
    assert sizes(tables["unbalanced"])["train"] == {"happy": 14, "sad": 7}
    for name in ("unbalanced", "balanced_official"):
        assert faces(part(tables[name], "validation")) == {100, 101, 120} and faces(part(tables[name], "test")) == OFFICIAL_TEST
        assert not faces(part(tables[name], "train")) & {100, 101, 120}
    # The other two are drawn from all faces, and their validation faces cut from their own training faces.
    assert len(part(tables["balanced"], "validation")) == 4 and len(part(tables["balanced_leaky"], "validation")) == 5


def test_split_all__given_is_official_where_faces_have_parts_and_a_percentage_where_none_has():
    assert all(split_all("given")[name].equals(split) for name, split in split_all("official").items())
    without = LABELS.assign(usage="")
    assert all(split_all("given", labels=without)[name].equals(split) for name, split in split_all("percentage", labels=without).items())
    some = LABELS.assign(usage=LABELS.usage.where(LABELS.face > 100, ""))
    assert "name the folders of each part in sources.archive.parts" in error_of(split_all, "given", None, 0.0, 0, some)


def test_split_all__percentage():
    # The usages no longer matter: 0.2 of 20 happy and 10 sad faces are tested, of the unbalanced and of both that follow it.
    tables = split_all("percentage", labels=LABELS.assign(usage=""))
    test = faces(part(tables["unbalanced"], "test"))
    assert sizes(tables["unbalanced"]) == {"train": {"happy": 16, "sad": 8}, "test": {"happy": 4, "sad": 2}}
    assert test != OFFICIAL_TEST
    for name in ("balanced_official", "balanced_leaky"):
        assert faces(part(tables[name], "test")) == test
    assert sizes(tables["balanced_official"])["train"] == {"happy": 8, "sad": 8}
    assert not faces(part(tables["balanced_official"], "train")) & test


def test_split_all__k_fold():
    tables = split_all("k-fold", labels=LABELS.assign(usage=""))
    assert "fold" in tables["unbalanced"] and "fold" not in tables["balanced"]
    test = faces(part(tables["unbalanced"], "test"))
    assert test == faces(tables["unbalanced"][tables["unbalanced"].fold == 1])
    assert sizes(tables["unbalanced"]) == {"train": {"happy": 16, "sad": 8}, "test": {"happy": 4, "sad": 2}}
    for name in ("balanced_official", "balanced_leaky"):
        assert faces(part(tables[name], "test")) == test
    assert not faces(part(tables["balanced_official"], "train")) & test


def test_split_all__k_fold_of_fewer_faces_with_validation():
    # 20 of the 30 faces, as 13.3 and 6.7; a quarter of them held, of which those of other folds validate.
    split = split_all("k-fold", train_faces=20, validation_share=0.25)["unbalanced"]
    assert counts(split) == {"happy": 13, "sad": 7} and split.held.sum() == 5
    assert split.held[split.split == "validation"].all() and not split.held[split.split == "train"].any()


@pytest.mark.parametrize("unbalanced", ["official", "percentage", "k-fold"])
def test_split_all__seed_repeats_and_matters(unbalanced):
    first, again, other = (split_all(unbalanced, None, 0.25, seed) for seed in (3, 3, 4))
    assert all(first[name].equals(again[name]) for name in first)
    assert not any(first[name].equals(other[name]) for name in first)


def test_split_all__official_without_usages():
    assert "choose percentage or k-fold" in error_of(split_all, "official", None, 0.0, 0, LABELS.assign(usage=""))


def test_counts__by_hand():
    tables = split_all(validation_share=0.25)
    received = balance.counts(tables)
    assert list(received.columns) == ["train", "validation", "test", "duplicates"]
    assert received.loc["unbalanced"].tolist() == [18, 6, 6, 0]
    assert received.loc["balanced"].tolist() == [12, 4, 4, 0]
    leaky = tables["balanced_leaky"]
    both = faces(part(leaky, "train")) & OFFICIAL_TEST
    assert received.loc["balanced_leaky"].tolist() == [15, 5, 6, len(both)]


def test_counts__parts_without_faces_are_zero():
    assert balance.counts(split_all()).to_dict("list") == {
        "train": [24, 16, 16, 20],
        "validation": [0, 0, 0, 0],
        "test": [6, 4, 6, 6],
        "duplicates": [0, 0, 0, int(split_all()["balanced_leaky"].duplicate.sum())],
    }


def test_counts__duplicates_of_the_fold_that_is_tested():
    # 15 faces of one picture: in each fold five are tested, and each has a duplicate in train.
    split = splits.k_fold(table(happy=9, sad=6).assign(digest="one picture"), 3, 0, None, 0.0, 0)
    assert balance.counts({"unbalanced": split}).loc["unbalanced"].tolist() == [10, 0, 5, 5]


def test_split_all__profile_tiny_fills_the_largest_batch_of_the_grid():
    loaded = params.load("params.yaml")
    profile, synthetic_source = loaded.profiles["tiny"], loaded.sources.synthetic
    emotions, usages = synthetic.labels(profile.synthetic_faces, synthetic_source.class_counts, loaded.seed)
    drawn = pd.DataFrame({"face": range(len(emotions)), "emotion": emotions, "usage": usages, "digest": range(len(emotions))})
    tables = balance.split_all(drawn, loaded.splits, loaded.seed, profile.train_faces, profile.validation_share)
    for name in loaded.grid.data:
        assert len(part(tables[name], "train")) >= max(loaded.grid.batch_size)

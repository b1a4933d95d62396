import re

import numpy as np
import pandas as pd
import pytest

from pipeline import balance
from pipeline.errors import InputError
from pipeline.faces import splits
from pipeline.params import Splits

TESTED = ("PublicTest", "PrivateTest", "Test")


def table(**counts):
    """A label table: happy=5 gives five happy faces for training; happy=(5, 2) two more, for the tests in turn."""
    rows = []
    for emotion, count in counts.items():
        train, test = count if isinstance(count, tuple) else (count, 0)
        rows += [(emotion, "Training")] * train + [(emotion, TESTED[number % 3]) for number in range(test)]
    labels = pd.DataFrame(rows, columns=["emotion", "usage"])
    labels.insert(0, "face", np.arange(100, 100 + len(labels)))  # no face is its own position: the two cannot be mixed up
    return labels.assign(name=[f"{face}.png" for face in labels.face], digest=[f"digest of {face}" for face in labels.face])


def counts(rows):
    return rows.emotion.value_counts().to_dict()


def part(split, name):
    return split[split.split == name]


def faces(rows):
    return set(rows.face)


def error_of(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    return str(error.value)


# official


def test_official__by_usage():
    train, test = splits.official(table(happy=(3, 3), sad=(2, 1)))
    # happy 100 to 102, tests 103 to 105 (public, private, "Test"); sad 106 and 107, test 108
    assert list(train.face) == [100, 101, 102, 106, 107] and list(test.face) == [103, 104, 105, 108]


@pytest.mark.parametrize(
    ("usages", "received"),
    [
        (["Training", "PublicTest", ""], "received 1 and 1 of 3"),
        (["Training", "PublicTest", "training"], "received 1 and 1 of 3"),
        (["Training"] * 3, "received 3 and 0 of 3"),
        (["Test"] * 3, "received 0 and 3 of 3"),
        ([""] * 3, "received 0 and 0 of 3"),
    ],
)
def test_official__face_without_a_place(usages, received):
    message = error_of(splits.official, table(happy=2, sad=1).assign(usage=usages))
    assert "splits.unbalanced official: expected every face to be marked for training or test" in message
    assert received in message and message.endswith("choose percentage or k-fold")


# percentage


def test_percentage__stratified():
    labels = table(happy=10, sad=5)
    train, test = splits.percentage(labels, 0.2, 0)
    assert counts(train) == {"happy": 8, "sad": 4} and counts(test) == {"happy": 2, "sad": 1}
    assert faces(train) | faces(test) == faces(labels) and not faces(train) & faces(test)
    assert list(train.face) == sorted(train.face) and list(test.face) == sorted(test.face)


def test_percentage__usage_does_not_matter():
    labels = table(happy=(5, 5), sad=(0, 5))
    assert faces(splits.percentage(labels, 0.2, 0)[1]) == faces(splits.percentage(labels.assign(usage=""), 0.2, 0)[1])


def test_percentage__rows_of_faces_stay_together():
    labels = table(happy=10, sad=5)
    for rows in splits.percentage(labels, 0.4, 0):
        assert rows.equals(labels[labels.face.isin(rows.face)])


@pytest.mark.parametrize(
    ("labels", "share", "cause"),
    [
        (table(happy=10, sad=1), 0.2, "The least populated"),
        (table(happy=4, sad=4), 0.1, "should be greater or equal to the number of classes"),  # one test face, two emotions
        (table(happy=4, sad=4), 0.8, "should be greater or equal to the number of classes"),  # one training face
    ],
)
def test_percentage__too_few_faces(labels, share, cause):
    message = error_of(splits.percentage, labels, share, 0)
    assert message.startswith(f"splits.test_share: expected a share with every emotion on both sides, received {share}: ")
    assert cause in message


# undersampled


def test_undersampled__every_emotion_like_the_rarest():
    labels = table(happy=9, sad=3, fear=5)
    chosen = splits.undersampled(labels, 0)
    assert counts(chosen) == {"happy": 3, "sad": 3, "fear": 3}
    assert list(chosen.face) == sorted(set(chosen.face))  # in order, none twice
    assert faces(chosen[chosen.emotion == "sad"]) == {109, 110, 111}  # all of the rarest
    assert chosen.equals(labels[labels.face.isin(chosen.face)])  # no row is changed


def test_undersampled__equal_counts_stay_whole():
    labels = table(happy=3, sad=3)
    assert splits.undersampled(labels, 0).equals(labels)


def test_undersampled__not_simply_the_first():
    firsts = {100, 101, 102}
    assert any(faces(splits.undersampled(table(happy=30, sad=3), seed)) - {130, 131, 132} != firsts for seed in range(3))


# fewer


@pytest.mark.parametrize(
    ("count", "expected"),
    [(6, {"happy": 4, "sad": 2}), (3, {"happy": 2, "sad": 1}), (9, {"happy": 6, "sad": 3})],  # 2 : 1 each time
)
def test_fewer__stratified(count, expected):
    labels = table(happy=8, sad=4)
    chosen = splits.fewer(labels, count, 0)
    assert counts(chosen) == expected and chosen.equals(labels[labels.face.isin(chosen.face)])


@pytest.mark.parametrize("count", [None, 12, 13, 10**6])
def test_fewer__all(count):
    labels = table(happy=8, sad=4)
    assert splits.fewer(labels, count, 0).equals(labels)


def test_fewer__fewer_than_emotions():
    assert error_of(splits.fewer, table(happy=8, sad=4), 1, 0).startswith("profiles train_faces: expected ")


# assemble


def test_assemble__validation_from_train_only():
    labels = table(happy=(8, 4), sad=(4, 2))
    split = splits.assemble(*splits.official(labels), 0.25, 0)
    assert list(split.columns) == ["face", "emotion", "split", "twin"]
    assert counts(part(split, "train")) == {"happy": 6, "sad": 3}
    assert counts(part(split, "validation")) == {"happy": 2, "sad": 1}
    assert faces(part(split, "test")) == {108, 109, 110, 111, 116, 117}  # the official ones, untouched
    assert len(split) == len(faces(split)) == 18 and list(split.index) == list(range(18))
    assert dict(zip(split.face, split.emotion, strict=True)) == dict(zip(labels.face, labels.emotion, strict=True))


@pytest.mark.parametrize("share", [0, 0.0])
def test_assemble__no_validation(share):
    split = splits.assemble(*splits.official(table(happy=(8, 4), sad=(4, 2))), share, 0)
    assert split.split.value_counts().to_dict() == {"train": 12, "test": 6} and not split.twin.any()


def test_assemble__twin_is_a_test_face_with_its_picture_in_train():
    labels = table(happy=(8, 4), sad=(4, 2)).set_index("face", drop=False)
    train, test = splits.official(labels)
    before = splits.assemble(train, test, 0.25, 0)
    trained, again, *_ = part(before, "train").face
    held = part(before, "validation").face.iloc[0]
    labels.loc[108, "digest"] = labels.digest[trained]  # a test face like a training face: a twin
    labels.loc[109, "digest"] = labels.digest[held]  # like a validation face: none, nothing is learnt from that
    labels.loc[110, "digest"] = labels.digest[111]  # two test faces alike: none
    labels.loc[again, "digest"] = labels.digest[trained]  # two training faces alike: none
    after = splits.assemble(*splits.official(labels), 0.25, 0)
    assert after.drop(columns="twin").equals(before.drop(columns="twin"))  # digests do not decide who goes where
    assert list(after.face[after.twin]) == [108] and not before.twin.any()
    assert after.twin.dtype == bool


def test_assemble__every_test_face_with_a_twin():
    labels = table(happy=(8, 4), sad=(4, 2)).assign(digest="one picture")
    split = splits.assemble(*splits.official(labels), 0.25, 0)
    assert (split.twin == (split.split == "test")).all()


def test_assemble__too_few_faces_to_validate():
    # A twentieth of 12 is one face, for two emotions: no validation part.
    split = splits.assemble(*splits.official(table(happy=(8, 4), sad=(4, 2))), 0.05, 0)
    assert split.split.value_counts().to_dict() == {"train": 12, "test": 6}


# k_fold


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__each_face_tested_once(fold):
    labels = table(happy=9, sad=6)
    split = splits.k_fold(labels, 3, fold, None, 0.0, 0)
    assert list(split.columns) == ["face", "emotion", "split", "twin", "fold", "held"]
    assert list(split.face) == list(labels.face) and list(split.emotion) == list(labels.emotion)
    for number in (0, 1, 2):
        assert counts(split[split.fold == number]) == {"happy": 3, "sad": 2}
    assert (split.split == np.where(split.fold == fold, "test", "train")).all()
    assert not split.held.any() and not split.twin.any()


def test_k_fold__folds_do_not_depend_on_the_one_tested():
    first, *others = [splits.k_fold(table(happy=9, sad=6), 3, fold, None, 0.4, 0) for fold in range(3)]
    for other in others:
        assert other.drop(columns="split").equals(first.drop(columns="split"))
    tested = [set(part(split, "test").face) for split in (first, *others)]
    assert set.union(*tested) == faces(first) and sum(map(len, tested)) == 15


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__held_faces_validate_unless_tested(fold):
    split = splits.k_fold(table(happy=9, sad=6), 3, fold, None, 0.4, 0)
    assert counts(split[split.held]) == {"happy": 4, "sad": 2}  # 0.4 of 15 is 6, as 3.6 and 2.4
    for number, held, name in zip(split.fold, split.held, split.split, strict=True):
        assert name == ("test" if number == fold else "validation" if held else "train")


def test_k_fold__twins():
    labels = table(happy=9, sad=6).set_index("face", drop=False)
    before = splits.k_fold(labels, 3, 0, None, 0.4, 0).set_index("face")
    free = before[~before.held]
    one, two = (free[free.fold == number].index for number in (0, 1))
    held = before[before.held & (before.fold == 2)].index[0]
    alike = before[before.fold == 2].index.difference([held])[:2]
    labels.loc[two[0], "digest"] = labels.digest[one[0]]  # in two folds, none held: each is trained on when the other is tested
    labels.loc[held, "digest"] = labels.digest[one[1]]  # one held: only it meets its twin, for it is never trained on
    labels.loc[alike[1], "digest"] = labels.digest[alike[0]]  # in one fold: tested together, so never a twin
    after = splits.k_fold(labels, 3, 0, None, 0.4, 0).set_index("face")
    assert after.drop(columns="twin").equals(before.drop(columns="twin"))
    assert set(after.index[after.twin]) == {one[0], two[0], held}


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__twins_of_a_fold_as_assemble_has_them(fold):
    # Every digest is of two or three faces; the fold's own parts, put together by the other function, give the same twins.
    labels = table(happy=12, sad=9)
    labels["digest"] = [f"picture {face % 8}" for face in labels.face]
    split = splits.k_fold(labels, 3, fold, None, 0.4, 0)
    train, test = (labels[labels.face.isin(part(split, name).face)] for name in ("train", "test"))
    expected = splits.assemble(train, test, 0.0, 0)
    received = part(split, "test")
    assert list(received.twin) == list(part(expected, "test").twin) and received.twin.any() and not received.twin.all()


def test_k_fold__fewer_faces():
    split = splits.k_fold(table(happy=12, sad=6), 3, 0, 9, 0.0, 0)
    assert counts(split) == {"happy": 6, "sad": 3} and counts(part(split, "test")) == {"happy": 2, "sad": 1}


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((table(happy=2, sad=2), 3, 0, None, 0.0, 0), "splits.folds: expected at least 3 faces of every emotion, received"),
        ((table(happy=9, sad=6), 3, 0, None, 0.05, 0), "profiles validation_share: expected a share with every emotion"),
        ((table(happy=9, sad=6), 3, 0, 1, 0.0, 0), "profiles train_faces: expected "),
    ],
)
def test_k_fold__too_few_faces(arguments, what):
    assert error_of(splits.k_fold, *arguments).startswith(what)


# Seeds


@pytest.mark.parametrize(
    "choose",
    [
        lambda labels, seed: splits.percentage(labels, 0.25, seed)[1],
        splits.undersampled,
        lambda labels, seed: splits.fewer(labels, 20, seed),
        lambda labels, seed: part(splits.assemble(labels, labels.iloc[:0], 0.25, seed), "validation"),
        lambda labels, seed: part(splits.k_fold(labels, 4, 0, None, 0.0, seed), "test"),
        lambda labels, seed: splits.k_fold(labels, 4, 0, None, 0.25, seed).query("held"),
    ],
    ids=["percentage", "undersampled", "fewer", "assemble", "k_fold", "held"],
)
def test_seed__repeats_and_matters(choose):
    labels = table(happy=40, sad=24)
    assert list(choose(labels, 3).face) == list(choose(labels, 3).face)
    assert faces(choose(labels, 3)) != faces(choose(labels, 4))


# The four splits together. 30 faces: happy 100 to 115, its tests 116 to 119; sad 120 to 127, its tests 128 and 129.

LABELS = table(happy=(16, 4), sad=(8, 2))
OFFICIAL_TEST = {116, 117, 118, 119, 128, 129}


def split_all(unbalanced="official", train_faces=None, validation_share=0.0, seed=0, labels=LABELS):
    policy = Splits(unbalanced=unbalanced, test_share=0.2, folds=5, fold=1)
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
    assert list(test.twin) == [face in faces(train) for face in test.face] and test.twin.sum() >= 2


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
    assert list(received.columns) == ["train", "validation", "test", "twins"]
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
        "twins": [0, 0, 0, int(split_all()["balanced_leaky"].twin.sum())],
    }


def test_counts__twins_of_the_fold_that_is_tested():
    # 15 faces of one picture: in each fold five are tested, and each has a twin in train.
    split = splits.k_fold(table(happy=9, sad=6).assign(digest="one picture"), 3, 0, None, 0.0, 0)
    assert balance.counts({"unbalanced": split}).loc["unbalanced"].tolist() == [10, 0, 5, 5]


@pytest.mark.parametrize("choose", [lambda labels: splits.percentage(labels, 0.1, 0), lambda labels: (splits.fewer(labels, 10, 0),) * 2])
def test_stratified__rare_emotion_lost_on_one_side(choose):
    # A tenth of 98 and 2 is 10 and 0.
    try:
        assert all(set(side.emotion) == {"happy", "sad"} for side in choose(table(happy=98, sad=2)))
    except InputError as error:
        assert "every emotion" in str(error)


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_k_fold__one_emotion_with_too_few_faces():
    assert "expected at least 5 faces of every emotion" in error_of(splits.k_fold, table(happy=10, sad=2), 5, 0, None, 0.0, 0)


@pytest.mark.parametrize("count", [1, 11])
def test_fewer__message_names_what_was_set(count):
    # 1 of 12 cannot hold two emotions. 11 can, but the one left out would have to; to give the eleven is as good.
    labels = table(happy=8, sad=4)
    try:
        assert len(splits.fewer(labels, count, 0)) == 11
    except InputError as error:
        assert re.search(rf"received {count}\b", str(error))


@pytest.mark.parametrize("labels", [table(happy=(4, 2), sad=(0, 2)), table(happy=(4, 2), sad=(2, 0))], ids=["test only", "train only"])
def test_official__emotion_on_one_side_only(labels):
    assert "sad" in error_of(splits.official, labels)

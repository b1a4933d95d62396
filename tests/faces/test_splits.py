import re

import pytest

from pipeline.faces import splits
from tests.faces.labels import counts, error_of, faces, part, table

# official


def test_official__by_usage():
    train, test = splits.official(table(happy=(3, 3), sad=(2, 1)))
    # happy 100 to 102, tests 103 to 105 (public, private, "Test"); sad 106 and 107, test 108
    assert list(train.face) == [100, 101, 102, 106, 107] and list(test.face) == [103, 104, 105, 108]


@pytest.mark.parametrize(
    ("usages", "received"),
    [
        (["Training", "PublicTest", ""], "received 1, 0 and 1 of 3"),
        (["Training", "PublicTest", "training"], "received 1, 0 and 1 of 3"),
        (["Training"] * 3, "received 3, 0 and 0 of 3"),
        (["Training", "Training", "Validation"], "received 2, 1 and 0 of 3"),
        (["Test"] * 3, "received 0, 0 and 3 of 3"),
        ([""] * 3, "received 0, 0 and 0 of 3"),
    ],
)
def test_official__face_without_a_place(usages, received):
    message = error_of(splits.official, table(happy=2, sad=1).assign(usage=usages))
    assert "splits.unbalanced official: expected every face to be marked for training, validation or test" in message
    assert received in message and message.endswith("choose percentage or k-fold")


def test_official__validation_faces_are_neither():
    labels = table(happy=(3, 3), sad=(2, 1))
    labels.loc[[0, 6], "usage"] = "Validation"
    train, test = splits.official(labels)
    assert list(train.face) == [101, 102, 107] and list(test.face) == [103, 104, 105, 108]
    assert list(splits.official_validation(labels).face) == [100, 106]


def test_has_parts__by_usage():
    labels = table(happy=2, sad=1)
    assert splits.has_parts(labels) and not splits.has_parts(labels.assign(usage=""))
    assert splits.has_parts(labels.assign(usage=["", "", "Test"]))


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
    assert message.startswith(f"splits.test_size: expected a share with every emotion on both sides, received {share}: ")
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
    assert list(split.columns) == ["face", "emotion", "split", "duplicate"]
    assert counts(part(split, "train")) == {"happy": 6, "sad": 3}
    assert counts(part(split, "validation")) == {"happy": 2, "sad": 1}
    assert faces(part(split, "test")) == {108, 109, 110, 111, 116, 117}  # the official ones, untouched
    assert len(split) == len(faces(split)) == 18 and list(split.index) == list(range(18))
    assert dict(zip(split.face, split.emotion, strict=True)) == dict(zip(labels.face, labels.emotion, strict=True))


def test_assemble__given_validation_faces_are_the_validation_part():
    labels = table(happy=(8, 4), sad=(4, 2))
    labels.loc[[0, 1, 12], "usage"] = "Validation"
    labels.loc[[0, 2], "digest"] = "the same"  # one picture in both: the split is kept as it was given
    for share in (0.0, 0.25):
        split = splits.assemble(*splits.official(labels), share, 0, splits.official_validation(labels))
        assert faces(part(split, "validation")) == {100, 101, 112}
        assert faces(part(split, "train")) == {102, 103, 104, 105, 106, 107, 113, 114, 115}
    without = splits.assemble(*splits.official(labels), 0.25, 0, splits.official_validation(labels)[:0])
    assert len(part(without, "validation")) == 3 and not faces(part(without, "validation")) & {100, 101, 112}


@pytest.mark.parametrize("share", [0, 0.0])
def test_assemble__no_validation(share):
    split = splits.assemble(*splits.official(table(happy=(8, 4), sad=(4, 2))), share, 0)
    assert split.split.value_counts().to_dict() == {"train": 12, "test": 6} and not split.duplicate.any()


def test_assemble__duplicate_is_a_test_face_with_its_picture_in_train():
    labels = table(happy=(8, 4), sad=(4, 2)).set_index("face", drop=False)
    train, test = splits.official(labels)
    before = splits.assemble(train, test, 0.25, 0)
    trained = part(before, "train").face.iloc[0]
    held = part(before, "validation").face.iloc[0]
    labels.loc[108, "digest"] = labels.digest[trained]  # a test face like a training face: a duplicate
    labels.loc[109, "digest"] = labels.digest[held]  # like a validation face: none, nothing is learnt from that
    labels.loc[110, "digest"] = labels.digest[111]  # two test faces alike: none
    after = splits.assemble(*splits.official(labels), 0.25, 0)
    assert after.drop(columns="duplicate").equals(before.drop(columns="duplicate"))  # test faces do not decide who goes where
    assert list(after.face[after.duplicate]) == [108] and not before.duplicate.any()
    assert after.duplicate.dtype == bool


@pytest.mark.parametrize("seed", range(5))
def test_assemble__identical_faces_stay_on_one_side(seed):
    # 40 training faces of 20 pictures, two faces each, one pair with both labels: a quarter of the pictures validates, whole.
    labels = table(happy=(24, 2), sad=(16, 2))
    digests = [f"picture {number // 2 if number < 40 else number}" for number in range(len(labels))]
    train, test = splits.official(labels.sort_values("usage", key=lambda usage: usage != "Training", kind="stable").assign(digest=digests))
    split = splits.assemble(train, test, 0.25, seed)
    pictures = dict(zip(train.face, train.digest, strict=True))
    sides = [{pictures[face] for face in part(split, name).face} for name in ("train", "validation")]
    assert not sides[0] & sides[1] and [len(side) for side in sides] == [15, 5]
    assert counts(part(split, "validation")) == {"happy": 6, "sad": 4}


def test_assemble__every_test_face_with_a_duplicate():
    labels = table(happy=(8, 4), sad=(4, 2)).assign(digest="one picture")
    split = splits.assemble(*splits.official(labels), 0.25, 0)
    assert (split.duplicate == (split.split == "test")).all()


def test_assemble__too_few_faces_to_validate():
    # A twentieth of 12 is one face, for two emotions: no validation part.
    split = splits.assemble(*splits.official(table(happy=(8, 4), sad=(4, 2))), 0.05, 0)
    assert split.split.value_counts().to_dict() == {"train": 12, "test": 6}


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


@pytest.mark.parametrize(
    ("choose", "given", "said"),
    [(splits.percentage, 0.1, "both sides, received 0.1"), (splits.fewer, 10, "the training side, received 10")],
)
def test_stratified__rare_emotion_lost_on_one_side(choose, given, said):
    # A tenth of 98 and 2 is 10 and 0.
    assert f"expected a share with every emotion on {said}: one side has no sad" in error_of(choose, table(happy=98, sad=2), given, 0)


@pytest.mark.parametrize("count", [1, 11])
def test_fewer__message_names_what_was_set(count):
    # 1 of 12 cannot hold two emotions; of 11 the one that is left out cannot.
    assert re.search(rf"train_faces: expected .* received {count}: ", error_of(splits.fewer, table(happy=8, sad=4), count, 0))


@pytest.mark.parametrize("labels", [table(happy=(4, 2), sad=(0, 2)), table(happy=(4, 2), sad=(2, 0))], ids=["test only", "train only"])
def test_official__emotion_on_one_side_only(labels):
    assert "sad" in error_of(splits.official, labels)

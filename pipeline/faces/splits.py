"""Divides faces into train, validation and test by index; faces are chosen, never copied or changed.

A split is a table (face, emotion, split, duplicate): face int64, an index into faces.npy; split one of train, validation,
test; duplicate true for a test face with an identical face in train. A k-fold split has two more columns: fold, in which
the face is tested, and held, whether it validates while its fold is not tested.
"""

import numpy as np
import pandas as pd
from imblearn.under_sampling import RandomUnderSampler
from sklearn.model_selection import StratifiedKFold, train_test_split

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST, TEST_USAGES, TRAIN, TRAINING_USAGE, VALIDATION
from pipeline.faces.parts import VALIDATION_USAGE


def official(labels):
    """Return (train, test) of the data set's own usage column, as tables of `labels`' rows."""
    train, test, validation = labels[labels.usage == TRAINING_USAGE], labels[labels.usage.isin(TEST_USAGES)], official_validation(labels)
    if len(train) + len(validation) + len(test) != len(labels) or not len(train) or not len(test):
        raise InputError(
            f"splits.unbalanced official: expected every face to be marked for training, validation or test, received {len(train)}, "
            f"{len(validation)} and {len(test)} of {len(labels)}; name the folders of each part in sources.archive.parts, or, to give up "
            "the data set's own split, choose percentage or k-fold"
        )
    lacking = sorted(set(train.emotion) ^ set(test.emotion))
    if lacking:
        raise InputError(
            f"splits.unbalanced official: expected every emotion in training and in test, received {', '.join(lacking)} in one only; add "
            "faces, leave the emotion out of faces.emotions, or, to give up the data set's own split, choose percentage or k-fold"
        )
    return train, test


def official_validation(labels):
    """Return the validation faces of the data set's own usage column, of which most have none."""
    return labels[labels.usage == VALIDATION_USAGE]


def has_parts(labels):
    """Tell whether any face says by its usage which part it belongs to."""
    return bool((labels.usage != "").any())


def percentage(labels, test_size, seed):
    """Return (train, test), stratified by emotion, `test_size` of the faces in test."""
    return _stratified(labels, test_size, seed, "splits.test_size", test_size, both_sides=True)


def undersampled(labels, seed):
    """Return the rows of `labels` with every emotion drawn down to the rarest one's count (imbalanced-learn)."""
    sampler = RandomUnderSampler(random_state=seed)
    chosen, _ = sampler.fit_resample(np.arange(len(labels)).reshape(-1, 1), labels.emotion.to_numpy())
    return labels.iloc[np.sort(chosen.ravel())]


def fewer(train, count, seed):
    """Return a stratified `count` of the rows of `train`, all of them where count is None or larger."""
    if count is None or count >= len(train):
        return train
    return _stratified(train, len(train) - count, seed, "profiles train_faces", count)[0]


def assemble(train, test, validation_share, seed, given=None):
    """Return the split table of training and test rows, with a stratified `validation_share` cut from train only.

    Cut by pictures: identical faces stay on one side. A training set whose share has fewer pictures than there are emotions gets no
    validation part. given: the data set's own validation rows; where there are any, they are the validation part as they stand.
    """
    pictures = train.drop_duplicates("digest")
    own = given is not None and len(given) > 0
    if not own and np.ceil(validation_share * len(pictures)) >= train.emotion.nunique():
        held = train.digest.isin(_held_pictures(pictures, validation_share, seed))
    else:
        held = np.zeros(len(train), bool)
    train, validation = train[~held], given if own else train[held]
    parts = pd.concat([train.assign(split=TRAIN), validation.assign(split=VALIDATION), test.assign(split=TEST)])
    duplicate = (parts.split == TEST) & parts.digest.isin(train.digest)
    return parts.assign(duplicate=duplicate)[["face", "emotion", "split", "duplicate"]].reset_index(drop=True)


def k_fold(labels, folds, fold, train_faces, validation_share, seed):
    """Return the split table of stratified k-fold cross-validation with `fold` as the test set (the paper's section 4)."""
    labels = fewer(labels, train_faces, seed)
    if labels.emotion.value_counts().min() < folds:
        scarce = labels.emotion.value_counts().idxmin()
        raise InputError(f"splits.folds: expected at least {folds} faces of every emotion, received fewer of {scarce}; lower folds")
    folder = StratifiedKFold(folds, shuffle=True, random_state=seed)
    number = np.empty(len(labels), np.int64)
    for index, (_, test) in enumerate(folder.split(labels, labels.emotion)):
        number[test] = index
    held = np.zeros(len(labels), bool)
    if validation_share:
        held = labels.digest.isin(_held_pictures(labels.drop_duplicates("digest"), validation_share, seed)).to_numpy()
    split = np.select([number == fold, held], [TEST, VALIDATION], TRAIN)
    # A face is tested in its own fold only, so one column serves every fold: a duplicate in any other, not held, fold.
    picture = pd.factorize(labels.digest)[0]
    trains = np.zeros((picture.max() + 1, folds), bool)  # whether a picture has a face of a fold that is not held
    trains[picture[~held], number[~held]] = True
    duplicate = trains.sum(axis=1)[picture] > trains[picture, number]
    table = labels.assign(split=split, duplicate=duplicate, fold=number, held=held)
    return table[["face", "emotion", "split", "duplicate", "fold", "held"]].reset_index(drop=True)


def _held_pictures(pictures, share, seed):
    # The digests that validate; pictures: one face of each digest, whose emotion stands for the others'.
    return _stratified(pictures, share, seed, "profiles validation_share", share)[1].digest


def _stratified(labels, size, seed, what, given, both_sides=False):
    # Every emotion must be on the first side and, where both_sides, on the second; what and given name the param.
    complaint = f"{what}: expected a share with every emotion on {'both sides' if both_sides else 'the training side'}, received {given}"
    try:
        first, second = train_test_split(np.arange(len(labels)), test_size=size, random_state=seed, stratify=labels.emotion)
    except ValueError as error:
        raise InputError(f"{complaint}: {error}") from None
    sides = labels.iloc[np.sort(first)], labels.iloc[np.sort(second)]
    for side in sides if both_sides else sides[:1]:
        missing = sorted(set(labels.emotion) - set(side.emotion))
        if missing:
            raise InputError(f"{complaint}: one side has no {', '.join(missing)}")
    return sides

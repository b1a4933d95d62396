"""Divides faces into train, validation and test by index; faces are chosen, never copied or changed.

A split is a table (face, emotion, split, twin): face int64, an index into faces.npy; split one of train, validation,
test; twin true for a test face with an identical twin in train. A k-fold split has two more columns: fold, in which
the face is tested, and held, whether it validates while its fold is not tested.
"""

import numpy as np
import pandas as pd
from imblearn.under_sampling import RandomUnderSampler
from sklearn.model_selection import StratifiedKFold, train_test_split

from pipeline.errors import InputError
from pipeline.faces.names import TEST, TEST_USAGES, TRAIN, TRAINING_USAGE, VALIDATION


def official(labels):
    """Return (train, test) of the data set's own usage column, as tables of `labels`' rows."""
    train, test = labels[labels.usage == TRAINING_USAGE], labels[labels.usage.isin(TEST_USAGES)]
    if len(train) + len(test) != len(labels) or not len(train) or not len(test):
        raise InputError(
            f"splits.unbalanced official: expected every face to be marked for training or test, received {len(train)} and "
            f"{len(test)} of {len(labels)}; choose percentage or k-fold"
        )
    lacking = sorted(set(train.emotion) ^ set(test.emotion))
    if lacking:
        raise InputError(
            f"splits.unbalanced official: expected every emotion in training and in test, received {', '.join(lacking)} in one only; "
            "choose percentage or k-fold"
        )
    return train, test


def percentage(labels, test_share, seed):
    """Return (train, test), stratified by emotion, `test_share` of the faces in test."""
    return _stratified(labels, test_share, seed, "splits.test_share", test_share, both_sides=True)


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


def assemble(train, test, validation_share, seed):
    """Return the split table of training and test rows, with a stratified `validation_share` cut from train only.

    A training set whose share has fewer faces than there are emotions gets no validation part.
    """
    if np.ceil(validation_share * len(train)) >= train.emotion.nunique():
        train, validation = _stratified(train, validation_share, seed, "profiles validation_share", validation_share)
    else:
        validation = train.iloc[:0]
    parts = pd.concat([train.assign(split=TRAIN), validation.assign(split=VALIDATION), test.assign(split=TEST)])
    twin = (parts.split == TEST) & parts.digest.isin(train.digest)
    return parts.assign(twin=twin)[["face", "emotion", "split", "twin"]].reset_index(drop=True)


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
        numbered = labels.assign(row=np.arange(len(labels)))
        held_rows = _stratified(numbered, validation_share, seed, "profiles validation_share", validation_share)[1]
        held[held_rows.row] = True
    split = np.select([number == fold, held], [TEST, VALIDATION], TRAIN)
    # A face is tested in its own fold only, so one column serves every fold: a twin in any other, not held, fold.
    picture = pd.factorize(labels.digest)[0]
    trains = np.zeros((picture.max() + 1, folds), bool)  # whether a picture has a face of a fold that is not held
    trains[picture[~held], number[~held]] = True
    twin = trains.sum(axis=1)[picture] > trains[picture, number]
    table = labels.assign(split=split, twin=twin, fold=number, held=held)
    return table[["face", "emotion", "split", "twin", "fold", "held"]].reset_index(drop=True)


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

"""What a set of labelled faces holds besides faces: identical pictures, conflicting labels, duplicates across its own split."""

from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE


def groups(labels):
    """Return the faces whose pixels another face has too, as the rows of `labels` sorted by picture and face.

    labels: a table of read_labels. A column conflict tells whether the group's faces carry more than one emotion.
    """
    repeated = labels[labels.duplicated("digest", keep=False)].sort_values(["digest", "face"])
    return repeated.assign(conflict=repeated.groupby("digest").emotion.transform("nunique") > 1)


def audit(labels, emotions):
    """Return counts as a dict: faces, distinct pictures, repeated ones, conflicts, duplicates across the split, faces by emotion."""
    repeated = groups(labels)
    training = set(labels.digest[labels.usage == TRAINING_USAGE])
    test = labels[labels.usage.isin(TEST_USAGES)]
    shares = labels.emotion.value_counts()
    return {
        "faces": len(labels),
        "distinct_pictures": int(labels.digest.nunique()),
        "faces_in_groups": len(repeated),
        "groups": int(repeated.digest.nunique()),
        "conflicting_groups": int(repeated.digest[repeated.conflict].nunique()),
        "test_faces": len(test),
        "test_faces_with_a_duplicate_in_training": int(test.digest.isin(training).sum()),
        "emotions": {emotion: int(shares.get(emotion, 0)) for emotion in emotions},
    }

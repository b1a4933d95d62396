"""The names that people give to the parts of a data set and to the emotions, as folders or in a CSV."""

import re
import unicodedata
from functools import lru_cache

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST, TEST_USAGES, TRAIN, TRAINING_USAGE, VALIDATION

VALIDATION_USAGE, TEST_USAGE, DROPPED = "Validation", TEST_USAGES[-1], None
FILE_PREFIXES = (TRAINING_USAGE, *TEST_USAGES[:2])  # Kaggle's file names: Training_123.jpg
USAGE_OF = {TRAIN: TRAINING_USAGE, VALIDATION: VALIDATION_USAGE, TEST: TEST_USAGE, None: DROPPED}
SPELLINGS = {TRAIN: ("train", "training"), VALIDATION: ("val", "valid", "validation", "dev"), TEST: ("test", "testing")}
NO_TEST = "warning: no part for testing: the validation part is taken for it; sources.archive.parts can name another"
SYNONYMS = (  # of one emotion each
    ("angry", "anger"),
    ("disgust", "disgusted"),
    ("fear", "fearful", "afraid", "scared"),
    ("happy", "happiness", "joy", "joyful"),
    ("neutral", "neutrality", "natural"),  # natural: a slip
    ("sad", "sadness"),
    ("surprise", "surprised", "suprise"),
    ("contempt", "contemptuous"),
)


@lru_cache  # thousands of faces lie in a few folders
def plain(name):
    """Return a name without what spellings differ in: capitals, blanks around it, how an accent is stored."""
    return unicodedata.normalize("NFC", name).strip().casefold()


@lru_cache
def plain_part(name):
    """Return a part's plain name, also without "set", "data" and what joins words: Training_Set as training."""
    joined = re.sub(r"[\s_.-]+", "", plain(name))
    return re.sub(r"(set|data)$", "", joined) or joined


def usages(parts):
    """Return {plain name of a part: its usage, or DROPPED}; parts: sources.archive.parts, which go before the usual names."""
    usual = {name: USAGE_OF[part] for part, names in SPELLINGS.items() for name in names}
    usual |= {usage.casefold(): usage for usage in TEST_USAGES[:2]}
    return usual | {plain_part(name): USAGE_OF[part] for name, part in parts.items()}


def tested(usage):
    """Return the usage of a face where the validation part is the test part."""
    return TEST_USAGE if usage == VALIDATION_USAGE else usage


def emotions(classes, folders):
    """Return {plain name of a folder: its emotion, or DROPPED}: the classes, their synonyms, and before both sources.archive.folders.

    A synonym of two classes is none. Raises InputError for a folder's emotion that is no class.
    """
    unknown = sorted({emotion for emotion in folders.values() if emotion is not None} - set(classes))
    if unknown:
        raise InputError(f"params.yaml: sources.archive.folders: expected emotions of faces.emotions, received {', '.join(unknown)}")
    names = {}
    for synonyms in SYNONYMS:
        meant = [emotion for emotion in classes if plain(emotion) in synonyms]
        names |= dict.fromkeys(synonyms, meant[0]) if len(meant) == 1 else {}
    names |= {plain(emotion): emotion for emotion in classes}
    return names | {plain(folder): emotion for folder, emotion in folders.items()}

"""What a well-known data set should hold, to compare with what was read."""

from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE
from pipeline.faces.parts import VALIDATION_USAGE

# Training, then public and private test together: counted on the archive of Kaggle's msambare/fer2013.
FER2013 = {
    "angry": (3995, 958),
    "disgust": (436, 111),
    "fear": (4097, 1024),
    "happy": (7215, 1774),
    "neutral": (4965, 1233),
    "sad": (4830, 1247),
    "surprise": (3171, 831),
}
COUNTS = {"fer2013": FER2013}


def lacking(usage_counts):
    """Return a line for each part of a data set that has no face of some emotion; usage_counts: as for compare."""
    parts = {"training": [TRAINING_USAGE], "validation": [VALIDATION_USAGE], "test": TEST_USAGES}
    lines = []
    for part, usages in parts.items():
        counts = [usage_counts[usage] for usage in usages if usage in usage_counts]
        empty = [emotion for emotion in counts[0] if not any(count[emotion] for count in counts)] if counts else []
        if empty:
            lines.append(f"warning: no {part} faces of {', '.join(empty)}; add some, or leave the emotion out of faces.emotions")
    return lines


def compare(usage_counts, expected):
    """Return (lines, equal): a line an emotion with the counts received and, where `expected` is a name, expected.

    usage_counts: {usage: {emotion: count}} as FaceWriter.summary gives; expected: a key of COUNTS or None.
    """
    known, received, validation = COUNTS.get(expected, {}), {}, usage_counts.get(VALIDATION_USAGE, {})
    for usage, counts in usage_counts.items():
        for emotion, count in counts.items():
            train, test = received.get(emotion, (0, 0))
            if usage != VALIDATION_USAGE:
                received[emotion] = (train + count, test) if usage in (TRAINING_USAGE, "none") else (train, test + count)

    def line(name, got, held, want):
        text = f"{name:>10}  train {got[0]:6,}" + (f"  validation {held:6,}" if validation else "") + f"  test {got[1]:6,}"
        return text + (f"  expected {want[0]:6,} and {want[1]:6,}" if known else "")

    lines, equal = [], True
    for emotion in sorted({*received, *known}):
        got, want = received.get(emotion, (0, 0)), known.get(emotion, (0, 0))
        lines.append(line(emotion, got, validation.get(emotion, 0), want))
        equal = equal and (not known or got == want)
    total, wanted = ([sum(pair[part] for pair in pairs.values()) for part in (0, 1)] for pairs in (received, known))
    return [*lines, line("all", total, sum(validation.values()), wanted)], equal

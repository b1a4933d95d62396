"""What a well-known data set should hold, to compare with what was read."""

from pipeline.dataset.names import TRAINING_USAGE

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


def compare(usage_counts, expected):
    """Return (lines, equal): a line an emotion with the counts received and, where `expected` is a name, expected.

    usage_counts: {usage: {emotion: count}} as FaceWriter.summary gives; expected: a key of COUNTS or None.
    """
    known = COUNTS.get(expected, {})
    received = {}
    for usage, counts in usage_counts.items():
        for emotion, count in counts.items():
            train, test = received.get(emotion, (0, 0))
            received[emotion] = (train + count, test) if usage in (TRAINING_USAGE, "none") else (train, test + count)
    lines, equal = [], True
    for emotion in sorted({*received, *known}):
        got = received.get(emotion, (0, 0))
        want = known.get(emotion, (0, 0)) if known else None
        lines.append(f"{emotion:>10}  train {got[0]:6,}  test {got[1]:6,}" + (f"  expected {want[0]:6,} and {want[1]:6,}" if known else ""))
        equal = equal and (want is None or got == want)
    total = [sum(pair[part] for pair in received.values()) for part in (0, 1)]
    wanted = [sum(pair[part] for pair in known.values()) for part in (0, 1)]
    lines.append(
        f"{'all':>10}  train {total[0]:6,}  test {total[1]:6,}" + (f"  expected {wanted[0]:6,} and {wanted[1]:6,}" if known else "")
    )
    return lines, equal

import pytest

from pipeline.faces.expected import FER2013, compare, lacking


def fer2013(**changed):
    """Usage counts of FER-2013 with public and private test as one, some {usage}_{emotion} changed by a number."""
    usage = {"Training": {e: pair[0] for e, pair in FER2013.items()}, "Test": {e: pair[1] for e, pair in FER2013.items()}}
    for key, difference in changed.items():
        part, emotion = key.split("_")
        usage[part][emotion] += difference
    return usage


def test_fer2013__sums_to_the_challenge():
    # Goodfellow et al. (2013): 28,709 training faces, 3,589 in each of both tests.
    assert [sum(pair[part] for pair in FER2013.values()) for part in (0, 1)] == [28709, 2 * 3589]


def test_compare__equal():
    lines, equal = compare(fer2013(), "fer2013")
    assert equal and len(lines) == 8
    assert lines[1] == "   disgust  train    436  test    111  expected    436 and    111"
    assert lines[-1] == "       all  train 28,709  test  7,178  expected 28,709 and  7,178"


def test_compare__public_and_private_test_are_one():
    usage = fer2013()
    usage["PublicTest"] = {e: 100 for e in FER2013}
    usage["PrivateTest"] = {e: count - 100 for e, count in usage.pop("Test").items()}
    assert compare(usage, "fer2013")[1]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"Training_fear": 1}, "      fear  train  4,098  test  1,024  expected  4,097 and  1,024"),
        ({"Test_sad": -1}, "       sad  train  4,830  test  1,246  expected  4,830 and  1,247"),
        # One face moved from test to train: the sums of train and test together stay right.
        ({"Training_happy": 1, "Test_happy": -1}, "     happy  train  7,216  test  1,773  expected  7,215 and  1,774"),
    ],
)
def test_compare__one_face_off(changed, line):
    lines, equal = compare(fer2013(**changed), "fer2013")
    assert not equal and line in lines


def test_compare__first_emotion_off_last_ones_right():
    # A verdict kept from the last line only would be "equal".
    assert not compare(fer2013(Training_angry=5), "fer2013")[1]


def test_compare__emotion_missing():
    usage = fer2013()
    for counts in usage.values():
        del counts["angry"]
    lines, equal = compare(usage, "fer2013")
    assert not equal and lines[0] == "     angry  train      0  test      0  expected  3,995 and    958"


def test_compare__emotion_that_is_not_expected():
    usage = fer2013()
    usage["Training"]["contempt"] = 3
    lines, equal = compare(usage, "fer2013")
    assert not equal and "  contempt  train      3  test      0  expected      0 and      0" in lines


def test_compare__nothing_expected():
    lines, equal = compare({"Training": {"sad": 3, "happy": 1200}, "PublicTest": {"sad": 2, "happy": 0}}, None)
    assert equal
    assert lines == [
        "     happy  train  1,200  test      0",
        "       sad  train      3  test      2",
        "       all  train  1,203  test      2",
    ]


def test_compare__faces_without_usage_count_as_train():
    assert compare({"none": {"sad": 4}}, None)[0][0] == "       sad  train      4  test      0"


def test_compare__validation_faces_stand_in_a_column_of_their_own():
    usage = {"Training": {"sad": 5}, "Test": {"sad": 2}, "Validation": {"sad": 3}}
    lines, equal = compare(usage, None)
    assert equal
    assert lines == ["       sad  train      5  validation      3  test      2", "       all  train      5  validation      3  test      2"]


def test_compare__validation_faces_are_no_test_faces():
    usage = fer2013()
    usage["Validation"] = {e: 100 for e in FER2013}
    usage["Test"] = {e: count - 100 for e, count in usage["Test"].items()}
    lines, equal = compare(usage, "fer2013")
    assert not equal and lines[0] == "     angry  train  3,995  validation    100  test    858  expected  3,995 and    958"


def test_lacking__by_part():
    usage = {
        "Training": {"sad": 5, "happy": 0, "fear": 0},
        "PublicTest": {"sad": 0, "happy": 1, "fear": 1},
        "PrivateTest": {"sad": 0, "happy": 0, "fear": 1},
        "Validation": {"sad": 1, "happy": 1, "fear": 1},
    }
    assert lacking(usage) == [
        "warning: no training faces of happy, fear; add some, or leave the emotion out of faces.emotions",
        "warning: no test faces of sad; add some, or leave the emotion out of faces.emotions",
    ]
    assert lacking({"none": {"sad": 5, "happy": 5}}) == []

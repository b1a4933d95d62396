import numpy as np
import pytest

from pipeline.reproduction.comparison import FACTOR, FLOOR, MARGIN, above, compare_hashes, compare_rows, tolerances_of


def row(accuracy=0.5, low=0.4, losses=(1.9, 1.8, 1.7), updates=(0.3, 0.2), **metrics):
    steps = {"first_losses": list(losses), "first_updates": list(updates)}
    return {"metrics": {"accuracy": accuracy, "accuracy_low": low, "chance": 0.25} | metrics, **steps}


def lock(md5):
    return {"stages": {"fetch": {"outs": [{"path": "data/raw", "md5": md5}]}}}


STEPS = {"first_losses": [0.001, 0.01, 0.1], "first_updates": [0.001, 0.002]}
TOLERANCES = {"a": STEPS}


def compared(old, new, tolerances=TOLERANCES, exact=False):
    (verdict,) = compare_rows({"a": old}, {"a": new}, tolerances, exact)
    return verdict


def test_compare_hashes__equal_and_tampered():
    assert compare_hashes(lock("a"), lock("a"), ["fetch"]) == []
    assert compare_hashes(lock("a"), lock("b"), ["fetch"]) == [("fetch: data/raw", "a", "b", "equal")]


def test_compare_hashes__stage_missing_from_both_is_a_difference():
    assert len(compare_hashes(lock("a"), lock("a"), ["fetch", "balance"])) == 1


def test_compare_rows__exact_sees_the_last_digit_of_metrics_and_losses():
    assert compared(row(), row(), exact=True).differences == []
    assert [what for what, *_ in compared(row(), row(accuracy=0.5 + 1e-15), exact=True).differences] == ["a: accuracy"]
    last = row(losses=(1.9, 1.8, np.nextafter(1.7, 2)))
    assert [what for what, *_ in compared(row(), last, exact=True).differences] == ["a: loss of step 3"]


def test_compare_rows__losses_within_the_tolerance_of_their_step():
    inside, outside = row(losses=(1.9009, 1.809, 1.79)), row(losses=(1.9, 1.811, 1.7))
    verdict = compared(row(), inside)
    assert (verdict.differences, verdict.checked) == ([], "first steps; accuracy above chance")
    assert compared(row(), outside).differences == [("a: loss of step 2", 1.8, 1.811, "within 0.010000")]


def test_compare_rows__update_beyond_its_tolerance():
    assert compared(row(), row(updates=(0.3, 0.2015))).differences == []
    assert compared(row(), row(updates=(0.315, 0.2))).differences == [("a: update of step 1", 0.3, 0.315, "within 0.001000")]
    assert compared(row(), row(updates=()), exact=True).differences == []  # equal losses are equal updates


def test_compare_rows__measured_spread_of_metrics_goes_before_chance():
    spread = {"a": STEPS | {"metrics": {"accuracy": 0.02, "accuracy_low": 0.02}}}
    verdict = compared(row(), row(accuracy=0.519, low=0.419), spread)
    assert (verdict.differences, verdict.checked) == ([], "first steps; accuracy within 0.020")
    assert [what for what, *_ in compared(row(), row(accuracy=0.521), spread).differences] == ["a: accuracy"]
    assert [what for what, *_ in compared(row(), row(chance=0.26), spread).differences] == ["a: chance"]  # nothing said: equal


def test_compare_rows__accuracy_at_chance_where_the_committed_one_is_above():
    assert compared(row(), row(accuracy=0.3, low=0.26)).differences == []
    assert compared(row(), row(accuracy=0.3, low=0.24)).differences == [("a: accuracy_low", 0.4, 0.24, "above chance")]
    # One that is not above chance, or by less than the margin, is checked by its first steps alone, and says so.
    for low in (0.2, 0.29):
        verdict = compared(row(low=low), row(low=0.1))
        assert (verdict.differences, verdict.checked) == ([], "first steps")


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("old", "new"), [(row(), None), (None, row()), (row(), row(losses=(1.9, 1.8))), (row(), row(losses=(1.9, 1.8, float("nan"))))]
)  # fmt: skip
def test_compare_rows__what_is_missing_or_not_a_number_is_a_difference(old, new, exact):
    (verdict,) = compare_rows(*({"a": one} if one else {} for one in (old, new)), TOLERANCES, exact)
    assert len(verdict.differences) == 1


def test_compare_rows__row_without_a_tolerance_is_a_difference():
    assert len(compared(row(), row(), {}).differences) == 3 + 2


def test_tolerances_of__grow_with_the_steps():
    # Largest differences 0, 1e-4 and 5e-5; the third step's is at least the second's.
    perturbed = [{"first_losses": losses, "first_updates": [0.3]} for losses in ([1.9, 1.8001, 1.7], [1.9, 1.8, 1.69995])]
    found = tolerances_of({"first_losses": [1.9, 1.8, 1.7], "first_updates": [0.4]}, perturbed)
    assert found["first_losses"] == pytest.approx([FLOOR, FACTOR * 1e-4, FACTOR * 1e-4])
    assert found["first_updates"] == pytest.approx([FACTOR * 0.1])


def test_above__whole_interval():
    assert above({"accuracy_low": 0.31, "chance": 0.25}, MARGIN) and not above({"accuracy_low": 0.29, "chance": 0.25}, MARGIN)
    assert above({"accuracy_low": 0.26, "chance": 0.25}) and not above({"accuracy_low": 0.25, "chance": 0.25}) and not above({})

"""Compares two runs of the pipeline: hashes exactly; rows exactly where the processor is known, else by their first steps."""

import dataclasses
from itertools import zip_longest

FACTOR, FLOOR = 10, 1e-5  # of a tolerance: times the largest difference that rounding made here, and at least this
MARGIN = 0.05  # of accuracy: rounding alone can bring a row to chance that is nearer to it (docs/verify.md)
SERIES = {"first_losses": "loss", "first_updates": "update"}  # what a number of them is called


@dataclasses.dataclass
class Verdict:
    """What was compared of one row, and what differed."""

    row: str
    checked: str  # in words
    differences: list  # (what, committed, received, allowed)


def compare_hashes(committed, received, stages):
    """Return [(what, committed, received, allowed)] of the outputs of `stages` whose hashes differ between two dvc.lock."""
    differences = []
    for stage in stages:
        old, new = ({out["path"]: out["md5"] for out in lock["stages"].get(stage, {}).get("outs", [])} for lock in (committed, received))
        if not old and not new:
            differences.append((f"{stage}: outputs", "none", "none", "some"))
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                differences.append((f"{stage}: {path}", old.get(path), new.get(path), "equal"))
    return differences


def compare_rows(committed, received, tolerances, exact):
    """Return a list of Verdict, one a row of either run.

    committed, received: {row: {"metrics": {name: number}, "first_losses": [number], "first_updates": [number]}}. exact: whether metrics and
    first losses must be equal, as on the processor that made the committed numbers. Else a first step's loss and update may differ by
    tolerances[row], of the same form. So may the metrics where theirs were measured; where not, the accuracy's interval must lie above
    chance if the committed one does by more than MARGIN.
    """
    return [_compare_row(row, committed.get(row), received.get(row), tolerances, exact) for row in sorted({*committed, *received})]


def _compare_row(row, old, new, tolerances, exact):
    if old is None or new is None:
        said = ["not there" if one is None else "there" for one in (old, new)]
        return Verdict(row, "nothing", [(row, *said, "equal")])
    differences = []
    for series in ["first_losses"] if exact else SERIES:
        allowed = [0.0] * len(old[series]) if exact else tolerances.get(row, {}).get(series, [])
        columns = zip_longest(old[series], new[series], allowed)  # a step that one of them lacks is a difference
        differences += _beyond({f"{row}: {SERIES[series]} of step {step}": values for step, values in enumerate(columns, 1)})
    names = sorted({*old["metrics"], *new["metrics"]})
    spread = dict.fromkeys(names, 0.0) if exact else tolerances.get(row, {}).get("metrics")
    if spread is not None:
        differences += _beyond({f"{row}: {n}": (old["metrics"].get(n), new["metrics"].get(n), spread.get(n, 0.0)) for n in names})
        said = "metrics and first losses equal" if exact else f"first steps; accuracy within {spread['accuracy']:.3f}"
        return Verdict(row, said, differences)
    if not above(old["metrics"], MARGIN):
        return Verdict(row, "first steps", differences)
    if not above(new["metrics"]):
        differences.append((f"{row}: accuracy_low", old["metrics"]["accuracy_low"], new["metrics"].get("accuracy_low"), "above chance"))
    return Verdict(row, "first steps; accuracy above chance", differences)


def _beyond(triples):
    found = []
    for what, (before, after, allowed) in triples.items():
        if None in (before, after, allowed) or not abs(after - before) <= allowed:
            found.append((what, before, after, f"within {allowed:.6f}" if allowed else "equal"))
    return found


def above(metrics, margin=0.0):
    """Tell whether the whole interval of a row's accuracy lies above chance, by more than `margin`."""
    low, chance = metrics.get("accuracy_low"), metrics.get("chance")
    return low is not None and chance is not None and low > chance + margin


def tolerances_of(reference, perturbed):
    """Return how much each of a row's first steps may differ on another processor, in the form of first_steps.

    reference: what first_steps gives of it; perturbed: the same of trainings that differ in rounding alone. FACTOR times the largest
    difference at the step or before it, at least FLOOR: rounding only grows.
    """
    found = {series: [] for series in SERIES}
    for series, tolerances in found.items():
        largest = 0.0
        for step, value in enumerate(reference[series]):
            largest = max(largest, *(abs(one[series][step] - value) for one in perturbed))
            tolerances.append(max(FLOOR, FACTOR * largest))
    return found

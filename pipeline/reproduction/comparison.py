"""Compares two runs of the pipeline: hashes exactly; rows exactly where the processor is known, else by their first losses."""

import dataclasses

FACTOR, FLOOR = 10, 1e-5  # of a tolerance: times the largest difference that rounding made here, and at least this


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

    committed, received: {row: {"metrics": {name: number}, "first_losses": [number]}}. exact: whether everything must be equal, as on the
    processor that made the committed numbers. Else the first losses may differ by tolerances["first_losses"][row] (a number a step), and
    the metrics by tolerances["metrics"][row] ({name: number}) where those were measured; where not, the accuracy's interval must lie above
    chance if the committed one does.
    """
    return [_compare_row(row, committed.get(row), received.get(row), tolerances, exact) for row in sorted({*committed, *received})]


def _compare_row(row, old, new, tolerances, exact):
    if old is None or new is None:
        said = ["not there" if one is None else "there" for one in (old, new)]
        return Verdict(row, "nothing", [(row, *said, "equal")])
    losses = [0.0] * len(old["first_losses"]) if exact else tolerances["first_losses"].get(row, [])
    differences = _beyond(
        {f"{row}: loss of step {k + 1}": (*pair, allowed) for k, (*pair, allowed) in enumerate(_aligned(old, new, losses))}
    )
    names = sorted({*old["metrics"], *new["metrics"]})
    spread = dict.fromkeys(names, 0.0) if exact else tolerances.get("metrics", {}).get(row)
    if spread is not None:
        differences += _beyond({f"{row}: {n}": (old["metrics"].get(n), new["metrics"].get(n), spread.get(n, 0.0)) for n in names})
        return Verdict(row, "everything equal" if exact else f"first losses; accuracy within {spread['accuracy']:.3f}", differences)
    if above(old["metrics"]) and not above(new["metrics"]):
        differences.append((f"{row}: accuracy_low", old["metrics"]["accuracy_low"], new["metrics"].get("accuracy_low"), "above chance"))
    return Verdict(row, "first losses; accuracy above chance", differences)


def _aligned(old, new, allowed):
    # (committed, received, allowed) a step; a step that one of them lacks is a difference.
    count = max(len(old["first_losses"]), len(new["first_losses"]), len(allowed))
    columns = [[*values, *[None] * (count - len(values))] for values in (old["first_losses"], new["first_losses"], allowed)]
    return zip(*columns, strict=True)


def _beyond(triples):
    found = []
    for what, (before, after, allowed) in triples.items():
        if None in (before, after, allowed) or not abs(after - before) <= allowed:
            found.append((what, before, after, f"within {allowed:.6f}" if allowed else "equal"))
    return found


def above(metrics):
    """Tell whether the whole interval of a row's accuracy lies above chance."""
    low, chance = metrics.get("accuracy_low"), metrics.get("chance")
    return low is not None and chance is not None and low > chance


def tolerances_of(reference, perturbed):
    """Return how much each of a row's first losses may differ on another processor, a list of numbers.

    reference: its losses; perturbed: those of trainings that differ in rounding alone. FACTOR times the largest difference at the step or
    before it, at least FLOOR: rounding only grows.
    """
    largest, found = 0.0, []
    for step, loss in enumerate(reference):
        largest = max(largest, *(abs(one[step] - loss) for one in perturbed))
        found.append(max(FLOOR, FACTOR * largest))
    return found

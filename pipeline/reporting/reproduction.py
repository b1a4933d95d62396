"""Compares two runs of the pipeline: hashes exactly, metrics exactly or within a measured spread."""

import numpy as np
from scipy.stats import t as student_t

FALSE_ALARM = 0.01  # chance that a run which differs by rounding alone exceeds any tolerance


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


def compare_metrics(committed, received, tolerance):
    """Return [(what, committed, received, allowed)] of the metrics that differ.

    tolerance: None for exact equality, or {kind of data ("table2", ...): {metric: largest difference}}.
    """
    differences = []
    if committed["data"] != received["data"]:
        differences.append(("data", committed["data"], received["data"], "equal"))
    old, new = committed["rows"], received["rows"]
    for row in sorted({*old, *new}):
        if row not in old or row not in new:
            differences.append((row, "there" if row in old else "not there", "there" if row in new else "not there", "equal"))
            continue
        for metric in sorted({*old[row], *new[row]}):
            before, after = old[row].get(metric), new[row].get(metric)
            allowed = (tolerance or {}).get(group(row), {}).get(metric, 0.0)
            if before is None or after is None or not abs(after - before) <= allowed:
                differences.append((f"{row}: {metric}", before, after, f"within {allowed:.4f}" if allowed else "equal"))
    return differences


def group(row):
    """Return the group of a row: the rows of Tables 2 and 4 are scored on the same faces, hence have one spread."""
    table = row.partition("-")[0]
    return "table2" if table == "table4" else table


def measure_spread(reference, runs):
    """Return {"tolerance": {group: {metric: t}}, "deviation": the same of s, "n": {group: differences}} from repeated runs.

    s is the root mean square of the n differences between the runs and the reference in a group; t = q s, with q the
    quantile of Student's distribution (n degrees of freedom) that lets all comparisons of one check pass together with
    probability 1 - FALSE_ALARM or more (Bonferroni), were the differences normal.
    """
    differences = {}
    for run in runs:
        for row, metrics in reference["rows"].items():
            for metric, value in metrics.items():
                differences.setdefault(group(row), {}).setdefault(metric, []).append(run["rows"][row][metric] - value)
    comparisons = sum(len(metrics) for metrics in reference["rows"].values())
    n = {g: len(next(iter(by.values()))) for g, by in differences.items()}
    q = {g: float(student_t.isf(FALSE_ALARM / 2 / comparisons, df=n[g])) for g in n}
    deviation = {g: {m: float(np.sqrt(np.mean(np.square(d)))) for m, d in by.items()} for g, by in differences.items()}
    tolerance = {g: {m: q[g] * s for m, s in by.items()} for g, by in deviation.items()}
    return {"comparisons": comparisons, "n": n, "quantile": q, "deviation": deviation, "tolerance": tolerance}

"""The results that git holds: from the demo profile, every row, and every row has learned."""

import json
from pathlib import Path

import yaml

METRICS = json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))


def unlearned(rows):
    """Return the rows whose interval does not lie above the share of the commonest emotion."""
    return [name for name, row in rows.items() if row["accuracy_low"] <= row["chance"]]


def test_metrics__are_of_the_demo_and_say_that_the_faces_are_drawn():
    assert METRICS["data"] == {"profile": "demo", "source": "synthetic", "synthetic_faces": True}


def test_metrics__hold_every_row_and_every_row_has_learned():
    rows = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["rows"]
    assert sorted(METRICS["rows"]) == sorted(rows)
    assert unlearned(METRICS["rows"]) == []


def test_unlearned__sees_a_row_at_chance():
    assert unlearned({"a": {"accuracy_low": 0.14, "chance": 0.143}, "b": {"accuracy_low": 0.15, "chance": 0.143}}) == ["a"]


def test_lock__holds_every_stage():
    lock = yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"]
    stages = {"fetch", "to_rgb", "balance", "resolve", "audit", "report"}
    assert set(lock) == stages | {f"{stage}@{row}" for stage in ("train", "evaluate") for row in METRICS["rows"]}

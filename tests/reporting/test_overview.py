"""The first screen of the report, by hand: two rows that ran, one of them on two lines of the paper, and one that did not."""

import pandas as pd

from pipeline.reporting import page
from pipeline.reporting.overview import overview, sentence

ROWS = {name: {"chance": 0.25, "settings": {"emotions": ["happy", "sad"]}} for name in ("a", "b")}


def verdict(row, table="table2", ours=None, low=None, high=None, kind="not run", reasons=()):
    return {"table": table, "row": row, "paper": 60.0, "ours": ours, "low": low, "high": high, "verdict": kind, "reasons": list(reasons)}


VERDICTS = [
    verdict("a", ours=50.0, low=45.0, high=55.0, kind="not comparable", reasons=["source", "epochs"]),
    verdict("b", ours=27.0, low=24.0, high=30.0, kind="not comparable", reasons=["source", "epochs", "batch size"]),
    verdict("c"),
    verdict("a", table="table4", ours=50.0, low=45.0, high=55.0, kind="not comparable", reasons=["source", "epochs"]),
]


def predictions(*happy):
    about = {"face": range(len(happy)), "emotion": "sad", "duplicate": False, "usage": ""}
    return pd.DataFrame(about | {"happy": happy, "sad": [1 - share for share in happy]})


def shown(verdicts=VERDICTS):
    return overview(verdicts, ROWS, {"a": predictions(0.9, 0.2), "b": predictions(0.9, 0.8)})


def test_overview__a_row_of_two_lines_stands_once_and_what_was_not_run_has_its_place():
    found = shown()
    assert [line["row"] for line in found["lines"]] == ["a", "b", "c"]
    assert (found["run"], found["all"], found["best"]["row"]) == (2, 3, "a")
    assert [line["chance"] for line in found["lines"]] == [25.0, 25.0, None]


def test_overview__names_rows_at_chance_and_rows_of_one_answer():
    found = shown()
    assert found["at_chance"] == ["b"]  # its interval begins at 24, chance is 25
    assert found["one_answer"] == ["b"]  # happy, whatever the face


def test_overview__what_differs_everywhere_is_said_once():
    found = shown()
    assert found["unlike_all"] == ["other faces", "another number of epochs"]
    assert found["unlike_some"] == {"another batch size": ["b"]}


def test_overview__nothing_run():
    found = overview([verdict("a"), verdict("b")], {}, {})
    assert (found["best"], found["run"], found["unlike_all"]) == (None, 0, [])
    assert found["sentence"] == "No line of Tables 2 to 4 was run."


def test_sentence__nothing_comparable_and_something():
    assert sentence(VERDICTS) == "No line of the paper is put to the test: no row was run as the paper ran it."
    compared = [
        verdict("a", ours=59.0, kind="reproduces"),
        verdict("b", ours=50.0, kind="differs"),
        verdict("c", ours=75.0, kind="differs"),
    ]
    assert sentence([*compared, *VERDICTS[1:3]]) == (
        "Of the 5 lines of Tables 2 to 4, 3 could be compared: 1 reproduce, 2 differ, by at most 15.00 points (c); "
        "1 were run under other settings than the paper's, 1 were not run."
    )


def test_for_page__columns_that_are_not_shown_at_once_are_more_and_reasons_stand_once():
    frame = pd.DataFrame({"Models": ["x"], "Epochs": ["2"], "Difference": ["not as the paper: source, epochs"]})
    made = page.Titled("t", frame, "Title", "caption", shown=("Models", "Difference", "n")).for_page()
    assert (made["shown"], made["more"]) == ([0, 2], [1])
    assert [cell["text"] for cell in made["lines"][0]] == ["x", "2", "not compared"]
    assert page.Titled("t", frame, "Title", "caption").for_page()["more"] == []

import pandas as pd
import pytest

from benchmarks import seven_networks


def runs(*given):
    columns = "row", "seed", "accuracy", "accuracy_low", "accuracy_high", "accuracy_private", "minutes", "epochs"
    return pd.DataFrame(given, columns=columns)


ONE = ("modern-GoogLeNet", 0, 0.6, 0.59, 0.61, 0.605, 18.2, 20)


def test_printed__seven_networks_in_our_spelling():
    printed = seven_networks.printed()
    assert len(printed) == 7 and printed["GoogLeNet"] == 50.77 and printed["InceptionResNetV2"] == 65.47


def test_lines__one_run_and_none():
    found = seven_networks.lines(runs(ONE), {"GoogLeNet": 50.77, "Xception": 60.24})
    assert found[0] == ["GoogLeNet", "50.77", "60.00 (59.00 to 61.00)", "60.50", "20, 18", "not run", "71.97"]
    assert found[1] == ["Xception", "60.24", "not run", "", "", "not run", ""]


def test_lines__seeds_are_averaged_and_shorter_runs_left_out():
    shorter = ("modern-GoogLeNet", 2, 0.9, 0.9, 0.9, 0.9, 1.0, 5)
    second, plain = (ONE[0], 1, 0.62, 0.6, 0.64, 0.625, 20.0, 20), ("table2-GoogLeNet", 0, 0.5, 0.49, 0.51, 0.5, 9.0, 20)
    found = seven_networks.lines(runs(ONE, second, shorter, plain), {"GoogLeNet": 50.77})
    assert found[0][2:6] == ["61.00, 2 seeds (60.00 to 62.00)", "61.50", "20, 19", "50.00 (49.00 to 51.00), 20 epochs"]


@pytest.mark.parametrize(("plain", "columns"), [("not run", 6), ("50.00, 20 epochs", 7)])
def test_markdown__column_of_what_was_not_run_is_left_out(plain, columns):
    cells = ["Xception", "60.24", "not run", "", "", "not run", ""]
    head, rule, *rows = seven_networks.markdown([["GoogLeNet", "50.77", "60.00", "60.50", "20, 18", plain, "71.97"], cells]).splitlines()
    assert head.count(" | ") + 1 == columns and rule == "| " + " | ".join(["---"] * columns) + " |" and len(rows) == 2
    assert ("As the paper trains" in head) == ("50.00" in rows[0]) == (columns == 7) and "not run" in rows[1]


def test_short__the_best_first_with_the_wider_half_of_its_interval():
    better, second = ("modern-Xception", 0, 0.7, 0.688, 0.711, *ONE[5:]), (ONE[0], 1, 0.62, *ONE[3:])
    found = seven_networks.short(runs(ONE, better, second), seven_networks.printed()).splitlines()
    assert found[0] == "|  | Xception | GoogLeNet |" and found[1] == "| --- | --- | --- |"
    assert found[2:] == [
        "| By `modern` | 70.00 ± 1.2 | 61.00, 2 seeds (60.00 to 62.00) |", "| As the paper trains | not run | not run |",
        "| The paper | 60.24 | 50.77 |",
    ]  # fmt: skip


@pytest.mark.parametrize("drawn", [0, 1])
def test_figure__draws_what_was_run(drawn):
    figure = seven_networks.figure(runs(*[ONE] * drawn), {"GoogLeNet": 50.77})
    assert len(figure.axes[0].containers) == drawn

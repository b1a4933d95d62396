"""The choice of a search's best cells: two networks, each with two optimizers and two batch sizes."""

import pandas as pd
import pytest

from pipeline.common.errors import InputError
from pipeline.reporting import choice

# cell: data, model, optimizer, batch size, validation accuracy, validation loss, test accuracy
CELLS = pd.DataFrame(
    [
        ("a", "unbalanced", "InceptionResNetV2", "adam", 16, 0.50, 1.0, 0.40),
        ("b", "unbalanced", "InceptionResNetV2", "adam", 32, 0.60, 1.0, 0.45),  # best by validation
        ("c", "unbalanced", "InceptionResNetV2", "sgd", 16, 0.55, 1.0, 0.48),  # best by test
        ("d", "unbalanced", "InceptionResNetV2", "sgd", 32, 0.55, 0.9, 0.30),  # as c by accuracy, better by loss
        ("e", "unbalanced", "GoogLeNet", "adam", 16, 0.20, 1.0, 0.21),
        ("f", "unbalanced", "GoogLeNet", "adam", 32, 0.20, 1.0, 0.21),  # as e in everything
        ("g", "balanced", "GoogLeNet", "sgd", 32, 0.70, 1.0, 0.66),
    ],
    columns=["cell", "data", "model", "optimizer", "batch_size", "validation", "validation_loss", "test"],
).assign(validation_faces=40, n=100, low=0.1, high=0.9)
PAPER = {
    "tables": {
        "table2": {"data": "unbalanced", "rows": [{"row": "table2-InceptionResNetV2"}, {"row": "table2-GoogLeNet"}]},
        "table3": {"data": "balanced", "rows": [{"row": "table3-GoogLeNet"}, {"row": "table3-ResNet50"}]},
        "table4": {
            "data": "unbalanced",
            "rows": [{"row": None}, {"row": "table2-InceptionResNetV2"}, {"row": "table4-InceptionResNetV2-sgd"}],
        },
    }
}


def test_best__by_validation_never_by_test():
    networks = {model: group for model, group in CELLS[CELLS.data == "unbalanced"].groupby("model")}
    assert choice.best_by_validation(networks["InceptionResNetV2"]).cell == "b"
    assert choice.best_by_test(networks["InceptionResNetV2"]).cell == "c"
    assert choice.best_by_validation(networks["GoogLeNet"]).cell == choice.best_by_test(networks["GoogLeNet"]).cell == "e"


def test_chosen__rows_of_the_paper():
    # Table 4's second line: the other optimizer's best, of c and d the one with the lower loss. ResNet50 was not run.
    assert choice.chosen(CELLS, PAPER) == {
        "table2-InceptionResNetV2": "b",
        "table2-GoogLeNet": "e",
        "table3-GoogLeNet": "g",
        "table4-InceptionResNetV2-sgd": "d",
    }


def test_chosen__other_optimizer_is_adam_where_sgd_won():
    better = CELLS.assign(validation=CELLS.validation.where(CELLS.cell != "c", 0.9))
    found = choice.chosen(better, PAPER)
    assert (found["table2-InceptionResNetV2"], found["table4-InceptionResNetV2-sgd"]) == ("c", "b")


def test_optimism__by_hand():
    table, mean = choice.optimism_table(CELLS, 4)
    assert table.Difference.tolist() == ["+3.00", "+0.00", "+0.00"] and mean == pytest.approx(1.0)
    assert table["By validation"].tolist() == ["Adam, 32", "Adam, 16", "SGD, 32"] and table["By test"][0] == "SGD, 16"
    assert table["Its accuracy"].tolist() == ["45.00", "21.00", "66.00"] and table["Best accuracy"][0] == "48.00"
    assert table.Runs.tolist() == ["4 of 4", "2 of 4", "1 of 4"] and table.n.tolist() == ["100"] * 3


def test_final_training__each_row_with_its_cells_setting():
    text = choice.final_training({"table2-GoogLeNet": "e", "table3-GoogLeNet": "g"}, CELLS)
    run, report = text.replace(" \\\n ", "").splitlines()
    rows = {"table2-GoogLeNet": ("adam", 16), "table3-GoogLeNet": ("sgd", 32)}
    options = [f"-S rows.{row}.optimizer={name} -S rows.{row}.batch_size={size}" for row, (name, size) in rows.items()]
    assert " ".join(run.split()) == f"dvc exp run -S profile=paper {' '.join(options)} evaluate@table2-GoogLeNet evaluate@table3-GoogLeNet"
    assert report == "dvc repro --single-item report"


def metrics(**settings):
    return {
        "settings": {"data": "balanced", "model": "GoogLeNet", "batch_size": 16, "optimizer": {"name": "sgd"}} | settings,
        "faces": {"validation": 40, "test": 100},
        "accuracy": 0.5,
        "interval": {"accuracy": [0.4, 0.6]},
    }


def test_cell_table__last_epoch_counts():
    history = pd.DataFrame({"epoch": [1, 2], "val_accuracy": [0.9, 0.3], "val_loss": [0.1, 2.0]})
    (line,) = choice.cell_table({"x": metrics()}, {"x": history}, {"x": "sgd"}).to_dict("records")
    assert (line["validation"], line["validation_loss"], line["test"], line["low"], line["high"]) == (0.3, 2.0, 0.5, 0.4, 0.6)
    text = choice.all_cells(pd.DataFrame([line])).iloc[0]
    assert text[["Optimizer", "Batch Size", "Validation accuracy", "Accuracy", "Interval"]].tolist() == [
        "SGD", "16", "30.00", "50.00", "40.00 to 60.00",
    ]  # fmt: skip


def test_cell_table__no_validation_faces_is_refused():
    with pytest.raises(InputError, match="x: expected validation faces to choose by, received none"):
        choice.cell_table({"x": metrics()}, {"x": pd.DataFrame({"epoch": [1], "accuracy": [0.5]})}, {"x": "sgd"})


def test_cell_table__two_optimizers_of_one_kind_are_two():
    history = pd.DataFrame({"epoch": [1], "val_accuracy": [0.3], "val_loss": [2.0]})
    cells = choice.cell_table({"x": metrics(), "y": metrics()}, {"x": history, "y": history}, {"x": "sgd", "y": "nesterov"})
    assert cells.optimizer.tolist() == ["sgd", "nesterov"] and choice.all_cells(cells).Optimizer.tolist() == ["SGD", "nesterov"]
    assert "optimizer=nesterov" in choice.final_training({"table3-GoogLeNet": "y"}, cells)
    assert choice.setting(cells.iloc[1]) == "nesterov, 16"

import copy

import pandas as pd
import pytest

from pipeline.config.scoring import TestTimeAugmentation
from pipeline.config.settings import Recipe
from pipeline.reporting import page, tables
from pipeline.reporting.paper import read_paper, unlike_paper
from pipeline.scoring.metrics import FORMAT

PAPER = read_paper()
LINE = PAPER["tables"]["table2"]["rows"][0]
FER = {"source": "archive", "origin": "an archive", "expected_counts_met": True, "faces": 35887, "form": "JPEG"}
DRAWN = {"source": "synthetic", "origin": "drawn", "expected_counts_met": True, "faces": 6}


def as_the_paper():
    """Metrics of a row made exactly as the paper's first line says, 4,700 of 7,178 right."""
    settings = {
        "data": "unbalanced", "model": "InceptionResNetV2", "pretrained": "imagenet", "epochs": 700, "batch_size": 128, "image_size": 75,
        "optimizer": {"name": "adam", "learning_rate": 0.001}, "recipe": Recipe().model_dump(),
    }  # fmt: skip
    return {
        "format": FORMAT,
        "first_losses": [1.95, 1.85],
        "settings": settings,
        "tta": TestTimeAugmentation().model_dump(),
        "faces": {"train": 28709, "validation": 0, "test": 7178},
        "confidence": 0.95,
        "chance": 1774 / 7178,
        "accuracy": 4700 / 7178,
        "macro": {"precision": 0.61, "recall": 0.62, "f1": 0.615},
        "interval": {"accuracy": [0.64, 0.67]},
        "parts": {"without_duplicates": {"faces": 6610, "accuracy": 0.64, "interval": [0.63, 0.65]}},
    }


def line_of(row, source, official_faces=(28709, 7178), line=LINE, data="unbalanced"):
    rows = {} if row is None else {line["row"]: row}
    return tables.table({"data": data, "rows": [line]}, rows, source, list(official_faces)).iloc[0]


def test_line__as_the_paper_prints_a_difference():
    line = line_of(as_the_paper(), FER)
    assert line["Accuracy"] == "65.48"  # 4,700 / 7,178 = 65.4778 %; the paper cut it to 65.47
    assert line["Difference"] == "+0.01"
    assert line["Number of Iterations"] == "225"
    assert line["image size"] == "75*75*3"
    assert (line["Interval"], line["n"]) == ("64.00 to 67.00 (95 %)", "7178")


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("pretrained", lambda row: row["settings"].update(pretrained=None)),
        ("epochs", lambda row: row["settings"].update(epochs=2)),
        ("optimizer", lambda row: row["settings"].update(optimizer={"name": "sgd", "learning_rate": 0.01})),
        ("split", lambda row: row["faces"].update(train=3600)),
        ("split, batch size", lambda row: row["settings"].update(batch_size=32)),  # 898 iterations, not 225
        ("network", lambda row: row["settings"].update(model="Xception")),
        ("split", lambda row: row["settings"].update(data="balanced_official")),
        ("image size", lambda row: row["settings"].update(image_size=48)),
        ("recipe", lambda row: row.update(tta={"flip": True, "translate": 0})),
    ],
)
def test_line__anything_else_prints_what_differs(what, change):
    row = copy.deepcopy(as_the_paper())
    change(row)
    assert line_of(row, FER)["Difference"] == f"not as the paper: {what}"


def test_line__synthetic_faces_are_named_and_never_compared():
    line = line_of(as_the_paper(), DRAWN)
    assert line["Faces"] == "synthetic"
    assert line["Difference"] == "not as the paper: source"


def test_line__other_counts_are_another_source():
    other = FER | {"expected_counts_met": False}
    assert unlike_paper(as_the_paper(), LINE, "unbalanced", other, [28709, 7178]) == ["source"]


def test_line__a_random_split_of_the_same_size_is_another():
    # 80/20 of 35,887 faces gives the official counts too: report hands over no official faces then.
    assert line_of(as_the_paper(), FER, official_faces=())["Difference"] == "not as the paper: split"


def test_line__table3_cannot_be_an_80_20_split():
    # 3,063 faces in batches of 32 make 96 iterations; the paper prints 120, which is all 3,829.
    row = as_the_paper()
    row["settings"] |= {"data": "balanced", "epochs": 500, "batch_size": 32, "optimizer": {"name": "sgd", "learning_rate": 0.01}}
    row["faces"] = {"train": 3063, "validation": 0, "test": 766}
    line = line_of(row, FER, line=PAPER["tables"]["table3"]["rows"][0], data="balanced")
    assert line["Difference"] == "not as the paper: split"


def test_line__not_run_is_a_gap_not_a_number():
    line = line_of(None, FER)
    assert line["Accuracy"] == "not run" and line["Paper's accuracy"] == "65.47"


def test_table__columns_are_the_papers_first():
    table = tables.table(PAPER["tables"]["table4"], {"table2-InceptionResNetV2": as_the_paper()}, FER, [28709, 7178])
    printed = "Models Epochs Optimizer Learning rate Batch Size Number of Iterations image size Accuracy Precision Recall F1-score"
    assert " ".join(table.columns).startswith(printed)
    assert table.Accuracy.tolist() == ["64.3", "65.48", "not run"]
    assert not table.isna().any().any()


def test_other_rows__are_those_no_table_holds():
    rows = {"mine": as_the_paper(), "table2-InceptionResNetV2": as_the_paper()}
    table = tables.other_rows(rows, {"table2-InceptionResNetV2"}, FER)
    assert len(table) == 1 and "Difference" not in table
    assert tables.other_rows({}, set(), FER) is None


def test_headline__counts_and_best_of_each_split():
    low, high = as_the_paper(), copy.deepcopy(as_the_paper())
    low |= {"accuracy": 0.3, "interval": {"accuracy": [0.2, 0.4]}, "settings": low["settings"] | {"data": "balanced"}}  # chance: 0.247
    found = tables.headline({"a": low, "b": high})
    assert found == {"rows": 2, "rows_above_chance": 1, "best_unbalanced": 4700 / 7178, "best_balanced": 0.3}
    assert tables.headline({}) == {"rows": 0, "rows_above_chance": 0, "best_unbalanced": None, "best_balanced": None}


def test_page__names_profile_and_synthetic_faces_above_the_tables():
    text = page.page([], "sentence", page.banner(DRAWN, "demo"), ["figure3.png"])
    assert text.index("Profile demo") < text.index("figures/figure3.png")
    assert "The faces are drawings made by this program" in text
    assert "were read as CSV; kept scores (results/) are of JPEG files" in page.banner(FER | {"form": "CSV"}, "full")
    assert "The faces are drawings made by this program" not in page.page([], "sentence", page.banner(FER, "paper"), [])


def titled(bold=("Accuracy",)):
    frame = pd.DataFrame({"Models": ["a_1", "b & c", "d"], "Accuracy": ["50.10", "9.00", "not run"]})
    return page.Titled("t", frame, "Title", "100 % drawn", "remark", bold)


def test_titled__best_is_the_largest_number_not_the_largest_text():
    assert titled().best() == {(0, 1)}
    assert "| **50.10** " in titled().markdown() and "**9.00**" not in titled().markdown()
    assert titled(bold=()).best() == set()


def test_titled__latex_is_escaped_and_has_booktabs():
    text = titled().latex()
    assert r"a\_1 & \textbf{50.10} \\" in text and r"b \& c & 9.00 \\" in text
    assert text.count("rule") == 3 and r"100 \% drawn" in text
    assert page.escape_latex("a\\b~c^d") == r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"


def test_titled__page_gets_cells_with_their_weight():
    shown = titled().for_page()
    assert shown["columns"] == ["Models", "Accuracy"]
    assert [cell["best"] for line in shown["lines"] for cell in line] == [False, True, False, False, False, False]


def test_paper__harmonic_means_hold_so_no_number_is_mistyped():
    # FACTS of the print: F1 is the harmonic mean of precision and recall in all rows, to 0.01, but for reference [4].
    for table in PAPER["tables"].values():
        for line in table["rows"]:
            if line["row"]:
                assert 2 * line["precision"] * line["recall"] / (line["precision"] + line["recall"]) == pytest.approx(
                    line["f1"], abs=0.0101
                )

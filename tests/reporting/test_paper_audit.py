"""Every number of the audit of the paper, worked by hand from its tables."""

from copy import deepcopy

import pytest

from pipeline.reporting import paper_audit
from pipeline.reporting.paper import read_paper

PAPER = read_paper()
FINDINGS = {finding["name"]: finding for finding in paper_audit.audit(PAPER)}


@pytest.mark.parametrize(
    ("name", "follows", "verdict"),
    [
        # 703+82+54+62+2+41+14 = 958 and so on: the PublicTest and PrivateTest faces.
        ("Test faces of Figure 8", "[958, 111, 1024, 1774, 1233, 1247, 831]", "agrees"),
        ("Percentages of Figure 8", "0 differ", "agrees"),
        # 703+54+797+1227+784+605+529 = 4,699; 4,699 / 7,178 = 65.4639 %
        ("Accuracy of Figure 8", "4,699 / 7,178 = 65.4639", "contradicts"),
        ("Precision, recall and F1 of Figure 8", "macro 61.42 / 63.54 / 60.35; weighted 69.02 / 65.46 / 66.59", "contradicts"),
        ("Granularity of the accuracies", "14 are k / 7,178 rounded; of the rest (65.47) 1 cut", "rounding"),
        ("Test faces of Table 3", "k / 7,178: 7 rounded, 5 cut; k / 766: 0 rounded, 1 cut; k / 3,829: 1 rounded, 2 cut", "contradicts"),
        ("Training faces of Table 2", "7 of 7 are 28,709 / batch", "agrees"),  # 28,709 / 128 = 224.3 -> 225
        ("Training faces of Table 3", "96, 48, 48, 48, 48, 24, 24", "contradicts"),  # 3,063 / 32 = 95.7 -> 96, printed 120
        # 547 x (958/4953 + 111/547 + 1024/5121 + 1774/8989 + 1233/6198 + 1247/6077 + 831/4002) = 768.8
        ("Test faces in the training of Table 3", "436 + 111: pooled; about 769 of 3,829 (20%)", "contradicts"),
        # InceptionResNetV2: (68.49 % of 7,178 - 769) / 6,409 = 4,147.2 / 6,409; only MobileNetV2's 60.68 is above its 59.24
        ("Balancing helps", "others score 64.71, 60.48, 60.68, 53.85, 61.86, 58.80, 48.38: above Table 2 in 1 of 7", "cannot be told"),
        ("F1 as harmonic mean", "13 as cut after two digits", "rounding"),
        ("F1 of reference [4]", "60.77", "cannot be told"),  # 2 x 62.2 x 59.4 / 121.6
        ("Averaging of precision and recall", "6 of 14 rows", "cannot be told"),
        ("Number of images", "35,887", "contradicts"),
        ("Imbalance", "16.4 times", "contradicts"),  # 8,989 / 547 = 16.43
        ("Balanced images", "3,829", "agrees"),
        ("All networks above", "lowest 50.77", "agrees"),
        ("Better than [4] in all measures", "yes", "agrees"),
    ],
)
def test_audit__value_by_hand(name, follows, verdict):
    assert follows in FINDINGS[name]["follows"]
    assert FINDINGS[name]["verdict"] == verdict


def first(paper, table):
    return paper["tables"][table]["rows"][0]


@pytest.mark.parametrize(
    ("name", "change", "gone", "there"),
    [
        ("Accuracy of Figure 8", lambda p: first(p, "table2").update(accuracy=65.46), "+1 to", "4,699 / 7,178 rounded, +0 to the diagonal"),
        ("Accuracy of Figure 8", lambda p: first(p, "table2").update(accuracy=70.0), "+1 to", "over 50 faces away"),
        ("Test faces of Figure 8", lambda p: p["figure8"]["counts"][0].__setitem__(0, 704), "PublicTest", "7,179 in all: officially 7,178"),
        ("Test faces of Table 3", lambda p: first(p, "table3").update(accuracy=65.47), "can be k / 7,178", "none of these"),
        ("Training faces of Table 2", lambda p: p["text"].update(train_share=0.7), "80% are stated", "70% are stated"),
        ("Training faces of Table 3", lambda p: first(p, "table3").update(iterations=96), "fit all balanced", "fit neither"),
        ("Training faces of Table 3", lambda p: p["text"].update(train_share=1.0), "neither", "all balanced faces and the stated share"),
        ("Test faces in the training of Table 3", lambda p: p["text"].update(smallest_class=436), "only in training and test", "alone"),
        ("Balancing helps", lambda p: first(p, "table3").update(accuracy=90.0), "in 6 of 7", "in 5 of 7"),
        ("Averaging of precision and recall", lambda p: first(p, "table2").update(recall=66.0), "as 6 do", "as 7 do"),
    ],
)
def test_audit__words_follow_from_the_numbers(name, change, gone, there):
    paper = deepcopy(PAPER)
    change(paper)
    said = {f["name"]: f for f in paper_audit.audit(paper)}[name]["how"]
    assert there in said and gone not in said


def test_audit__all_findings_are_tested_and_whole():
    assert len(FINDINGS) == 18
    for finding in FINDINGS.values():
        assert set(finding) == {"name", "where", "printed", "follows", "verdict", "how"} and all(finding.values())


@pytest.mark.parametrize(
    ("change", "name", "verdict"),
    [
        (lambda paper: paper["figure8"]["counts"][0].__setitem__(0, 704), "Test faces of Figure 8", "contradicts"),
        (lambda paper: paper["tables"]["table2"]["rows"][0].update(accuracy=65.46), "Accuracy of Figure 8", "agrees"),
        (lambda paper: paper["tables"]["table2"]["rows"][0].update(iterations=224), "Training faces of Table 2", "contradicts"),
        (lambda paper: paper["tables"]["table2"]["rows"][0].update(f1=65.5), "F1 as harmonic mean", "contradicts"),
        (lambda paper: paper["text"].update(imbalance=16), "Imbalance", "agrees"),
        (lambda paper: paper["text"].update(smallest_class=436), "Test faces in the training of Table 3", "agrees"),
        (lambda paper: paper["text"].update(train_share=1.0), "Training faces of Table 3", "agrees"),
        (lambda paper: paper["tables"]["table2"]["rows"][6].update(accuracy=49.0), "All networks above", "contradicts"),
    ],
)
def test_audit__other_numbers_give_other_verdicts(change, name, verdict):
    paper = deepcopy(PAPER)
    change(paper)
    assert {f["name"]: f for f in paper_audit.audit(paper)}[name]["verdict"] == verdict

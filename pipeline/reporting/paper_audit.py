"""What the paper's printed numbers give away: pure arithmetic on paper.yaml and the counts of FER-2013.

Every function returns findings: {"name", "where" (in the paper), "printed", "follows" (what we compute), "verdict", "how"}.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP
from math import ceil

import numpy as np
from scipy.stats import binom

from pipeline.faces.expected import FER2013
from pipeline.reporting.printed import CENT, PERCENTAGES, exact, harmonic_mean, is_possible, percent, scores_of, share_possible, without

AGREES, ROUNDING, CONTRADICTS, CANNOT_BE_TOLD = "agrees", "rounding", "contradicts", "cannot be told"
OFFICIAL_TEST = sum(test for _, test in FER2013.values())  # 7,178
OFFICIAL_TRAIN = sum(train for train, _ in FER2013.values())  # 28,709
TOTALS = {emotion: train + test for emotion, (train, test) in FER2013.items()}
POOLED = len(FER2013) * min(TOTALS.values())  # 3,829: all faces undersampled to the rarest emotion


def finding(name, where, printed, follows, verdict, how):
    """Return one finding as a dict."""
    return {"name": name, "where": where, "printed": str(printed), "follows": str(follows), "verdict": verdict, "how": how}


def lines(paper, *tables):
    """Return our printed lines of tables of paper.yaml, others' published ones left out."""
    return [line for table in tables for line in paper["tables"][table]["rows"] if line["row"] is not None]


def figure8(paper):
    """Findings on the confusion matrix."""
    figure = paper["figure8"]
    counts, where = np.array(figure["counts"]), "Figure 8"
    official = [FER2013[emotion][1] for emotion in figure["emotions"]]
    sums = counts.sum(axis=1).tolist()
    total = int(counts.sum())
    shares = [[str(percent(n, total, ROUND_HALF_UP)) for n in row] for row in counts.tolist()]
    printed = [[f"{value:.2f}" for value in row] for row in figure["percent"]]
    other = sum(a != b for ours, theirs in zip(shares, printed, strict=True) for a, b in zip(ours, theirs, strict=True))
    line = next(line for line in lines(paper, "table2") if line["row"] == figure["row"])
    right, scores = int(counts.trace()), scores_of(counts)
    printed_accuracy = exact(line["accuracy"])
    rules = {"rounded": ROUND_HALF_UP, "cut after two digits": ROUND_DOWN}
    ways = [
        f"{k:,} / {total:,} {name}, {k - right:+} to the diagonal"
        for name, rule in rules.items()
        for k in range(right - 50, right + 51)
        if percent(k, total, rule) == printed_accuracy
    ]
    named = " / ".join(f"{line[key]:.2f}" for key in ("precision", "recall", "f1"))
    averaged = [" / ".join(f"{value:.2f}" for value in scores[kind]) for kind in ("macro", "weighted")]
    return [
        finding(
            "Test faces of Figure 8", where, sums, f"official test faces: {official}",
            AGREES if sums == official else CONTRADICTS,
            f"Sums of the rows, {total:,} in all: "
            + ("PublicTest and PrivateTest together, emotion by emotion." if sums == official else f"officially {sum(official):,}."),
        ),
        finding(
            "Percentages of Figure 8", where, f"{counts.size} percentages", f"{other} differ from count / {total:,}",
            AGREES if not other else CONTRADICTS, "Each count over all faces, rounded to two digits.",
        ),
        finding(
            "Accuracy of Figure 8", f"{where}, Table 2", f"{line['accuracy']:.2f}", f"{right:,} / {total:,} = {100 * right / total:.4f}",
            AGREES if printed_accuracy in {percent(right, total, rule) for rule in rules.values()} else CONTRADICTS,
            f"The diagonal over all faces. The printed value can only be {' or '.join(ways) or 'of a diagonal over 50 faces away'}.",
        ),
        finding(
            "Precision, recall and F1 of Figure 8", f"{where}, Table 2", named, f"macro {averaged[0]}; weighted {averaged[1]}",
            AGREES if named in averaged else CONTRADICTS, "Equations 2 to 4 for each emotion, averaged equally or by faces.",
        ),
    ]  # fmt: skip


def test_sets(paper):
    """Findings on which test faces the printed accuracies can come from."""
    accuracies = [line["accuracy"] for line in lines(paper, "table2", "table3")]
    accuracies.append(next(line["accuracy"] for line in lines(paper, "table4") if line["row"].startswith("table4")))
    table3 = [line["accuracy"] for line in lines(paper, "table3")]
    rounded = [is_possible(value, OFFICIAL_TEST, ROUND_HALF_UP) for value in accuracies]
    rest = [value for value, possible in zip(accuracies, rounded, strict=True) if not possible]
    cut = [value for value in rest if is_possible(value, OFFICIAL_TEST, ROUND_DOWN)]
    possible = {percent(k, OFFICIAL_TEST, rule) for rule in (ROUND_HALF_UP, ROUND_DOWN) for k in range(OFFICIAL_TEST + 1)}
    either = "every percentage is" if len(possible) == PERCENTAGES else f"{len(possible) / PERCENTAGES:.0%} are"
    chance = binom.sf(sum(rounded) - 1, len(rounded), share_possible(OFFICIAL_TEST, ROUND_HALF_UP))
    fifth = ceil(POOLED * 0.2)
    count = {
        faces: [sum(is_possible(value, faces, how) for value in table3) for how in (ROUND_HALF_UP, ROUND_DOWN)]
        for faces in (OFFICIAL_TEST, fifth, POOLED)
    }
    said = "; ".join(f"k / {faces:,}: {a} rounded, {b} cut" for faces, (a, b) in count.items())
    fits = [f"k / {faces:,}" for faces, by_rule in count.items() if len(table3) in by_rule]
    return [
        finding(
            "Granularity of the accuracies", "Tables 2 to 4", f"{len(accuracies)} accuracies",
            f"{sum(rounded)} are k / {OFFICIAL_TEST:,} rounded; of the rest ({', '.join(map(str, rest))}) {len(cut)} cut after two digits",
            AGREES if not rest else ROUNDING if rest == cut else CONTRADICTS,
            f"Of all two-digit percentages {share_possible(OFFICIAL_TEST, ROUND_HALF_UP):.0%} are k / {OFFICIAL_TEST:,} rounded; that "
            f"many or more of {len(accuracies)} by chance: {chance:.1%}. With either rule allowed {either} possible.",
        ),
        finding(
            "Test faces of Table 3", "Table 3; section 4", f"20 % of the {POOLED:,} balanced faces", f"of {len(table3)} accuracies {said}",
            AGREES if f"k / {fifth:,}" in fits else CONTRADICTS,
            f"By one rule, rounded or cut, all can be {' or '.join(fits) or 'none of these'}. {fifth:,} is a fifth of the balanced faces, "
            f"{POOLED:,} all of them, {OFFICIAL_TEST:,} the official test faces; another large set fits as well as the last.",
        ),
    ]  # fmt: skip


def iterations(paper):
    """Findings on which training faces the printed iterations an epoch can come from."""

    def matches(table, faces):
        return [line["iterations"] == ceil(faces / line["batch_size"]) for line in lines(paper, table)]

    stated = int(POOLED * paper["text"]["train_share"])
    printed3 = ", ".join(f"{line['iterations']} (batch {line['batch_size']})" for line in lines(paper, "table3"))
    expected3 = ", ".join(str(ceil(stated / line["batch_size"])) for line in lines(paper, "table3"))
    fits = [said for said, faces in (("all balanced faces", POOLED), ("the stated share", stated)) if all(matches("table3", faces))]
    smallest = min(TOTALS, key=TOTALS.get)
    pooled = paper["text"]["smallest_class"] > max(FER2013[smallest])  # more than one part has
    in_test = sum(TOTALS[smallest] * test / TOTALS[emotion] for emotion, (_, test) in FER2013.items())
    rows2 = matches("table2", OFFICIAL_TRAIN)
    pairs = list(zip(lines(paper, "table2"), lines(paper, "table3"), strict=True))
    others = [without(line["accuracy"], OFFICIAL_TEST, round(in_test)) for _, line in pairs]
    above = sum(rest > before["accuracy"] for (before, _), rest in zip(pairs, others, strict=True))
    higher = sum(after["accuracy"] > before["accuracy"] for before, after in pairs)
    return [
        finding(
            "Training faces of Table 2", "Table 2", ", ".join(str(line["iterations"]) for line in lines(paper, "table2")),
            f"{sum(rows2)} of {len(rows2)} are {OFFICIAL_TRAIN:,} / batch, rounded up", AGREES if all(rows2) else CONTRADICTS,
            f"The official training faces are {OFFICIAL_TRAIN / (OFFICIAL_TRAIN + OFFICIAL_TEST):.1%} of all; "
            f"{paper['text']['train_share']:.0%} are stated.",
        ),
        finding(
            "Training faces of Table 3", "Table 3; section 4", printed3, f"80 % of {POOLED:,} would give {expected3}",
            AGREES if "the stated share" in fits else CONTRADICTS,
            f"Divided by their batch, rounded up, the printed iterations fit {' and '.join(fits) or 'neither'}. All balanced faces are "
            f"{POOLED:,}: trained on them, none are left to test on.",
        ),
        finding(
            "Test faces in the training of Table 3", "Table 3; section 4.1", f"{paper['text']['smallest_class']} of each emotion",
            f"{smallest} has {FER2013[smallest][0]} + {FER2013[smallest][1]}: "
            + (f"pooled; about {in_test:.0f} of {POOLED:,} ({in_test / POOLED:.0%}) are official test faces" if pooled else "one will do"),
            CONTRADICTS if pooled else AGREES,
            f"{paper['text']['smallest_class']} faces of every emotion "
            + (
                f"exist only in training and test together. Drawn evenly, this many of the training faces, all {FER2013[smallest][1]} of "
                f"{smallest} among them, stood in the test set. What that is worth in accuracy cannot be told from the paper; the rows on "
                "balanced_leaky and balanced_official measure it."
                if pooled
                else "can be drawn from the training part alone."
            ),
        ),
        finding(
            "Balancing helps", "Tables 2 and 3", f"Table 3 is above Table 2 in {higher} of {len(pairs)} networks",
            f"if the leaked faces are all answered rightly, the others score {', '.join(f'{rest:.2f}' for rest in others)}: above Table 2 "
            f"in {above} of {len(pairs)}",
            CANNOT_BE_TOLD,
            f"(accuracy x {OFFICIAL_TEST:,} - {in_test:.0f}) / ({OFFICIAL_TEST:,} - {in_test:.0f}) in Table 3's order: after 500 epochs a "
            f"network may know its training faces by heart. The leak alone can account for the gain in {higher - above} of {higher}.",
        ),
    ]  # fmt: skip


def averages(paper):
    """Findings on precision, recall and F1."""
    ours = lines(paper, "table2", "table3")
    means = [(harmonic_mean(line["precision"], line["recall"]), exact(line["f1"])) for line in ours]
    kinds = {name: sum(m.quantize(CENT, rule) == f1 for m, f1 in means) for name, rule in (("cut", ROUND_DOWN), ("rounded", ROUND_HALF_UP))}
    near = all(abs(mean - f1) < CENT for mean, f1 in means)
    above = [line["row"] for line in ours if line["recall"] > line["accuracy"]]
    ordered = [line["row"] for line in ours if line["precision"] > line["accuracy"] > line["recall"]]
    other = next(line for line in paper["tables"]["table4"]["rows"] if line["row"] is None)
    return [
        finding(
            "F1 as harmonic mean", "Tables 2 and 3, equation 4", f"{len(ours)} values",
            f"all within 0.01; {kinds['cut']} as cut after two digits, {kinds['rounded']} as rounded" if near else "not all within 0.01",
            CONTRADICTS if not near else AGREES if len(ours) in kinds.values() else ROUNDING,
            "2 P R / (P + R) of the row's printed precision and recall. A macro F1, the mean of the emotions' F1, is another number.",
        ),
        finding(
            "F1 of reference [4]", "Table 4", f"{other['f1']:g}",
            f"{harmonic_mean(other['precision'], other['recall']):.2f} as harmonic mean", CANNOT_BE_TOLD,
            "2 P R / (P + R) of [4]'s printed precision and recall; how its authors averaged is not said here.",
        ),
        finding(
            "Averaging of precision and recall", "section 3.3", "not said",
            f"recall is above accuracy in {len(above)} of {len(ours)} rows: {', '.join(above)}", CANNOT_BE_TOLD,
            f"Keras' Precision() and Recall() count only outputs above 0.5. That would explain precision above and recall below accuracy, "
            f"as in {len(ordered)} rows; but then no recall can exceed its accuracy, as {len(above)} do.",
        ),
    ]  # fmt: skip


def text(paper):
    """Findings on the counts in the text."""
    said, total = paper["text"], sum(TOTALS.values())
    images = [said["images_in_section_3_1"], said["images_in_section_4_1"]]
    ratio = max(TOTALS.values()) / min(TOTALS.values())
    lowest = min(line["accuracy"] for line in lines(paper, "table2"))
    best = [line for line in lines(paper, "table4")]
    other = next(line for line in paper["tables"]["table4"]["rows"] if line["row"] is None)
    beaten = all(line[key] > other[key] for line in best for key in ("accuracy", "precision", "recall", "f1"))
    return [
        finding(
            "Number of images", "sections 3.1 and 4.1", " and ".join(f"{n:,}" for n in images), f"{total:,}",
            AGREES if set(images) == {total} else CONTRADICTS, "Counted on the data set.",
        ),
        finding(
            "Imbalance", "section 4.2", f"{said['imbalance']} times", f"{ratio:.1f} times",
            AGREES if round(ratio) == said["imbalance"] else CONTRADICTS,
            f"{max(TOTALS.values()):,} happy to {min(TOTALS.values())} disgusted faces.",
        ),
        finding(
            "Balanced images", "section 4.1", f"{said['balanced_images']:,}", f"{POOLED:,}",
            AGREES if said["balanced_images"] == POOLED else CONTRADICTS, f"{len(TOTALS)} emotions of {min(TOTALS.values())} faces.",
        ),
        finding(
            "All networks above", "section 4.2; Table 2", f"{said['above']} %", f"lowest {lowest:.2f}",
            AGREES if lowest > said["above"] else CONTRADICTS, "The smallest accuracy of Table 2.",
        ),
        finding(
            "Better than [4] in all measures", "section 4.2; Table 4", "both optimizers", "yes" if beaten else "no",
            AGREES if beaten else CONTRADICTS, "Each score of both rows against [4]'s; whether on the same test faces is not said.",
        ),
    ]  # fmt: skip


def audit(paper):
    """Return all findings on the paper."""
    return [*figure8(paper), *test_sets(paper), *iterations(paper), *averages(paper), *text(paper)]

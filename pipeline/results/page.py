"""The report's page and captions in Markdown: what made the numbers stands above them."""

OFFICIAL = "Unbalanced: the official split (Training; PublicTest and PrivateTest), or as splits.unbalanced says."
REMARKS = {
    "table2": OFFICIAL,
    "table3": "Balanced: undersampled to the rarest emotion over all faces, then 80 % training, 20 % test, as the paper states it.",
    "table4": f"{OFFICIAL} [4] is as its authors published it; it was not run here.",
    "other_rows": "",
}
WORTH = (
    "Percent; precision, recall and F1 are macro averages; the interval is over test faces (bootstrap), not over repeated "
    "trainings; `Chance` is what always giving the commonest emotion scores; `Without twins` leaves out test faces with an "
    "identical picture in training."
)


def note(source, profile):
    """Return a few words on what made a score: for the captions."""
    faces = "SYNTHETIC (drawn) faces" if source["source"] == "synthetic" else f"faces of {source['origin']}"
    return f"profile {profile}, {faces}"


def banner(source, profile):
    """Return the paragraph at the top of the page: data, profile, and what the numbers are not."""
    lines = [f"> **Profile `{profile}`, source `{source['source']}`**: {source['origin']}; {source['faces']:,} faces."]
    if source["source"] == "synthetic":
        lines.append("> The faces are drawings. No score below says anything about photographs of people or about the paper.")
    elif not source["expected_counts_met"]:
        lines.append("> The counts of faces are not those of FER-2013, or were not compared with them.")
    return "\n".join(lines)


def table(name, frame, paper, caption):
    """Return one table in Markdown with its title and caption."""
    title = paper["tables"][name]["title"] if name in paper["tables"] else "Other rows, not in the paper"
    return f"### {title}\n\n{caption}\n\n{frame.to_markdown(index=False, disable_numparse=True)}\n\n{REMARKS[name]} {WORTH}\n"


def page(frames, paper, source, profile, pictures):
    """Return the whole page. frames: {name: table}; pictures: file names in reports/figures."""
    parts = ["# FER-2013, reproduced: Tables 2 to 4, Figures 3 to 8", banner(source, profile)]
    parts += [table(name, frame, paper, note(source, profile)) for name, frame in frames.items()]
    parts += [f"![{picture.removesuffix('.png')}](figures/{picture})" for picture in pictures]
    return "\n\n".join(parts) + "\n"

"""Stage evaluate@row: every test face of the row's split once, to <section>/reports/rows/<row> (predictions, metrics, curves)."""

import argparse

from pipeline.common.errors import run
from pipeline.common.workspace import add_section
from pipeline.scoring.evaluation import evaluate_row
from pipeline.training import backend


def main():
    """Score the row that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="its name in params.yaml, or in beyond/params.yaml")
    add_section(parser)
    options = parser.parse_args()
    options.section.check_row(options.row)
    evaluate_row(options.row, options.section)


if __name__ == "__main__":
    run(main, backend.leave)
    backend.leave()

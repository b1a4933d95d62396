"""Stage train@row: one network on its split to models/<row> (weights, network.json, history, first losses, dvclive's logs)."""

import argparse

from pipeline.common.errors import run
from pipeline.common.files import cache_folder
from pipeline.common.workspace import add_section
from pipeline.training import backend
from pipeline.training.trainer import train_row


def main():
    """Train the row that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="its name in params.yaml, or in beyond/params.yaml")
    add_section(parser)
    options = parser.parse_args()
    options.section.check_row(options.row)
    cache_folder()  # where no checkpoint can lie is known now, not after hours
    train_row(options.row, options.section).drop()


if __name__ == "__main__":
    run(main, backend.leave)
    backend.leave()

"""What the cluster's driver costs: cells that sleep, on 1 to 8 workers, and its own time for each of 1,000 that do nothing.

python -m benchmarks.cluster_driver --json results/cluster.json
"""

import argparse
import time
from pathlib import Path

from pipeline.common.errors import run
from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.search import driver

WORKERS, CELLS, SECONDS, FAKE_CELLS = (1, 2, 4, 8), 32, 2.0, 1000
NEEDS = {"num_cpus": 1, "num_gpus": 0}


def work(cell, shared, board):
    """Sleep as a cell."""
    board.start.remote(cell, "here")
    time.sleep(shared["seconds"])
    return {"ok": True, "host": "here", "node": "here", "seconds": shared["seconds"], "log": ""}


def timed(workers, cells, seconds):
    """Return the seconds that the driver takes for `cells` cells of `seconds` each, on Ray nodes of one CPU that this process starts."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(workers):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ray = driver.connect(cluster.address)
    names = [f"cell-{number}" for number in range(cells)]
    driver.drive(ray, names[:workers], work, {"seconds": 0}, NEEDS, 0, lambda *_: None, lambda _: None)  # a process on each node
    started = time.monotonic()
    outcome = driver.drive(ray, names, work, {"seconds": seconds}, NEEDS, 0, lambda *_: None, lambda _: None)
    elapsed = time.monotonic() - started
    if len(outcome.done) != cells:
        raise RuntimeError(f"expected {cells} cells to be done, received {len(outcome.done)}")
    ray.shutdown()
    cluster.shutdown()
    return elapsed


def main():
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    seconds = {workers: timed(workers, CELLS, SECONDS) for workers in WORKERS}
    overhead = timed(2, FAKE_CELLS, 0.0) / FAKE_CELLS
    for workers, elapsed in seconds.items():
        ideal = CELLS * SECONDS / workers
        print(f"{workers} workers: {CELLS} cells of {SECONDS:g} s in {elapsed:.1f} s, {100 * ideal / elapsed:.0f} % of ideal")
    print(f"{FAKE_CELLS} cells that do nothing: {overhead:.4f} s a cell")
    if options.json:
        figures = {"machine": fingerprint(), "cells": CELLS, "cell_seconds": SECONDS, "seconds": seconds, "overhead_seconds": overhead}
        write_json(options.json, figures | {"fake_cells": FAKE_CELLS})


if __name__ == "__main__":
    run(main)

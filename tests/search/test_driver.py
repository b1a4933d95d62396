"""The driver on a real Ray cluster of two nodes on this machine, with work that trains nothing."""

import os
import time
from pathlib import Path

import pytest

from pipeline.common.errors import InputError
from pipeline.search import driver

ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
NEEDS = {"num_cpus": 1, "num_gpus": 0}


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    connected = driver.connect(made.address)
    yield connected
    connected.shutdown()
    made.shutdown()


def run(cluster, cells, work, retries=1, shared=None):
    told, counts = [], []
    outcome = driver.drive(cluster, cells, work, shared or {}, NEEDS, retries, lambda *c: counts.append(c), told.append)
    return outcome, told, counts


def test_drive__every_cell_once(cluster, tmp_path):
    def work(cell, shared, board):
        board.start.remote(cell, "node")
        (Path(shared["folder"]) / f"{cell}-{time.monotonic_ns()}").touch()
        return {"ok": True, "host": "here", "node": "node", "seconds": 0.1, "log": ""}

    cells = [f"cell-{number}" for number in range(20)]
    outcome, told, counts = run(cluster, cells, work, shared={"folder": str(tmp_path)})
    assert sorted(outcome.done) == sorted(cells) and not outcome.failed and len(list(tmp_path.iterdir())) == 20
    assert counts[-1] == (0, 0, 20, 0) and all(sum(count) == 20 for count in counts) and len(told) == 20


def test_drive__failure_goes_to_the_other_node_and_the_rest_goes_on(cluster, tmp_path):
    def work(cell, shared, board):
        import ray

        node = ray.get_runtime_context().get_node_id()
        seen = Path(shared["folder"]) / f"{cell}-{node}"
        seen.touch()
        alone = len(list(seen.parent.glob(f"{cell}-*"))) == 1
        ok = cell != "bad" and not (cell == "lame" and alone)
        return {"ok": ok, "host": node, "node": node, "seconds": 0.1, "log": "what it said"}

    outcome, told, _ = run(cluster, ["good", "lame", "bad"], work, shared={"folder": str(tmp_path)})
    assert sorted(outcome.done) == ["good", "lame"] and outcome.failed["bad"]["log"] == "what it said"
    assert len(list(tmp_path.glob("lame-*"))) == len(list(tmp_path.glob("bad-*"))) == 2  # both nodes
    assert sum("bad failed on" in text for text in told) == 2 and any("attempt 2 of 2" in text for text in told)


def test_drive__cell_that_is_tried_again_waits_until_it_begins(cluster, tmp_path):
    def work(cell, shared, board):
        mark = Path(shared["folder"]) / cell
        if mark.exists():
            time.sleep(1)  # placed, and not yet begun
            return {"ok": True, "host": "here", "node": "node", "seconds": 1, "log": ""}
        import ray

        ray.get(board.start.remote(cell, "node"))
        mark.touch()
        return {"ok": False, "host": "here", "node": "node", "seconds": 0, "log": ""}

    told, after = [], []
    shared = {"folder": str(tmp_path)}
    driver.drive(cluster, ["a"], work, shared, NEEDS, 1, lambda *counts: after.append(counts) if told else None, told.append)
    assert after[:-1] and set(after[:-1]) == {(1, 0, 0, 0)} and after[-1] == (0, 0, 1, 0)


def test_drive__worker_that_dies_costs_its_cell_only(cluster, tmp_path):
    def work(cell, shared, board):
        mark = Path(shared["folder"]) / cell
        if cell == "dies" and not mark.exists():
            mark.touch()
            os._exit(1)
        return {"ok": True, "host": "here", "node": None, "seconds": 0.1, "log": ""}

    outcome, told, _ = run(cluster, ["dies", "lives"], work, shared={"folder": str(tmp_path)})
    assert sorted(outcome.done) == ["dies", "lives"] and any("dies failed on a lost node, attempt 1 of 2" in text for text in told)


def test_fitting_node__alive_large_enough_and_not_avoided(cluster):
    nodes = {node["NodeID"] for node in cluster.nodes()}
    one = driver.fitting_node(cluster, NEEDS)
    assert one in nodes and driver.fitting_node(cluster, NEEDS, {one}) in nodes - {one}
    assert driver.fitting_node(cluster, NEEDS, nodes) is None
    assert driver.fitting_node(cluster, NEEDS | {"num_cpus": 64}) is None and driver.fitting_node(cluster, NEEDS | {"num_gpus": 1}) is None


def test_connect__no_cluster_there_is_refused(cluster):
    cluster.shutdown()
    with pytest.raises(InputError, match="--address: expected a Ray cluster at 127.0.0.1:1, received"):
        driver.connect("127.0.0.1:1")


def test_connect__no_ray_is_refused(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match="expected Ray, found none; run `pip install -r requirements-cluster.txt`"):
        driver.connect("auto")

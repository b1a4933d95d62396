"""python -m pipeline.cluster on real Ray nodes of this machine, each with its own folder, and an S3 server on loopback as DVC's remote."""

import argparse
import contextlib
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from pipeline import cluster
from pipeline.search import cells, task
from pipeline.search.store import CheckpointStore
from tests.conftest import make_project

ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
pytest.importorskip("moto", reason="moto is not installed (requirements-test.txt)")

PATTERN = "*-OneConvolution-*"
CELLS = [f"unbalanced-OneConvolution-{optimizer}-16" for optimizer in ("adam", "sgd", "nesterov")]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project of its own, whose remote is a bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    made = make_project(tmp_path_factory.mktemp("home"))
    made.nodes = tmp_path_factory.mktemp("nodes")
    three_cells = {"[GoogLeNet]": "[OneConvolution]", "[adam, sgd]": "[adam, sgd, nesterov]"}
    for old, new in three_cells.items():
        made.edit("grid/params.yaml", old, new)
    import boto3

    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **credentials).create_bucket(Bucket="store")
    made.run("dvc", "remote", "add", "--default", "bucket", "s3://store/fer2013")
    made.run("dvc", "remote", "modify", "bucket", "endpointurl", url)
    made.run("git", "commit", "--quiet", "--all", "-m", "a remote")
    yield made
    server.stop()


@contextlib.contextmanager
def started(home, *names):
    """Yield (cluster, {name: node}) of a cluster of a head without CPUs, the driver's own node, and nodes with one each."""
    from ray.cluster_utils import Cluster

    # By Ray's defaults a dead node is noticed after 20 seconds.
    soon = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000, "health_check_failure_threshold": 2}
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": soon}
    made = Cluster(initialize_head=True, head_node_args=head)
    nodes = {}
    for number, name in enumerate(names, 2):
        variables = KEYS | {"FER2013_CACHE": str(home.nodes / name)}
        # An address of its own, or a driver could take any of the nodes for its own, and die with it.
        nodes[name] = made.add_node(num_cpus=1, node_ip_address=f"127.0.0.{number}", env_vars=variables)
    made.wait_for_nodes()
    try:
        yield made, nodes
    finally:
        made.shutdown()


def start(home, address, output):
    """Start a driver in the background, its output to a file."""
    command = (sys.executable, "-m", "pipeline.cluster", "grid/dvc.yaml", "--cells", PATTERN, "--address", address)
    return subprocess.Popen(command, cwd=home.folder, env=home.environment(os.environ | KEYS), stdout=output, stderr=subprocess.STDOUT)


def wait_for(condition, what, seconds=240):
    for _ in range(seconds * 5):
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(what())


def running_in(folder):
    """Return the processes that work in a folder: runners, DVC and trainings."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def workers(nodes, name):
    """Return the numbers of the Ray workers that run cells on a node; name: the node's, or * for all."""
    pids = [int(path.name.removeprefix(task.PREFIX).split("-")[0]) for path in nodes.glob(f"{name}/{task.PREFIX}*")]
    return [pid for pid in pids if task.alive(pid)]


def cut_power(ray_cluster, node, pids):
    """Kill a node with all that runs on it."""
    processes = [psutil.Process(pid) for pid in pids]
    processes += [child for process in processes for child in process.children(recursive=True)]
    ray_cluster.remove_node(node, allow_graceful=False)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_cluster__killed_driver_and_node_lose_their_running_cells_only(home, tmp_path):
    log = tmp_path / "log"
    with started(home, "one", "two") as (ray_cluster, nodes):
        with open(log, "w") as output:
            driver = start(home, ray_cluster.address, output)
            wait_for(lambda: " done on " in log.read_text() or driver.poll() is not None, log.read_text)
            driver.send_signal(signal.SIGKILL)
            driver.wait()
        wait_for(lambda: not workers(home.nodes, "*") and not running_in(home.nodes), lambda: "a node goes on without its driver")
        done = log.read_text().count(" done on ")
        assert 1 <= done < len(CELLS), log.read_text()
        with open(log, "w") as output:
            driver = start(home, ray_cluster.address, output)
            wait_for(lambda: " cells to run" in log.read_text() or driver.poll() is not None, log.read_text)
            left = int(re.search(r"(\d+) cells to run", log.read_text())[1])
            assert 1 <= left <= len(CELLS) - done  # what was done is not trained again; a cell may have been pushed and not told
            wait_for(lambda: workers(home.nodes, "*") or driver.poll() is not None, log.read_text)
            busy = next(name for name in nodes if workers(home.nodes, name))  # where one cell is left, only one of them is
            cut_power(ray_cluster, nodes[busy], workers(home.nodes, busy))
            assert driver.wait(timeout=300) == 0, log.read_text()
        text = log.read_text()
    assert "on a lost node, attempt 1 of 2" in text and "Running stage 'grid/dvc.yaml:train@" not in text
    assert not running_in(home.nodes)
    lock = yaml.safe_load((home.folder / "grid" / "dvc.lock").read_text())
    assert {f"train@{cell}" for cell in CELLS} < set(lock["stages"])
    # A serial run's lock is the same: one cell trained here, by force.
    home.run("dvc", "repro", "--force", "--single-item", f"grid/dvc.yaml:train@{CELLS[0]}")
    assert yaml.safe_load((home.folder / "grid" / "dvc.lock").read_text()) == lock
    assert home.ran(home.run("dvc", "repro", "--glob", f"grid/dvc.yaml:train@{PATTERN}")) == set()


def test_cluster__dead_nodes_checkpoint_goes_to_another(home, monkeypatch):
    monkeypatch.chdir(home.folder)
    for key, value in KEYS.items():
        monkeypatch.setenv(key, value)
    home.edit("params.yaml", "epochs:              #", "epochs: 150          #")
    home.run("git", "commit", "--quiet", "--all", "-m", "longer")
    cell = CELLS[0]
    cells.bring_resolve_up_to_date("grid/dvc.yaml")
    with cells.opened() as repo:
        remote = cluster.remote_of(repo)
        _, names, inputs = cluster.prepare(repo, argparse.Namespace(file="grid/dvc.yaml", cells=cell), remote)
        store = CheckpointStore(repo, cell)
    assert names == [cell]
    job = {"file": "grid/dvc.yaml", "remote": remote, "inputs": inputs, "checkpoint_seconds": 0.5}
    shared = {"bundle": cluster.bundle_of_head(), "commit": cluster.git("rev-parse", "HEAD").strip(), "job": job}
    shared["sent"] = {path: Path(path).read_text() for path in cluster.SENT if Path(path).exists()}
    monkeypatch.setenv("FER2013_CACHE", str(home.nodes / "dies"))
    node = multiprocessing.get_context("spawn").Process(target=task.run_cell, args=(cell, shared, None))
    node.start()
    wait_for(lambda: store.whole() or not node.is_alive(), lambda: "no checkpoint in the remote")
    assert node.is_alive(), "the training ended before its node could die"
    node.kill()
    wait_for(lambda: not running_in(home.nodes / "dies"), lambda: "the runner goes on without its worker")
    assert not list((home.nodes / "dies").glob("fer2013-cell-*"))
    shutil.rmtree(home.nodes / "dies")
    monkeypatch.setenv("FER2013_CACHE", str(home.nodes / "goes-on"))
    result = task.run_cell(cell, shared | {"job": job | {"checkpoint_seconds": 600}}, None)
    assert result["ok"], result["log"]
    assert f"cluster: checkpoint of {cell} from the remote" in result["log"] and f"train: {cell} goes on after" in result["log"]
    assert not store.whole()


def refused(home, *arguments, env=None):
    return home.run(sys.executable, "-m", "pipeline.cluster", *arguments, ok=False, env=env)


def test_cluster__dirty_tree_is_refused(home):
    home.edit("params.yaml", "seed: 0 ", "seed: 1 ")
    output = refused(home, "grid/dvc.yaml", "--address", "local")
    home.run("git", "checkout", "--quiet", "params.yaml")
    assert "cluster: expected a clean git tree, for every node clones HEAD, received changes in params.yaml; commit them" in output


def test_cluster__two_drivers_are_refused(home):
    import fcntl

    path = home.folder / ".dvc" / "tmp" / "cluster" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "cluster: expected no other driver in this clone, received one that runs" in refused(home, "grid/dvc.yaml")


def test_cluster__no_cluster_is_refused(home):
    output = refused(home, "grid/dvc.yaml", "--address", "127.0.0.1:1")
    assert "cluster: --address: expected a Ray cluster at 127.0.0.1:1, received" in output and "ray start --head" in output


def test_cluster__unknown_cell_and_file_are_refused(home):
    output = refused(home, "grid/dvc.yaml", "--cells", "nobody-*", "--address", "local", env=os.environ | KEYS)
    assert "cluster: --cells: expected a name or a pattern of cells of grid/dvc.yaml" in output
    assert "invalid choice: 'grid.yaml'" in refused(home, "grid.yaml")


def test_cluster__remote_that_cannot_be_written_is_refused(home):
    home.run("dvc", "remote", "modify", "--local", "bucket", "url", "s3://nobodys/fer2013")
    output = refused(home, "grid/dvc.yaml", "--address", "local", env=os.environ | KEYS)
    (home.folder / ".dvc" / "config.local").unlink()
    assert "cluster: expected to read and write the DVC remote bucket (s3://nobodys/fer2013), received" in output


def test_cluster__password_in_a_remotes_url_stays_at_home(home):
    home.run("dvc", "remote", "modify", "--local", "bucket", "endpointurl", "http://me:hush@127.0.0.1:1")
    output = refused(home, "grid/dvc.yaml", "--address", "local", env=os.environ | KEYS)
    (home.folder / ".dvc" / "config.local").unlink()
    assert "cluster: remote bucket: expected endpointurl without a password, for it goes to every node, received one" in output
    assert "hush" not in output


def test_cause_of__first_line_of_ours_or_the_last():
    log = "Running stage\ntrain: cell: expected a finite loss, received nan\nERROR: failed\nrunner: expected `dvc repro` to succeed\n\n"
    assert cluster.cause_of(log) == "train: cell: expected a finite loss, received nan"
    assert cluster.cause_of("git: no space left\n\n") == "git: no space left" and cluster.cause_of("") == "no output"

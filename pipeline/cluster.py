"""Trains the cells of a dvc.yaml on a Ray cluster, with the DVC remote as the store; at the end `dvc repro --pull` brings all home.

python -m pipeline.cluster grid/dvc.yaml --address auto       on the cluster that this machine belongs to
python -m pipeline.cluster grid/dvc.yaml --address local      on this machine alone, say with several GPUs
"""

import argparse
import contextlib
import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from dvc.exceptions import DvcException

from pipeline.common.errors import InputError, run
from pipeline.common.files import cache_folder
from pipeline.common.git import git
from pipeline.common.progress import Bar
from pipeline.config import params as parameters
from pipeline.search import cells, driver, task

SENT = ("dvc.lock", *(f"{name}/{file}" for name in ("beyond", "grid") for file in ("dvc.yaml", "dvc.lock")))  # what a clone of HEAD lacks
SECRET = ("secret", "password", "token", "key", "credential")  # in the names of a remote's options: they stay at home
OWN = Path(".dvc/tmp/cluster")  # the lock, and the logs of failed cells
CHECKPOINT_SECONDS = 600.0  # between checkpoints sent to the remote: of InceptionResNetV2 with Adam one has 0.65 GB


def check_clean():
    """Raise InputError where the working tree has what a clone of HEAD would not: SENT apart, which goes along."""
    lines = [line for line in git("status", "--porcelain").splitlines() if line[3:] not in SENT]
    changed = [line[3:] for line in lines if not line.startswith("??") or line[3:].startswith("pipeline/")]
    if changed:
        raise InputError(f"expected a clean git tree, for every node clones HEAD, received changes in {', '.join(changed)}; commit them")


@contextlib.contextmanager
def alone():
    """Hold this clone's driver lock, or raise InputError; the system frees it however the driver ends."""
    OWN.mkdir(parents=True, exist_ok=True)
    with open(OWN / "lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("expected no other driver in this clone, received one that runs; wait for it, or stop it") from None
        yield


def bundle_of_head():
    """Return the commit of HEAD as a git bundle, bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        git("bundle", "create", "--quiet", str(path), "HEAD")
        return path.read_bytes()


def remote_of(repo):
    """Return {"name", "options"} of the default remote as the nodes need it; a local folder is set up where there is none."""
    name = repo.config["core"].get("remote")
    if name is None:
        name, url = "store", str(cache_folder() / "store")
        with repo.config.edit("local") as config:
            config["core"] = {"remote": name}
            config["remote"] = {name: {"url": url}}
        print(f"no default DVC remote: made {url}, which every node must see under this name; or: dvc remote add --default NAME URL")
    options = {key: value for key, value in repo.config["remote"][name].items() if not any(word in key for word in SECRET)}
    for key, value in options.items():
        if urlsplit(str(value)).password:
            raise InputError(
                f"remote {name}: expected {key} without a password, for it goes to every node, received one; give it by the environment "
                "or, on each machine, by `dvc remote modify --local`"
            )
    return {"name": name, "options": {key: value if isinstance(value, (bool, int)) else str(value) for key, value in options.items()}}


def prepare(repo, options, remote):
    """Push what the cells read, take home what the remote already has of them, and return (all cells, those to run, inputs)."""
    chosen = cells.trainings(repo, options.file, options.cells)
    inputs = cells.inputs(repo, chosen.values())
    try:
        repo.push(targets=inputs)
        store = repo.cloud.get_remote()
        probe = store.fs.join(store.path, "probe")
        store.fs.makedirs(store.path, exist_ok=True)
        store.fs.pipe_file(probe, b"written by pipeline.cluster\n")
        store.fs.rm(probe)
        repo.stage_cache.pull(None)
    except (OSError, DvcException) as error:
        raise InputError(
            f"expected to read and write the DVC remote {remote['name']} ({remote['options'].get('url')}), received: {error}"
        ) from None
    return list(chosen), [cell for cell, stage in chosen.items() if cells.would_run(stage, pull=True)], inputs


def report(outcome):
    """Say which cells failed and keep their logs."""
    for cell, result in outcome.failed.items():
        path = OWN / f"{cell}.log"
        path.write_text(result["log"], encoding="utf-8")
        print(f"cluster: {cell} failed on {result['host']}: {cause_of(result['log'])} (log: {path})", file=sys.stderr)


def cause_of(log):
    """Return the line of a failed cell's log that says why: the first of ours, or the last one."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return next((line for line in lines if ": expected " in line), lines[-1] if lines else "no output")


def take_home(file, whole, done):
    """Bring what was trained into this workspace by `dvc repro --pull`: all of `file` and what follows, or the cells `done`."""
    targets = [file] if whole else ["--single-item", *(f"{file}:train@{cell}" for cell in done)]
    status = subprocess.run([sys.executable, "-m", "dvc", "repro", "--pull", *targets], check=False).returncode
    if status:
        raise InputError(f"expected `dvc repro --pull` to succeed, received exit status {status}; see above")


def main():
    """Check, share out, and take home."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cells.add_arguments(parser)
    parser.add_argument("--address", default="auto", help="of the Ray cluster: auto, local, or host:port (default: auto)")
    options = parser.parse_args()
    check_clean()
    with alone():
        needs = parameters.load().cluster
        ray = driver.connect(options.address)
        cells.bring_resolve_up_to_date(options.file)
        with cells.opened() as repo:
            remote = remote_of(repo)
        with cells.opened() as repo:
            chosen, names, inputs = prepare(repo, options, remote)
        job = {"file": options.file, "remote": remote, "inputs": inputs, "checkpoint_seconds": CHECKPOINT_SECONDS}
        sent = {path: Path(path).read_text(encoding="utf-8") for path in SENT if Path(path).exists()}
        shared = {"bundle": bundle_of_head(), "commit": git("rev-parse", "HEAD").strip(), "sent": sent, "job": job}
        print(f"{options.file}: {len(names)} cells to run", flush=True)
        with Bar("cells", len(names), "cells") as bar:
            finished = 0

            def show(waiting, running, done, failed):
                nonlocal finished
                bar.advance(done + failed - finished, f"{waiting} waiting, {running} running, {done} done, {failed} failed")
                finished = done + failed

            def tell(text):
                print(f"cluster: {text}", flush=True)

            resources = {"num_cpus": needs.cpus, "num_gpus": needs.gpus}
            outcome = driver.drive(ray, names, task.run_cell, shared, resources, needs.retries, show, tell)
        ray.shutdown()
        report(outcome)
        done = [cell for cell in chosen if cell not in outcome.failed]
        if done:
            take_home(options.file, options.cells == "*" and not outcome.failed, done)
    if outcome.failed:
        sys.exit(1)


if __name__ == "__main__":
    run(main)

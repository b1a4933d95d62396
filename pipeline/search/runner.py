"""Runs one cell in a throw-away clone on a node: inputs from the DVC remote, `dvc repro` of the cell, its outputs to the remote.

python -m pipeline.search.runner job.json
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo

from pipeline.errors import InputError, run
from pipeline.files import cache_folder, read_json
from pipeline.search.store import CheckpointStore

GRACE_SECONDS = 60  # between asking a training to stop, when it saves its checkpoint, and killing it


def end_with_worker(pid, folder):
    """End this process, what it started, and its `folder` when Ray's worker `pid` is gone: a training without a driver wastes its node."""
    worker = None
    with contextlib.suppress(psutil.NoSuchProcess):  # it may be gone already
        worker = psutil.Process(pid)

    def watch():
        while worker and worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
            time.sleep(1)
        started = psutil.Process().children(recursive=True)
        for process in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()  # a training then saves its checkpoint
        for process in psutil.wait_procs(started, timeout=GRACE_SECONDS)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def configure(remote):
    """Let this clone use the driver's remote, and a cache that all cells of the node share."""
    with Repo() as repo, repo.config.edit("local") as config:
        config["cache"] = {"dir": str(cache_folder() / "dvc")}
        config["core"] = {"remote": remote["name"]}
        config["remote"] = {remote["name"]: remote["options"]}


def push(target):
    """Push a stage's outputs, then its run-cache entry: who finds the entry finds the outputs."""
    with Repo() as repo, lock_repo(repo):
        repo.push(targets=[target])
        remote = repo.cloud.get_remote_odb(None, "push --run-cache", hash_name="md5-dos2unix")
        repo.stage_cache.transfer(repo.cache.legacy, remote, force=False)


def main():
    """Read the job and run it."""
    job = read_json(sys.argv[1])
    end_with_worker(job["worker"], Path(sys.argv[1]).parent)
    cell, target = job["cell"], f"{job['file']}:train@{job['cell']}"
    try:
        configure(job["remote"])
        with Repo() as repo, lock_repo(repo):
            repo.pull(targets=job["inputs"])
            store = CheckpointStore(repo, cell)
        store.fetch()
        stop = store.pushing(job["checkpoint_seconds"])
        done = subprocess.run([sys.executable, "-m", "dvc", "repro", "--single-item", target], check=False)
        stop()
        if done.returncode:
            store.push()
            raise InputError(f"expected `dvc repro --single-item {target}` to succeed, received exit status {done.returncode}; see above")
        push(target)
        store.drop()
    except DvcException as error:
        raise InputError(f"{cell}: expected the DVC remote {job['remote']['name']} to serve, received: {error}") from None


if __name__ == "__main__":
    run(main)

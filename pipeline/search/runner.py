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

from pipeline.common.errors import InputError, run
from pipeline.common.files import cache_folder, read_json
from pipeline.search.store import CheckpointStore
from pipeline.search.task import RUNNER

GRACE_SECONDS = 60  # for a training that was asked to stop to save its checkpoint, and for its way to the remote


class Worker:
    """Ray's process that started this one and removes its folder afterwards, unless it is gone."""

    def __init__(self, pid):
        self.process = None
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process = psutil.Process(pid)

    def gone(self):
        """Tell whether it has ended."""
        try:
            return self.process is None or not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def end_with(worker, folder):
    """End this process, what it started, and its `folder` when `worker` is gone: a training without a driver wastes its node.

    A training saves its checkpoint, DVC fails by that, and the main thread, which alone waits for DVC, ends: a second
    one that waited would take the exit status, and the first read 0.
    """

    def watch():
        while not worker.gone():
            time.sleep(1)
        if started := psutil.Process().children(recursive=True):
            for process in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    if not process.children():
                        process.terminate()
            time.sleep(GRACE_SECONDS)  # the main thread ends this process sooner
            for process in psutil.Process().children(recursive=True):
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


def run_job(job):
    """Pull, run the cell, push; raise InputError where one of them fails."""
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


def main():
    """Read the job and run it, as long as Ray's worker lives."""
    path = Path(sys.argv[1])
    job = read_json(path)
    path.with_name(RUNNER).write_text(str(os.getpid()), encoding="utf-8")
    worker = Worker(job["worker"])
    end_with(worker, path.parent)
    try:
        run_job(job)
    finally:
        if worker.gone():
            shutil.rmtree(path.parent, ignore_errors=True)


if __name__ == "__main__":
    run(main)

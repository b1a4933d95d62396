"""What a node of a cluster does for one cell: a clone of the driver's commit, and the runner in it.

Standard library only: Ray sends this module by value to nodes that have nothing of the project yet.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOG_LINES = 200  # of a failed cell's log, sent home
PREFIX = "fer2013-cell-"  # of a cell's folder, before its worker's number and host: nodes may share the disk
RUNNER = "runner"  # the file in it with the runner's number
INHERITED = "OMP_NUM_THREADS"  # set by Ray to the CPUs of the task: other threads, other last bits than a serial run's


class Board:
    """Which cells run on which node; an actor, for a task tells nobody else that it has begun."""

    def __init__(self):
        self.running = {}

    def start(self, cell, node):
        """Note that a cell has begun."""
        self.running[cell] = node

    def forget(self, cell):
        """Note that a cell waits again."""
        self.running.pop(cell, None)

    def read(self):
        """Return {cell: node} of every cell that began and was not forgotten."""
        return self.running


def run_cell(cell, shared, board):
    """Train a cell and push what it gives to the remote; return {"ok", "host", "node", "seconds", "log"}.

    shared: {"bundle": a git bundle, "commit", "sent": {path: text}, "job": what the runner reads}; board: an actor of Board, or None.
    """
    started = time.monotonic()
    result = {"ok": False, "host": socket.gethostname(), "node": node_id()}
    if board is not None:
        board.start.remote(cell, result["node"])
    base = Path(os.environ.get("FER2013_CACHE") or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{socket.gethostname()}-", dir=base))
    try:
        with open(folder / "log", "w+", encoding="utf-8", errors="replace") as log:
            result["ok"] = run_in_clone(cell, shared, folder, log)
            log.seek(0)
            result["log"] = "".join(log.readlines()[-LOG_LINES:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result | {"seconds": time.monotonic() - started}


def sweep(base):
    """Remove the folders of this host's cells whose worker and runner are dead: killed, they could not do it themselves."""
    for folder in base.glob(f"{PREFIX}*"):
        worker, _, rest = folder.name.removeprefix(PREFIX).partition("-")
        if rest.rpartition("-")[0] != socket.gethostname():
            continue
        pids = [worker]
        if (folder / RUNNER).exists():
            pids.append((folder / RUNNER).read_text(encoding="utf-8"))
        if not any(alive(int(pid)) for pid in pids if pid.isdigit()):
            shutil.rmtree(folder, ignore_errors=True)


def alive(pid):
    """Tell whether a process of this machine exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def run_in_clone(cell, shared, folder, log):
    """Clone into `folder`, run the cell there with its output to `log`, and tell whether it succeeded."""
    bundle, clone = folder / "bundle", folder / "clone"
    bundle.write_bytes(shared["bundle"])
    for command in (
        ["git", "clone", "--quiet", "--no-checkout", str(bundle), str(clone)],
        ["git", "-C", str(clone), "checkout", "--quiet", "--detach", shared["commit"]],
    ):
        if subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
            return False
    bundle.unlink()
    for path, text in shared["sent"].items():
        (clone / path).write_text(text, encoding="utf-8")
    (folder / "job.json").write_text(json.dumps(shared["job"] | {"cell": cell, "worker": os.getpid()}), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != INHERITED}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    runner = [sys.executable, "-m", "pipeline.search.runner", str(folder / "job.json")]
    # A shell between, for Ray kills a worker's children at once: the runner is to see that and let its training save.
    command = ["sh", "-c", '"$@" & wait $!', "sh", *runner]
    return subprocess.run(command, cwd=clone, env=environment, stdout=log, stderr=log, start_new_session=True, check=False).returncode == 0


def node_id():
    """Return Ray's name of this node, None outside a cluster."""
    ray = sys.modules.get("ray")
    return ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else None

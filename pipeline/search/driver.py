"""Runs cells as Ray tasks: every cell once, a failed one again on another node, the others meanwhile."""

import dataclasses
import os
import socket

from pipeline.common.errors import InputError
from pipeline.search import task

NAMESPACE, CONNECT_SECONDS = "fer2013", 10


@dataclasses.dataclass
class Outcome:
    """What became of the cells: names of those done, {cell: result or error} of those that failed for good."""

    done: list = dataclasses.field(default_factory=list)
    failed: dict = dataclasses.field(default_factory=dict)


def connect(address):
    """Return the module ray, connected to the cluster at `address` (auto, local, or host:port); or raise InputError."""
    try:
        import ray
    except ImportError:
        raise InputError("expected Ray, found none; run `pip install -r requirements-cluster.txt` here and on every node") from None
    ray.cloudpickle.register_pickle_by_value(task)
    try:
        host, _, port = (os.environ.get("RAY_ADDRESS", "") if address == "auto" else address).rpartition(":")
        if port.isdigit():  # Ray itself would try for ever
            socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="warning", include_dashboard=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"--address: expected a Ray cluster at {address}, received: {error}; start one with `ray start --head`, or give --address local"
        ) from None
    return ray


def drive(ray, cells, work, shared, needs, retries, show, tell):
    """Run work(cell, shared, board) for every cell as a Ray task and return the Outcome.

    needs: {"num_cpus", "num_gpus"} of a task; retries: of a cell whose work fails or whose node dies;
    show(waiting, running, done, failed) is called with counts several times a second, tell(text) for each cell that ended.
    """
    shared = ray.put(shared)
    here = affinity(ray, ray.get_runtime_context().get_node_id(), soft=False)  # with whose node the driver dies anyway
    board = ray.remote(task.Board).options(num_cpus=0, scheduling_strategy=here).remote()
    remote = ray.remote(work)
    attempts, avoid, outcome = dict.fromkeys(cells, 0), {cell: set() for cell in cells}, Outcome()

    def submit(cell):
        other = fitting_node(ray, needs, avoid[cell]) if avoid[cell] else None
        strategy = affinity(ray, other) if other else "DEFAULT"
        return remote.options(max_retries=0, scheduling_strategy=strategy, name=cell, **needs).remote(cell, shared, board)

    if cells and fitting_node(ray, needs) is None:
        tell(f"no node has {needs['num_cpus']:g} CPUs and {needs['num_gpus']:g} GPUs yet (cluster: in grid/params.yaml); waiting for one")
    waiting = {submit(cell): cell for cell in cells}
    while waiting:
        ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0.2)
        began = ray.get(board.read.remote())
        for ref in ready:
            cell = waiting.pop(ref)
            try:
                result = ray.get(ref)
            except ray.exceptions.RayError as error:  # its worker or node is gone, or the node could not even make a clone
                host = "its node" if isinstance(error, ray.exceptions.RayTaskError) else "a lost node"
                result = {"ok": False, "node": began.get(cell), "host": host, "log": str(error)}
            began.pop(cell, None)
            attempts[cell] += 1
            if result["ok"]:
                outcome.done.append(cell)
                tell(f"{cell} done on {result['host']} in {result['seconds']:.0f} s")
                continue
            tell(f"{cell} failed on {result['host']}, attempt {attempts[cell]} of {retries + 1}")
            if attempts[cell] > retries:
                outcome.failed[cell] = result
            else:
                avoid[cell].add(result["node"])
                ray.get(board.forget.remote(cell))  # before it can begin again
                waiting[submit(cell)] = cell
        running = sum(cell in began for cell in waiting.values())
        show(len(waiting) - running, running, len(outcome.done), len(outcome.failed))
    return outcome


def affinity(ray, node, soft=True):
    """Return the scheduling strategy of a node; soft: left where it has died."""
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node_id=node, soft=soft)


def fitting_node(ray, needs, avoid=()):
    """Return the name of a living node that has what a task needs and is not in `avoid`, or None."""
    wanted = {"CPU": needs["num_cpus"], "GPU": needs["num_gpus"]}
    for node in ray.nodes():
        enough = all(node["Resources"].get(kind, 0) >= amount for kind, amount in wanted.items())
        if node["Alive"] and enough and node["NodeID"] not in avoid:
            return node["NodeID"]
    return None

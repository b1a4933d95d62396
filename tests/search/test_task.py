import os
import socket
import subprocess

from pipeline.search import task


def test_sweep__folders_of_this_host_whose_worker_and_runner_are_dead(tmp_path):
    ended = subprocess.Popen(("true",))
    ended.wait()
    dead, own, here = ended.pid, os.getpid(), socket.gethostname()
    for worker, host, runner in (
        (dead, here, None), (dead, here, dead), (dead, here, own), (own, here, dead), (own, here, None), (dead, f"x-{here}", None),
    ):  # fmt: skip
        folder = tmp_path / f"fer2013-cell-{worker}-{host}-{runner}"
        folder.mkdir()
        if runner:
            (folder / "runner").write_text(str(runner))
    (tmp_path / "checkpoints").mkdir()
    task.sweep(tmp_path)
    left = {f"{dead}-{here}-{own}", f"{own}-{here}-{dead}", f"{own}-{here}-None", f"{dead}-x-{here}-None"}  # that host may have this number
    assert {path.name.removeprefix("fer2013-cell-") for path in tmp_path.iterdir()} == left | {"checkpoints"}

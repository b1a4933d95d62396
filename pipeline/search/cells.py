"""The trainings of a dvc.yaml as DVC sees them: which would run now, and what they read of other stages."""

import contextlib
import fnmatch
import subprocess
import sys
from pathlib import Path

from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo, lock_repo
from dvc.stage.cache import RunCacheNotFoundError
from dvc_data.hashfile.hash_info import HashInfo

from pipeline.common.errors import InputError
from pipeline.common.workspace import Section
from pipeline.config.params import SECTIONS

FILES = {("" if name == "rows" else f"{name}/") + "dvc.yaml": Section(name) for name in SECTIONS}


def add_arguments(parser):
    """Let an ArgumentParser take a dvc.yaml and a choice of its cells."""
    parser.add_argument("file", choices=FILES, metavar="FILE", help=f"whose trainings: {', '.join(FILES)}")
    parser.add_argument("--cells", default="*", metavar="PATTERN", help="some of them, say 'unbalanced-ResNet50-*' (default: all)")


@contextlib.contextmanager
def opened():
    """Yield the Repo of the working folder with its lock held; what DVC has to say against it is an InputError."""
    try:
        with Repo() as repo, lock_repo(repo):
            yield repo
    except NotDvcRepoError:
        raise InputError("expected the repository's root as the working folder, found no DVC repository in it") from None
    except DvcException as error:
        raise InputError(f"expected DVC to read the pipeline, received: {error}") from None


def bring_resolve_up_to_date(file):
    """Run the stages up to `resolve` of a dvc.yaml, or raise InputError: before, DVC would not know which trainings are stale."""
    check_in_place(file)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro", f"{file}:resolve"], check=False)
    if done.returncode:
        raise InputError(f"expected `dvc repro {file}:resolve` to succeed, received exit status {done.returncode}; see above")


def check_in_place(file):
    """Raise InputError where a dvc.yaml that is in place on demand is not."""
    if not Path(file).exists():
        raise InputError(f"expected {file}, found none; `make {Path(file).parent}` puts it in place")


def trainings(repo, file, pattern="*"):
    """Return {cell: stage} of the train stages of a dvc.yaml whose names match `pattern`, in their order; or raise InputError."""
    stages = repo.stage.collect(f"{file}:train@*", glob=True)
    cells = {stage.name.partition("@")[2]: stage for stage in stages}
    chosen = {cell: stage for cell, stage in cells.items() if fnmatch.fnmatchcase(cell, pattern)}
    if not chosen:
        names = ", ".join(list(cells)[:3])
        raise InputError(f"--cells: expected a name or a pattern of cells of {file} ({names}, ...), received {pattern!r}")
    return chosen


def would_run(stage, pull=False):
    """Tell whether `dvc repro` would execute a stage whose deps are up to date: neither unchanged nor in the run-cache.

    pull: take what the run-cache knows from the default remote, and into the workspace.
    """
    if not stage.changed():
        return False
    if not pull:  # DVC's dry search takes hashes as they stand: those of today's inputs, not the lock's, and no outputs of older ones
        stage.save_deps()
        for out in stage.outs:
            out.hash_info = HashInfo()
    try:
        stage.repo.stage_cache.restore(stage, pull=pull, dry=not pull)
    except RunCacheNotFoundError:
        return True
    return False


def inputs(repo, stages):
    """Return the outputs of other stages that `stages` read, as sorted paths from the root: what a clone must pull first."""
    found = set()
    for dep in {dep.fs_path for stage in stages for dep in stage.deps}:
        for out in repo.index.outs:
            if out.use_cache and out.fs.isin_or_eq(dep, out.fs_path):
                found.add(Path(out.fs_path).relative_to(repo.root_dir).as_posix())
    return sorted(found)

"""README and docs: every command in them is run here, run by another test or by CI, or listed with the reason why not."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from pipeline.config import params
from pipeline.resolve import resolve

PAGES = ["README.md", *sorted(map(str, Path("docs").glob("*.md")))]
RUN_BY = {  # what another test or CI runs as it stands
    "make repro": ".ci/run",  # make verify runs the same in a fresh clone
    "make test": ".ci/run",
    "make verify": ".ci/run",
    "make verify ROWS=table3-GoogLeNet": "Makefile",  # tests/test_pipeline.py runs what it calls
    "make evaluate-compact ARCHIVE=/path/to/fer2013.zip": ".ci/run",
    "make evaluate-compact WEIGHTS=wide-0 ARCHIVE=/path/to/fer2013.zip": ".ci/run",
    "make install-predict": "Makefile",  # make evaluate-compact, which CI runs, wants the same
    "make web": ".ci/run",
    "make beyond": "tests/test_beyond.py",
    "make grid": "tests/conftest.py",
    "dvc exp run --queue -S optimizer=adam,sgd": "tests/test_pipeline.py",
    "dvc queue start": "tests/test_pipeline.py",
    "dvc queue status": "tests/conftest.py",
    "dvc repro beyond/dvc.yaml": "tests/test_beyond.py",
    "dvc repro beyond/dvc.yaml:export@compact-0": "tests/test_beyond.py",
    "dvc repro --glob 'grid/dvc.yaml:train@unbalanced-GoogLeNet-adam-*'": "tests/test_grid.py",
}
NOT_RUN = {  # beginning of a command: why no test runs it
    "git clone": "the clone is the reader's",
    "source ": "the reader's shell",
    "export ": "the reader's shell",
    "rm -rf beyond": "the other half of git rm",
    "git rm -q --cached beyond/dvc.yaml": "git's own",
    "git checkout": "git's own",
    "git commit": "git's own",
    "pip install": "the network",
    "dvc remote": "a remote of the reader's",
    "ray ": "a cluster of the reader's; the tests start Ray's nodes by its own library",
    "dvc checkout": "tests/conftest.py does it after each test of the pipeline, by DVC's own function",
}


def commands(page):
    """Return the commands in a page's sh blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", Path(page).read_text(encoding="utf-8"), re.S)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


ALL = sorted({command for page in PAGES for command in commands(page)} - set(RUN_BY))
EXPERIMENTS = [command for command in ALL if command.startswith("dvc exp run")]
MODULES = [command for command in ALL if "python -m " in command]
MAKES = sorted({command for page in PAGES for command in commands(page) if command.startswith("make ")})
OTHERS = [command for command in ALL if command not in EXPERIMENTS + MODULES and not command.startswith(tuple(NOT_RUN))]


@pytest.mark.parametrize("command", EXPERIMENTS)
def test_command__experiment_resolves_every_row_of_its_target(command, tmp_path):
    # By DVC's own overrides, on the real params: what it would train, without the hours.
    words = shlex.split(command)[3:]
    overrides = [word for before, word in zip(words, words[1:], strict=False) if before == "-S"]
    targets = [word for word in words if word != "-S" and word not in overrides]
    for file in ("params.yaml", *params.OWN):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / file)
    for override in overrides:
        file, _, rest = override.rpartition("params.yaml:")
        apply_overrides(tmp_path / file / "params.yaml", [rest])
    loaded = params.load(tmp_path / "params.yaml")
    assert len(targets) <= 1
    file, _, stage = (targets or ["dvc.yaml"])[0].rpartition(":") if ":" in "".join(targets) else ((targets or ["dvc.yaml"])[0], "", "")
    if file and not file.endswith("dvc.yaml"):
        file, stage = "dvc.yaml", file
    section = {"dvc.yaml": "rows"}.get(file, Path(file).parent.name)
    rows = {name: resolve(loaded, name, section) for name in loaded.section(section)}
    name, _, row = stage.partition("@")
    stages = yaml.safe_load(Path(file if section == "rows" else f"{section}/stages.yaml").read_text(encoding="utf-8"))["stages"]
    assert not name or name in stages
    assert not row or row in rows


@pytest.mark.parametrize("module", sorted({command.split("python -m ")[1].split()[0] for command in MODULES}))
def test_command__module_takes_what_the_docs_give_it(module):
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False)
    options = {word for command in MODULES if f"-m {module}" in command for word in command.split() if word.startswith("--")}
    assert done.returncode == 0 and all(option in done.stdout for option in options)


@pytest.mark.parametrize("command", MAKES)
def test_command__make_target_exists(command):
    assert subprocess.run([*command.split(), "--dry-run"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("command", OTHERS)
def test_command__runs(project, command, tmp_path):
    more = ["--out", str(tmp_path / "plots")] if "plots" in command else []
    output = project.run(*shlex.split(command), *more)
    assert "Traceback" not in output


@pytest.mark.parametrize("command", RUN_BY)
def test_command__run_elsewhere_is_run_there(command):
    place = Path(RUN_BY[command]).read_text(encoding="utf-8")
    if command == "make repro":
        command = "make verify"
    words = [word for word in command.replace("'", "").replace("/path/to/fer2013.zip", "").split() if word != "make"]
    assert all(word in place for word in words), command


def test_commands__every_exception_is_needed():
    whole = [command for page in PAGES for command in commands(page)]
    assert all(any(command.startswith(start) for command in whole) for start in NOT_RUN)
    assert set(RUN_BY) <= set(whole)


@pytest.mark.parametrize("page", PAGES)
def test_page__paths_and_links_exist(page):
    text = Path(page).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:pipeline|tests|results|benchmarks|docs)/[\w./-]+)`", text):
        assert Path(path).exists() or path.startswith("models/"), path
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not link.startswith("http"):
            assert (Path(page).parent / link).exists(), link


def sentences(text):
    """Return the sentences of a page: no code, link targets or addresses; a cell of a table and an item of a list stand alone."""
    text = re.sub(r"```.*?```|<!--.*?-->", "\n\n", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\n(?=[-*#|]|\d\.)", "\n\n", text).replace("|", "\n\n")
    return [s for part in re.split(r"\n\s*\n", text) for s in re.split(r"(?<=[.!?:;])\s+", part) if s.strip()]


def test_readme__is_short():
    text = Path("README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 130
    assert max(len(sentence.split()) for sentence in sentences(text)) <= 30


def test_sentences__check_sees_a_long_one():
    assert max(len(sentence.split()) for sentence in sentences("Short. " + "word " * 31 + ".")) > 30

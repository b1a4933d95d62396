"""The GitHub workflows against the repository: what they call exists."""

import re
import shlex
import subprocess
from pathlib import Path

import yaml

TEXT = Path(".github/workflows/ci.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
PAGES = yaml.safe_load(Path(".github/workflows/pages.yml").read_text(encoding="utf-8"))


def test_workflow__calls_targets_of_the_makefile():
    targets = set(re.findall(r"^(\w+):", Path("Makefile").read_text(encoding="utf-8"), re.M))
    called = set(re.findall(r"\bmake (\w+)\b", TEXT))
    assert called == {"test", "verify", "repro", "web"} and called <= targets


def test_workflow__tests_every_python_that_the_makefile_accepts():
    low, high = map(int, re.search(r"\(3, (\d+), \d+\) <= .*? < \(3, (\d+)\)", Path("Makefile").read_text(encoding="utf-8")).groups())
    assert WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(low, high)]


def test_workflow__mac_runs_the_tests_that_train_nothing(pytestconfig):
    assert WORKFLOW["jobs"]["macos"]["runs-on"] == "macos-latest"
    (command,) = [step["run"] for step in WORKFLOW["jobs"]["macos"]["steps"] if "run" in step]
    assert command == 'make test SELECT="not trains"'
    said = subprocess.run([*shlex.split(command), "--dry-run"], capture_output=True, text=True, check=True).stdout
    assert 'pytest -m "not trains"' in said
    marker = next(line for line in pytestconfig.getini("markers") if line.startswith("trains:"))
    assert "-m 'not trains'" in marker


def test_workflow__may_only_read_and_comment():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in WORKFLOW["jobs"].items() if "permissions" in job}
    assert more == {"report": {"contents": "read", "pull-requests": "write"}}  # to comment the metrics diff
    assert "pull_request_target" not in TEXT


def test_workflow__keeps_dvcs_cache_between_runs_but_never_for_verify():
    jobs = WORKFLOW["jobs"]
    cached = {name: [step["with"] for step in job["steps"] if "actions/cache" in step.get("uses", "")] for name, job in jobs.items()}
    (given,) = cached.pop("report")
    assert given["path"] == ".dvc/cache" and given["key"].startswith("dvc-${{ hashFiles('dvc.lock') }}-") and not any(cached.values())
    assert "if" not in jobs["report"]  # a push to main fills the cache that pull requests start from
    steps = {step.get("name"): step.get("if") for step in jobs["report"]["steps"]}
    assert steps["The metrics diff as a comment"] == "github.event_name == 'pull_request'"


def test_workflow__tables_that_it_shows_are_made():
    from pipeline.reporting.paper import read_paper

    shown = re.search(r"for table in (.*?);", TEXT).group(1).split()
    assert shown == list(read_paper()["tables"])


def test_pages__publish_what_make_web_writes_when_it_changes():
    from pipeline.web import NETWORK, OUT

    build, deploy = PAGES["jobs"]["build"]["steps"], PAGES["jobs"]["deploy"]
    assert any(step.get("run") == "make web" for step in build)
    assert build[-1]["with"]["path"] == str(OUT)
    assert str(NETWORK) in PAGES[True]["push"]["paths"]  # YAML reads `on` as true
    assert all(Path(path.removesuffix("/**")).exists() for path in PAGES[True]["push"]["paths"])
    assert PAGES["permissions"] == {"contents": "read"} and deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert not any("uses" in step and "checkout" in step["uses"] for step in deploy["steps"])  # what may publish runs no code of a commit

"""dvc.yaml and those of beyond/ and grid/ against the code: what a stage imports stands in its deps, for DVC does not follow imports."""

import ast
from pathlib import Path

import pytest
import yaml

from pipeline.results.rows import read_structure
from pipeline.training.backend import NAMES

FILES = ("dvc.yaml", "beyond/dvc.yaml", "grid/dvc.yaml")
PIPELINES = {file: yaml.safe_load(Path(file).read_text(encoding="utf-8"))["stages"] for file in FILES}
STAGES = PIPELINES["dvc.yaml"]
LEARNING = {"train", "evaluate", "cell"}  # load Keras
MODELS = sorted(path.stem for path in Path("pipeline/networks").glob("[A-Z]*.py"))


def imports(path):
    """Return the local files that a module imports, wherever in it, packages' empty __init__ left out."""
    found = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            file = Path(*name.split(".")).with_suffix(".py")
            if name.startswith("pipeline.") and file.exists():
                found.add(file.as_posix())
    return found


def closure(path):
    """Return a module's file and all that it imports, directly or not."""
    seen, left = set(), {path}
    while left:
        file = left.pop()
        seen.add(file)
        left |= imports(file) - seen
    return seen


def body_of(stage):
    """Return what foreach does for each, or the stage itself."""
    return stage.get("do", stage)


def script(body):
    """Return the name of the module that a stage's command runs: train, evaluate, ..."""
    return body["cmd"].split()[2].removeprefix("pipeline.")


def missing_deps(body, model):
    """Return the local modules that a stage's command loads, with `model` as its network, and that are no deps."""
    deps = {str(dep).replace("${item.model}", model) for dep in body["deps"]}
    needed = closure(f"pipeline/{script(body)}.py")
    if script(body) in LEARNING:
        by_name = [f"pipeline/networks/{model}.py", *(f"pipeline/training/{backend}_steps.py" for backend in NAMES)]
        needed |= set().union(*map(closure, by_name))  # loaded by name, which no syntax tree shows
    if script(body) == "resolve":
        needed |= {f"pipeline/networks/{name}.py" for name in MODELS}  # it asks each for its sizes and weights
    return needed - deps


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("file", "stage"), [(file, stage) for file, stages in PIPELINES.items() for stage in sorted(stages)])
def test_deps__hold_every_imported_module(file, stage, model):
    assert missing_deps(body_of(PIPELINES[file][stage]), model) == set()


def test_deps__check_sees_a_missing_one():
    assert "pipeline/files.py" in missing_deps(STAGES["to_rgb"] | {"deps": STAGES["to_rgb"]["deps"][:2]}, "ResNet50")


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_deps__no_figure_table_or_other_network_retrains(stage):
    deps = STAGES[stage]["do"]["deps"]
    networks = [dep for dep in deps if "networks/" in dep and Path(dep).stem[0] in "${" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    assert networks == ["pipeline/networks/${item.model}.py"]
    assert not {"pipeline/results/figures.py", "pipeline/results/tables.py", "pipeline/report.py"} & set(deps)
    assert "pipeline/params.py" not in STAGES["train"]["do"]["deps"]


def test_deps__exist():
    for stage in [body for stages in PIPELINES.values() for body in stages.values()]:
        for dep in body_of(stage)["deps"]:
            if dep.startswith("pipeline/"):
                assert Path(dep.replace("${item.model}", MODELS[0])).exists(), dep


def test_stages__are_described():
    assert all(body_of(stage)["desc"] for stages in PIPELINES.values() for stage in stages.values())


def outs_of(stage):
    """Return the outputs' paths of a stage."""
    return [out if isinstance(out, str) else next(iter(out)) for out in body_of(stage)["outs"]]


def test_beyond__is_the_roots_stages_in_its_own_folder():
    # The same scripts and deps; only where settings, models and rows lie differs.
    for name in ("resolve", "train", "evaluate"):
        one, other = (body_of(PIPELINES[file][name]) for file in FILES[:2])
        theirs = [dep.removeprefix("beyond/") for dep in other["deps"]]
        assert theirs == one["deps"] and other["wdir"] == ".."
        assert other["cmd"].replace(" --section beyond", "") == one["cmd"]


def test_grid__is_the_roots_stages_in_its_own_folder():
    own, root = PIPELINES["grid/dvc.yaml"], STAGES
    assert own["train"]["cmd"] == "python -m pipeline.cell --row ${key}"  # trains and evaluates in one process
    deps = {dep.removeprefix("grid/") for dep in own["train"]["deps"]}
    both = set(body_of(root["train"])["deps"] + body_of(root["evaluate"])["deps"])
    assert deps == both - {"models/${key}", "pipeline/train.py", "pipeline/evaluate.py"} | {"pipeline/cell.py"}
    assert own["resolve"]["deps"] == root["resolve"]["deps"]
    assert own["report"]["cmd"] == "python -m pipeline.report --section grid"
    code = [dep for dep in own["report"]["deps"] if dep.startswith("pipeline/")]
    assert code == [dep for dep in root["report"]["deps"] if dep.startswith("pipeline/")]


@pytest.mark.parametrize("file", FILES[1:])
def test_root__depends_on_nothing_of_the_others(file):
    folder = f"{Path(file).parent}/"
    assert all(out.startswith(folder) for stage in PIPELINES[file].values() for out in outs_of(stage))
    assert not [dep for stage in STAGES.values() for dep in body_of(stage)["deps"] if dep.startswith(folder)]


def test_stages__only_those_that_train_or_evaluate_reach_tensorflow():
    # It costs seconds at each start.
    names = {script(body_of(stage)) for stages in PIPELINES.values() for stage in stages.values()}
    for name in names - LEARNING:
        for file in closure(f"pipeline/{name}.py"):
            assert "import tensorflow" not in Path(file).read_text(encoding="utf-8")
            assert "import keras" not in Path(file).read_text(encoding="utf-8"), file


def flow(stages):
    """Return (layers, edges): the stages by distance from the first, and which output of one is under a dep of another."""
    bodies = {name: body_of(stage) for name, stage in stages.items()}

    def paths(items):
        names = [item if isinstance(item, str) else next(iter(item)) for item in items]
        return [name.replace("${key}", "*").replace("${item.data}", "unbalanced") for name in names]

    edges = [
        (one, other)
        for one in bodies
        for other in bodies
        if one != other
        and any(
            dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")
            for out in paths(bodies[one].get("outs", []))
            for dep in paths(bodies[other]["deps"])
            if not dep.endswith(".py")
        )
    ]
    depth = dict.fromkeys(bodies, 0)
    for _ in bodies:
        for one, other in edges:
            depth[other] = max(depth[other], depth[one] + 1)
    layers = [[name for name in bodies if depth[name] == level] for level in range(max(depth.values()) + 1)]
    # An edge that another path already says clutters the picture.
    direct = [(a, b) for a, b in edges if not any((a, c) in edges and (c, b) in edges for c in bodies)]
    return layers, direct


def test_figure2__shows_the_stages_as_they_are():
    layers, edges = flow(STAGES)
    drawn = read_structure()
    assert drawn["layers"] == layers and [tuple(edge) for edge in drawn["edges"]] == edges

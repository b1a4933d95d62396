"""dvc.yaml, and the stages of beyond/ and grid/, against the code: what a stage imports lies under a dep or in pipeline/common, for DVC
does not follow imports."""

import ast
from pathlib import Path

import pytest
import yaml

from pipeline.reporting.paper import read_structure
from pipeline.training.backend import NAMES

FILES = ("dvc.yaml", "beyond/stages.yaml", "grid/stages.yaml")
PIPELINES = {file: yaml.safe_load(Path(file).read_text(encoding="utf-8"))["stages"] for file in FILES}
STAGES = PIPELINES["dvc.yaml"]
LEARNING = {"train", "evaluate", "cell", "export"}  # load Keras
# The rooms of pipeline/, one above the other: what lies lower imports nothing that lies higher.
ROOMS = ["common", "dataset", "config", "faces", "networks", "training", "scoring", "inference", "reporting", "search", "reproduction"]
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


def under(path, deps):
    """Tell whether a file is a dep or lies under one."""
    return any(path == dep or path.startswith(f"{dep}/") for dep in deps)


def missing_deps(body, model):
    """Return the local modules that a stage's command loads, with `model` as its network, and that lie under no dep nor in common."""
    deps = [str(dep).replace("${item.model}", model) for dep in body["deps"]]
    needed = closure(f"pipeline/{script(body)}.py")
    if script(body) in LEARNING:
        by_name = [f"pipeline/networks/{model}.py", *(f"pipeline/training/{backend}_steps.py" for backend in NAMES)]
        needed |= set().union(*map(closure, by_name))  # loaded by name, which no syntax tree shows
    if script(body) == "resolve":
        needed |= {f"pipeline/networks/{name}.py" for name in MODELS}  # it asks each for its sizes and weights
    return {path for path in needed if not under(path, [*deps, "pipeline/common"])}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("file", "stage"), [(file, stage) for file, stages in PIPELINES.items() for stage in sorted(stages)])
def test_deps__hold_every_imported_module(file, stage, model):
    assert missing_deps(body_of(PIPELINES[file][stage]), model) == set()


@pytest.mark.parametrize("room", ["config", "dataset", "scoring", "reporting"])
def test_deps__check_sees_a_missing_one(room):
    body = STAGES["report"] | {"deps": [dep for dep in STAGES["report"]["deps"] if dep != f"pipeline/{room}"]}
    assert missing_deps(body, "ResNet50")


@pytest.mark.parametrize(("file", "stage"), [(file, stage) for file, stages in PIPELINES.items() for stage in sorted(stages)])
def test_deps__no_more_rooms_than_it_imports(file, stage):
    # A room that a stage does not need would run it again for nothing.
    body = body_of(PIPELINES[file][stage])
    needed = closure(f"pipeline/{script(body)}.py")
    if script(body) in LEARNING:
        needed |= set().union(*(closure(f"pipeline/networks/{model}.py") for model in MODELS))
    rooms = [dep for dep in body["deps"] if Path(dep).is_dir() and dep.startswith("pipeline/") and dep != "pipeline/networks"]
    assert not [room for room in rooms if not any(under(path, [room]) for path in needed)]


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_deps__no_figure_table_message_or_other_network_retrains(stage):
    deps = STAGES[stage]["do"]["deps"]
    networks = [dep for dep in deps if "pipeline/networks" in dep]
    assert networks == ["pipeline/networks/${item.model}.py", "pipeline/networks/shared"]
    assert not {"pipeline/common", "pipeline/reporting", "pipeline/search", "pipeline/faces"} & set(deps)
    assert "pipeline/config" not in STAGES["train"]["do"]["deps"]


def test_deps__common_is_nobodys():
    assert not [dep for stages in PIPELINES.values() for body in stages.values() for dep in body_of(body)["deps"] if "common" in dep]


def backward_imports(files):
    """Return (file, import) where a room imports one above it, or a script; files: {path: local files that it imports}."""

    def level(path):
        room = Path(path).parts[1]
        return ROOMS.index(room) if room in ROOMS else len(ROOMS)

    return [(file, other) for file, others in files.items() for other in others if level(other) > level(file) or level(other) == len(ROOMS)]


def test_rooms__no_import_goes_up_and_no_script_imports_a_stage():
    files = {path.as_posix(): imports(path) for path in Path("pipeline").rglob("*.py")}
    # record asks resolve what today's params make of a row.
    assert backward_imports(files) == [("pipeline/record.py", "pipeline/resolve.py")]


def test_rooms__check_sees_an_import_that_goes_up():
    files = {"pipeline/dataset/labels.py": {"pipeline/training/fit.py"}, "pipeline/search/task.py": {"pipeline/common/files.py"}}
    assert backward_imports(files) == [("pipeline/dataset/labels.py", "pipeline/training/fit.py")]


def test_rooms__are_the_folders():
    assert sorted(ROOMS) == sorted(path.parent.name for path in Path("pipeline").glob("*/__init__.py"))


def test_dvcignore__litter_in_a_room_is_no_change(project):
    for name in ("__pycache__/fit.cpython-311.pyc", ".fit.py.swp", "fit.py~", ".DS_Store", "fit.py.orig"):
        path = project.folder / "pipeline" / "training" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"litter")
    output = project.run("dvc", "status", "train", "evaluate", "report")
    assert "up to date" in output
    project.edit("pipeline/training/fit.py", "AHEAD = 4", "AHEAD = 5")
    output = project.run("dvc", "status", "train", "evaluate", "report")
    assert all(f"train@{row}" in output for row in ("table2-GoogLeNet", "table3-MobileNetV2")) and "pipeline/training" in output
    project.run("git", "checkout", "--quiet", ".")
    project.run("git", "clean", "--quiet", "--force", "pipeline")


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
        theirs = [dep.removeprefix("beyond/") for dep in other["deps"] if dep != "beyond/params.yaml"]
        assert theirs == one["deps"] and other["wdir"] == ".."
        assert other["cmd"].replace(" --section beyond", "") == one["cmd"]


def test_grid__is_the_roots_stages_in_its_own_folder():
    own, root = PIPELINES["grid/stages.yaml"], STAGES
    assert own["train"]["cmd"] == "python -m pipeline.cell --row ${key}"  # trains and evaluates in one process
    deps = {dep.removeprefix("grid/") for dep in own["train"]["deps"]}
    both = set(body_of(root["train"])["deps"] + body_of(root["evaluate"])["deps"])
    held = {"models/${key}", "pipeline/train.py", "pipeline/evaluate.py", "data/rgb/faces.npy", "pipeline/config"}
    assert deps == both - held | {"pipeline/cell.py", "pipeline/config/scoring.py"}
    assert [dep for dep in own["resolve"]["deps"] if dep != "grid/params.yaml"] == root["resolve"]["deps"]
    assert own["report"]["cmd"] == "python -m pipeline.report --section grid"
    code = [dep for dep in own["report"]["deps"] if dep.startswith("pipeline/")]
    assert code == [dep for dep in root["report"]["deps"] if dep.startswith("pipeline/")]


@pytest.mark.parametrize("file", FILES[1:])
def test_root__depends_on_nothing_of_the_others(file):
    folder = f"{Path(file).parent}/"
    assert all(out.startswith(folder) for stage in PIPELINES[file].values() for out in outs_of(stage))
    assert not [dep for stage in STAGES.values() for dep in body_of(stage)["deps"] if dep.startswith(folder)]


def test_files__are_short():
    lines = [len(Path(file).read_text(encoding="utf-8").splitlines()) for file in FILES]
    assert lines[0] <= 130 and sum(lines) <= 300 and len(Path("params.yaml").read_text(encoding="utf-8").splitlines()) <= 150


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
            if not dep.startswith("pipeline/")
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
    assert drawn["layers"] == layers and sorted(map(tuple, drawn["edges"])) == sorted(edges)

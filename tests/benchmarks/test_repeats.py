import subprocess
import sys

import pytest

from benchmarks import repeats


def test_compare__the_first_step_that_differs():
    runs = [["a", "b", "c"], ["a", "x", "y"], ["a", "b", "c"], ["a", "b", "z"]]
    found = repeats.compare(runs)
    assert found["runs"] == 4 and found["most"] == ["a", "b", "c"]
    assert [(other["run"], other["step"]) for other in found["others"]] == [(2, 2), (4, 3)]
    assert repeats.runs_in(found) == runs


@pytest.mark.trains
def test_main__a_run_is_added_to_those_in_the_file(tmp_path):
    found = {}
    for times in (1, 2):
        command = [sys.executable, "-m", "benchmarks.repeats", "--network", "Compact", "--json", tmp_path / "repeats.json"]
        done = subprocess.run([*command, "--times", str(times)], capture_output=True, text=True, check=True)
        first, found = found, repeats.read_json(tmp_path / "repeats.json")
        assert f"{times} of {times} runs, {len(found['others'])} differ" in done.stdout
    steps = 3 * 4  # epochs, batches
    assert found["runs"] == 2 and len(found["most"]) == steps == len({*found["most"]}) and first["most"] in repeats.runs_in(found)

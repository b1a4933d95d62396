import subprocess
import sys

import pytest

from benchmarks import repeats
from pipeline.common.fingerprint import fingerprint


def test_compare__the_first_step_that_differs():
    runs = [["a", "b", "c"], ["a", "x", "y"], ["a", "b", "c"], ["a", "b", "z"]]
    found = repeats.compare(runs)
    assert found["runs"] == 4 and found["most"] == ["a", "b", "c"]
    assert [(other["run"], other["step"]) for other in found["others"]] == [(2, 2), (4, 3)]
    assert repeats.runs_in(found) == runs


@pytest.mark.trains
def test_main__a_run_is_added_to_those_in_the_file(tmp_path):
    file, before = tmp_path / "repeats.json", [f"digest {step}" for step in range(3 * 4)]  # epochs, batches
    repeats.write_json(file, {"machine": fingerprint(), "network": "Compact"} | repeats.compare([before]))
    command = [sys.executable, "-m", "benchmarks.repeats", "--network", "Compact", "--times", "2", "--json", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, found = repeats.runs_in(repeats.read_json(file))
    assert "2 of 2 runs, 1 differ" in done.stdout and kept == before and len(found) == len(before) == len({*found})

import json

import pytest

from pipeline.common.errors import InputError
from pipeline.common.fingerprint import fingerprint
from pipeline.reproduction.references import METRICS, REFERENCES, first_of, read_references, reference_name, sha256_of, write_reference

ROWS = {"a": {"metrics": {"accuracy": 0.5}, "first_losses": [1.9]}}


def write_metrics(root, accuracy, indent=2):
    (root / METRICS).parent.mkdir(exist_ok=True)
    (root / METRICS).write_text(json.dumps({"rows": {"a": {"accuracy": accuracy}}}, indent=indent))


def test_reference_name__processor_and_chip():
    machine = {"processor": "AMD EPYC", "chip": "cpu family 25 model 17 stepping 1"}
    assert reference_name(machine) == "amd-epyc-family-25-model-17-stepping-1"


def test_references__of_this_machine_and_of_the_committed_metrics_alone(tmp_path):
    write_metrics(tmp_path, 0.5)
    write_reference(tmp_path, ROWS)
    (found,) = read_references(tmp_path).values()
    assert found["machine"] == fingerprint() and found["rows"] == ROWS
    assert first_of({"x": found}, {"rows": {"a": {"accuracy": 0.5}}}) is found
    write_metrics(tmp_path, 0.6)  # recorded anew: what other machines made of the old pipeline counts no more
    with pytest.raises(InputError, match="that belongs to reports/metrics.json, found none"):
        read_references(tmp_path)
    with pytest.raises(InputError, match="with the rows of reports/metrics.json, found none"):
        first_of({"x": found}, {"rows": {"a": {"accuracy": 0.6}}})
    assert len(list((tmp_path / REFERENCES).iterdir())) == 1


def test_sha256_of__the_numbers_not_the_form(tmp_path):
    write_metrics(tmp_path, 0.5)
    before = sha256_of(tmp_path / METRICS)
    write_metrics(tmp_path, 0.5, None)
    assert sha256_of(tmp_path / METRICS) == before

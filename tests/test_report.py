from pipeline import report


def row(threads=2, **made_by):
    machine = {"processor": "CPU", "features": ["avx2", "avx512f"], "threads": threads}
    recorded = {"faces_sha256": "1" * 64, "split_sha256": "2" * 64, "source_sha256": "3" * 64, "machine": machine}
    return {"settings": {"row": "a", "epochs": 3}, "made_by": recorded | made_by}


def test_provenance__is_what_the_training_recorded():
    (found,) = report.provenance({"a": row()})
    assert found["name"] == "a" and '"epochs": 3' in found["settings"]
    assert found["made_by"] == [
        ("faces, SHA-256", "1" * 64), ("split, SHA-256", "2" * 64), ("code, SHA-256", "3" * 64),
        ("processor", "CPU"), ("features", "avx2 avx512f"), ("threads", 2),
    ]  # fmt: skip


def test_provenance__what_was_not_recorded_is_said():
    (found,) = report.provenance({"a": row(source_sha256=None, machine=None)})
    assert found["made_by"][2:] == [("code, SHA-256", "not recorded")]


def test_machines__rows_of_two_machines_stand_apart():
    found = report.machines({"a": row(), "b": row(threads=4), "c": row()})
    assert [(made["rows"], made["machine"][-9:]) for made in found] == [(["a", "c"], "threads 2"), (["b"], "threads 4")]
    assert report.machines({"a": row(machine=None)}) == [{"machine": "not recorded", "rows": ["a"]}]

from pipeline.config.yaml_file import read


def test_read__small_number_as_dvc_writes_it_is_a_number(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text("adam: {learning_rate: 1e-05, epsilon: 1E-7}", encoding="utf-8")
    assert read(file) == {"adam": {"learning_rate": 0.00001, "epsilon": 0.0000001}}

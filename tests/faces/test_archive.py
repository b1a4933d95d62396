import hashlib
import tarfile
import tempfile
import zipfile

import pytest

from pipeline.common.errors import InputError
from pipeline.faces.archive import check_sha256, entries, sha256_of
from tests.faces.archives import FILES, TARS, contents, error_of, make, make_folder

SORTED = [("B/1.png", b""), ("a/1.png", b"one"), ("a/10.png", b"ten"), ("a/2.png", b"two"), ("top.txt", b"top")]


HIDDEN = {".DS_Store": b"x", "a/.hidden": b"x", ".git/config": b"x", "__MACOSX/a/._1.png": b"x", "a/__MACOSX/1.png": b"x"}


@pytest.mark.parametrize("form", ["folder", "zip", *TARS])
def test_entries__same_names_contents_and_order(tmp_path, form):
    assert contents(make(tmp_path, form, FILES)) == SORTED


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_entries__form_is_known_by_content_not_by_name(tmp_path, form):
    path = make(tmp_path, form, FILES)
    assert contents(path.rename(tmp_path / "download")) == SORTED


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_entries__folders_are_no_entries(tmp_path, form):
    folder = make_folder(tmp_path / "faces", {"a/1.png": b"one"})
    path = tmp_path / f"faces.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(folder / "a", "a/")
            archive.write(folder / "a" / "1.png", "a/1.png")
    else:
        with tarfile.open(path, "w") as archive:
            archive.add(folder, ".")  # as `tar -cf faces.tar .` names them: ./a/1.png
    assert contents(path) == [("a/1.png", b"one")]


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_entries__hidden_files_are_left_out(tmp_path, form):
    assert contents(make(tmp_path, form, HIDDEN | FILES)) == SORTED


def test_entries__hidden_folder_above_is_none_of_ours(tmp_path):
    # ~/.cache/faces is read although .cache is hidden.
    (tmp_path / ".cache").mkdir()
    assert contents(make_folder(tmp_path / ".cache" / "faces", FILES)) == SORTED


@pytest.mark.parametrize("name", ["faces.csv", "FACES.CSV"])
def test_entries__csv_is_its_own_entry(tmp_path, name):
    (tmp_path / name).write_bytes(b"emotion,pixels\n")
    assert contents(tmp_path / name) == [(name, b"emotion,pixels\n")]


def test_entries__tar_leaves_nothing_behind(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = make(tmp_path, "tar", FILES)
    with entries(path, 10**6):
        assert list(scratch.iterdir())  # unpacked here ...
    assert not list(scratch.iterdir())
    error_of(path, max_bytes=5)
    assert not list(scratch.iterdir())  # ... and removed, after an error too


@pytest.mark.parametrize("name", ["a..b/1.png", "..a/1.png", "a/b:c.png", "a/1..png"])
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_entries__dots_and_colons_that_leave_nothing(tmp_path, form, name):
    received = contents(make(tmp_path, form, {name: b"x"}))
    assert received == ([] if name.startswith(".") else [(name, b"x")])


ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of "abc", from FIPS 180-2


def test_check_sha256__right_wrong_and_none(tmp_path):
    path = tmp_path / "faces.zip"
    path.write_bytes(b"abc")
    assert sha256_of(path) == check_sha256(path, ABC, "key") == check_sha256(path, None, "key") == ABC
    with pytest.raises(InputError) as error:
        check_sha256(path, "0" * 64, "sources.archive.sha256")
    assert str(error.value).startswith(f"{path}: expected sha256 {'0' * 64}, received {ABC}; fetch it again")
    assert "set sources.archive.sha256 in params.yaml to the value received, or to null" in str(error.value)


def test_sha256_of__folder_by_hand(tmp_path):
    one = hashlib.sha256(b"one").hexdigest()
    text = f"B/1.png\0{one}\na/1.png\0{ABC}\n"
    folder = make_folder(tmp_path / "faces", {"a/1.png": b"abc", "B/1.png": b"one"})
    assert sha256_of(folder) == sha256_of(str(folder)) == hashlib.sha256(text.encode()).hexdigest()


def test_sha256_of__folder_by_names_and_contents_alone(tmp_path):
    first = sha256_of(make_folder(tmp_path / "first", FILES))
    assert first == sha256_of(make_folder(tmp_path / "second", dict(reversed(FILES.items()))))  # not by order of making
    assert first == sha256_of(make_folder(tmp_path / "third", FILES | HIDDEN))


@pytest.mark.parametrize(
    "files",
    [
        FILES | {"a/1.png": b"eno"},  # a content
        {("b/1.png" if name == "B/1.png" else name): data for name, data in FILES.items()},  # a name
        FILES | {"a/3.png": b""},  # one more
        {name: data for name, data in FILES.items() if name != "top.txt"},  # one fewer
        FILES | {"a/1.png": b"ten", "a/10.png": b"one"},  # two contents exchanged
    ],
    ids=["content", "name", "more", "fewer", "exchanged"],
)
def test_sha256_of__folder_with_a_change(tmp_path, files):
    assert sha256_of(make_folder(tmp_path / "first", FILES)) != sha256_of(make_folder(tmp_path / "second", files))

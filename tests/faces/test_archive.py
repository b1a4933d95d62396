import bz2
import gzip
import hashlib
import lzma
import os
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


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_entries__compressed_csv(tmp_path, suffix):
    path = tmp_path / f"fer2013.csv.{suffix}"
    path.write_bytes({"gz": gzip, "bz2": bz2, "xz": lzma}[suffix].compress(b"emotion,pixels\n" * 1000))
    assert contents(path) == [("fer2013.csv", b"emotion,pixels\n" * 1000)]
    with pytest.raises(InputError, match=r"expected at most 14,999 bytes unpacked, received 15,000; raise max_unpacked_bytes"):
        contents(path, 14_999)


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_entries__archive_named_csv_is_what_it_is(tmp_path, form):
    # Kaggle's own downloads of single files are zips under the file's name.
    path = make(tmp_path, form, {"fer2013.csv": b"emotion,pixels\n"})
    assert contents(path.rename(tmp_path / "fer2013.csv")) == [("fer2013.csv", b"emotion,pixels\n")]


@pytest.mark.parametrize("form", ["zip", "tar", "folder"])
def test_entries__backslashes_are_slashes(tmp_path, form):
    files = {"a\\2.png": b"two", "a/1.png": b"one", "a\\b\\3.png": b"three"}
    assert contents(make(tmp_path, form, files)) == [("a/1.png", b"one"), ("a/2.png", b"two"), ("a/b/3.png", b"three")]


def test_entries__linked_folders_and_files_are_read(tmp_path):
    # A link vanished with all its faces.
    elsewhere = make_folder(tmp_path / "elsewhere", {"happy/1.png": b"one", "happy/2.png": b"two"})
    folder = make_folder(tmp_path / "faces", {"train/happy/3.png": b"three"})
    os.symlink(elsewhere, folder / "test")
    os.symlink(elsewhere / "happy" / "2.png", folder / "train" / "happy" / "4.png")
    expected = [("test/happy/1.png", b"one"), ("test/happy/2.png", b"two"), ("train/happy/3.png", b"three"), ("train/happy/4.png", b"two")]
    assert contents(folder) == expected
    before = sha256_of(folder)
    (elsewhere / "happy" / "1.png").write_bytes(b"eno")
    assert sha256_of(folder) != before


def test_entries__the_same_folder_linked_twice_is_no_circle(tmp_path):
    elsewhere = make_folder(tmp_path / "elsewhere", {"1.png": b"one"})
    folder = make_folder(tmp_path / "faces", {})
    for name in ("a", "b"):
        os.symlink(elsewhere, folder / name)
    assert contents(folder) == [("a/1.png", b"one"), ("b/1.png", b"one")]


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

import hashlib
import io
import re
import tarfile
import tempfile
import zipfile

import pytest

from pipeline.errors import InputError
from pipeline.faces.archive import check_sha256, entries, sha256_of

# Made in this order, expected sorted by name: a/1 before a/10 before a/2, "B" before "a".
FILES = {"a/2.png": b"two", "a/10.png": b"ten", "a/1.png": b"one", "B/1.png": b"", "top.txt": b"top"}
SORTED = [("B/1.png", b""), ("a/1.png", b"one"), ("a/10.png", b"ten"), ("a/2.png", b"two"), ("top.txt", b"top")]
HIDDEN = {".DS_Store": b"x", "a/.hidden": b"x", ".git/config": b"x", "__MACOSX/a/._1.png": b"x", "a/__MACOSX/1.png": b"x"}
NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(256))  # 8192 bytes that do not compress
TARS = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def make_folder(path, files):
    path.mkdir()
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def make_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_tar(path, files, mode="w", **member):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in member.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return path


def make(tmp_path, form, files):
    if form == "folder":
        return make_folder(tmp_path / "faces", files)
    if form == "zip":
        return make_zip(tmp_path / "faces.zip", files)
    return make_tar(tmp_path / f"faces.{form}", files, TARS[form])


def contents(path, max_bytes=10**6):
    with entries(path, max_bytes) as listing:
        pairs = []
        for entry in listing:
            with entry.open() as file:
                pairs.append((entry.name, file.read()))
        return pairs


def error_of(path, max_bytes=10**6):
    with pytest.raises(InputError) as error, entries(path, max_bytes):
        pass
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)


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


OUTSIDE = ["../x", "a/../../x", "a/..", "/abs", "C:\\x", "C:x", "..\\x", "a\\..\\..\\x", "\\\\server\\x"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_entries__leaving_the_folder(tmp_path, form, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    message = error_of(make(inner, form, {"good.png": b"x", name: b"x"}))
    assert f"expected entries inside the archive's folder, received {name!r}" in message
    assert [path.name for path in tmp_path.iterdir()] == ["inner"] and len(list(inner.iterdir())) == 1


@pytest.mark.parametrize("name", ["a..b/1.png", "..a/1.png", "a/b:c.png", "a/1..png"])
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_entries__dots_and_colons_that_leave_nothing(tmp_path, form, name):
    received = contents(make(tmp_path, form, {name: b"x"}))
    assert received == ([] if name.startswith(".") else [(name, b"x")])


def test_entries__link_in_a_zip(tmp_path):
    link = zipfile.ZipInfo("a/link.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", b"one")
        archive.writestr(link, "/etc/passwd")
    assert "expected plain files, received the link 'a/link.png'; do not trust this archive" in error_of(path)


@pytest.mark.parametrize("kind", ["SYMTYPE", "LNKTYPE", "FIFOTYPE", "CHRTYPE", "BLKTYPE"])
def test_entries__link_or_device_in_a_tar(tmp_path, kind):
    path = make_tar(tmp_path / "faces.tar", {"a/link.png": b""}, type=getattr(tarfile, kind), linkname="/etc/passwd")
    assert "expected plain files, received 'a/link.png', a link or device; do not trust this archive" in error_of(path)


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_entries__unpacked_size(tmp_path, form):
    # 3 + 3 + 3 + 0 + 3 bytes
    path = make(tmp_path, form, FILES)
    assert len(contents(path, max_bytes=12)) == 5
    message = error_of(path, max_bytes=11)
    assert "expected at most 11 bytes unpacked, received 12; raise max_unpacked_bytes" in message


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_entries__size_is_of_the_unpacked_bytes(tmp_path, form):
    # Three million zeros take a few thousand bytes packed; hidden ones count as well.
    path = make(tmp_path, form, {"a/.bomb": bytes(3_000_000)})
    assert path.stat().st_size < 10_000
    assert "expected at most 2,999,999 bytes unpacked, received 3,000,000" in error_of(path, max_bytes=2_999_999)


@pytest.mark.parametrize(("form", "keep"), [("tar", 700), ("tar", 2100), ("tar.gz", 0.5), ("tar.gz", 0.9), ("tar.xz", 0.9)])
def test_entries__tar_cut_short(tmp_path, form, keep):
    # A tar has a header of 512 bytes, the first file's 600 filled up to 1024, the next header, that file from 2048 on.
    path = make(tmp_path, form, {"a/1.png": NOISE[:600], "a/2.png": NOISE[600:]})
    data = path.read_bytes()
    path.write_bytes(data[: keep if keep > 1 else int(len(data) * keep)])
    message = error_of(path)
    assert "expected a whole tar archive, received: " in message and message.endswith("; fetch the file again")


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x89PNG\r\n\x1a\n" + bytes(2000), b"PK\x03\x04" + bytes(100)])
def test_entries__another_kind_of_file(tmp_path, data):
    path = tmp_path / "faces.zip"
    path.write_bytes(data)
    assert error_of(path) == f"{path}: expected a folder, zip, tar or .csv, received another kind of file; check the path"


def test_entries__zip_cut_short_is_no_zip(tmp_path):
    path = make(tmp_path, "zip", FILES)
    path.write_bytes(path.read_bytes()[:-30])
    assert "received another kind of file" in error_of(path)


ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of "abc", from FIPS 180-2


def test_check_sha256__right_wrong_and_none(tmp_path):
    path = tmp_path / "faces.zip"
    path.write_bytes(b"abc")
    assert sha256_of(path) == check_sha256(path, ABC) == check_sha256(path, None) == ABC
    with pytest.raises(InputError) as error:
        check_sha256(path, "0" * 64)
    assert str(error.value).startswith(f"{path}: expected sha256 {'0' * 64}, received {ABC}; fetch the file again")


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


def test_entries__zip_with_a_damaged_list(tmp_path):
    path = make(tmp_path, "zip", FILES)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x00", 1))
    assert "zip" in error_of(path)


@pytest.mark.parametrize("damage", ["cut before a header", "cut in a header", "damaged header"])
def test_entries__tar_that_lacks_its_end(tmp_path, damage):
    path = make(tmp_path, "tar", {"a/1.png": b"one", "a/2.png": b"two"})  # 512 + 512, 512 + 512, then zeros
    data = path.read_bytes()
    cut = {"cut before a header": data[:1024], "cut in a header": data[:1300], "damaged header": data[:1030] + b"\xff" + data[1031:]}
    path.write_bytes(cut[damage])
    assert "expected a whole tar archive" in error_of(path)


def test_entries__tar_gz_with_a_wrong_byte(tmp_path):
    path = make(tmp_path, "tar.gz", {"a/1.jpg": NOISE})
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "expected a whole tar archive" in error_of(path)


@pytest.mark.parametrize("form", ["tar.xz", "tar.gz"])
def test_entries__tar_that_cannot_be_unpacked(tmp_path, form):
    path = make(tmp_path, form, {"a/1.jpg": NOISE + NOISE[::-1]})
    data = bytearray(path.read_bytes())
    if form == "tar.xz":
        data[len(data) // 2] ^= 1
    else:
        del data[30:]  # in the first block
    path.write_bytes(data)
    assert re.search("expected a whole tar|another kind of file", error_of(path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries__name_given_twice_in_a_zip(tmp_path):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", b"one")
        archive.writestr("a/1.png", b"two")
    try:
        assert [data for _, data in contents(path)] in ([b"one", b"two"], [b"two"])
    except InputError as error:
        assert "a/1.png" in str(error)

import errno
import hashlib
import os
import tarfile
import zipfile

import pytest

from pipeline.common.errors import InputError
from tests.faces.archives import FILES, contents, error_of, make, make_folder, make_tar

NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(256))  # 8192 bytes that do not compress


OUTSIDE = ["../x", "a/../../x", "a/..", "/abs", "C:\\x", "C:x", "..\\x", "a\\..\\..\\x", "\\\\server\\x"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_entries__leaving_the_folder(tmp_path, form, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    message = error_of(make(inner, form, {"good.png": b"x", name: b"x"}))
    assert f"expected entries inside the archive's folder, received {name!r}" in message
    assert [path.name for path in tmp_path.iterdir()] == ["inner"] and len(list(inner.iterdir())) == 1


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


def test_entries__zip_with_a_damaged_list(tmp_path):
    path = make(tmp_path, "zip", FILES)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x00", 1))
    assert error_of(path).startswith(f"{path}: expected a whole zip archive, received: ")


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
    assert error_of(path).startswith(f"{path}: expected a whole tar archive, received: ")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries__full_disk_is_not_called_a_broken_tar(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = make(tmp_path, "tar", {"a/1.jpg": NOISE})
    monkeypatch.setattr(tarfile.TarFile, "extract", full)
    with pytest.raises(OSError, match="No space left"):
        contents(path)


def test_entries__name_given_twice_in_a_zip(tmp_path):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/1.png", b"two")
    assert "expected every name once, received 'a/1.png' twice" in error_of(path)


@pytest.mark.parametrize("suffix", ["7z", "rar", "zst"])
def test_entries__archive_that_cannot_be_read_says_unpack_it(tmp_path, suffix):
    path = tmp_path / f"fer2013.{suffix}"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    assert error_of(path) == f"{path}: expected a folder, zip, tar or .csv, received .{suffix}; unpack it and name the folder"


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_entries__compressed_csv_cut_short(tmp_path, keep):
    import gzip

    from pipeline.faces import reading
    from pipeline.faces.archive import entries
    from pipeline.faces.seen import Seen
    from tests.faces.files import pins, settings

    line = f"0,{' '.join(str(number % 251) for number in range(256))},Training\n"
    data = gzip.compress(f"emotion,pixels,Usage\n{line * 9}".encode())
    path = tmp_path / "fer2013.csv.gz"
    path.write_bytes(data[: int(len(data) * keep)])
    with (
        entries(path, 10**6) as listing,
        pytest.raises(InputError, match="expected fer2013.csv as UTF-8 CSV, received: Compressed file ended"),
    ):
        list(reading.read(path.name, listing, settings(), pins(), Seen()))


@pytest.mark.parametrize("target", ["/nowhere/at/all", "itself"])
def test_entries__link_that_leads_nowhere(tmp_path, target):
    # It may be the folder test, on a disk that is not mounted.
    folder = make_folder(tmp_path / "faces", {"train/happy/1.png": b"one"})
    os.symlink(target, folder / "itself")
    with pytest.raises(InputError) as error:
        contents(folder)
    assert str(error.value) == f"{folder / 'itself'}: expected a file or a folder, received a link that leads nowhere; mend or remove it"


def test_entries__link_in_a_circle(tmp_path):
    folder = make_folder(tmp_path / "faces", {"train/happy/1.png": b"one"})
    os.symlink(folder, folder / "train" / "again")
    with pytest.raises(InputError) as error:
        contents(folder)
    assert str(error.value) == (
        f"{folder / 'train' / 'again'}: expected links to other folders, received one to a folder above it; remove it"
    )


def test_entries__pipe_in_a_folder_is_not_waited_for(tmp_path):
    folder = make_folder(tmp_path / "faces", {"train/happy/1.png": b"one"})
    os.mkfifo(folder / "train" / "pipe")
    with pytest.raises(InputError, match="train/pipe: expected a file or a folder, received neither; mend or remove it"):
        contents(folder)


def test_entries__folder_that_may_not_be_read_is_said(tmp_path, monkeypatch):
    # os.walk would pass over it without a word. Tests may run as root, who may read anything: the system's answer is put in its place.
    folder = make_folder(tmp_path / "faces", {"train/happy/1.png": b"one", "test/happy/2.png": b"two"})
    scan = os.scandir

    def refusing(path):
        if str(path).rstrip("/").endswith("test"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(PermissionError):
        contents(folder)


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_entries__names_that_are_not_utf8(tmp_path, form):
    path = make(tmp_path, form, {"happy/\udcff.png": b"one"})
    with pytest.raises(InputError, match=r"expected names in UTF-8, received 'happy/\\udcff.png'; rename it"):
        contents(path)

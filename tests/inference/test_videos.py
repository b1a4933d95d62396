import numpy as np
import pytest

from pipeline.inference.pictures import Unreadable
from pipeline.inference.videos import Video, is_video

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed (requirements-predict.txt)")


@pytest.fixture
def film(tmp_path):
    """The path of a video of 20 frames, ten a second, each brighter than the one before."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for frame in range(20):
        writer.write(np.full((48, 64, 3), 10 * frame, np.uint8))
    writer.release()
    return path


def test_video__frames_half_a_second_apart(film):
    video = Video(film, 0.5)
    taken = [(round(seconds, 2), int(picture.gray().mean())) for seconds, picture in video if picture]
    assert video.frames == 20
    assert [seconds for seconds, _ in taken] == [0, 0.5, 1, 1.5]
    assert [gray for _, gray in taken] == pytest.approx([0, 50, 100, 150], abs=2)


def test_video__all_frames(film):
    assert sum(picture is not None for _, picture in Video(film, 0)) == 20


def test_video__colours_are_the_files(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))  # OpenCV's order: blue, green, red
    writer.release()
    ((_, picture),) = Video(tmp_path / "red.avi", 0)
    assert picture.image.getpixel((9, 9)) == pytest.approx((255, 0, 0), abs=5)


@pytest.mark.parametrize(
    "content", [b"", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://localhost/x.ts\n", b"ffconcat version 1.0\nfile /etc/passwd\n"]
)
def test_video__playlist_and_empty_file_are_refused_before_ffmpeg_sees_them(tmp_path, content):
    (tmp_path / "list.mp4").write_bytes(content)
    with pytest.raises(Unreadable, match="expected a video"):
        Video(tmp_path / "list.mp4", 1)


def test_video__broken_and_missing_are_refused(tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))
    for name in ("broken.mp4", "missing.mp4"):
        with pytest.raises(Unreadable):
            Video(tmp_path / name, 1)


def test_video__that_may_not_be_read_is_refused(film, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # as root a mode of 000 would not do
    with pytest.raises(Unreadable, match="expected a file that can be read, received: Permission denied"):
        Video(film, 1)


def test_is_video__by_name():
    assert is_video("a/B.MP4") and not is_video("a.gif") and not is_video("mp4")

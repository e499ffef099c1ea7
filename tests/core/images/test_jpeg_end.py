"""Whole JPEGs are taken and cut ones refused, however they are coded and whatever follows them."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.images import jpeg_end
from core.images.checking import check_image
from core.images.jpeg_end import find_jpeg_end, load_unless_cut

GREY = (128, 128, 128)


def photo(width: int, height: int, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def coded(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def ways_of_coding(source: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {"quality": source.choice([20, 50, 75, 90, 95])}
    if source.random() < 0.3:
        options["progressive"] = True
    if source.random() < 0.5:
        options["subsampling"] = source.choice([0, 1, 2])
    if source.random() < 0.4:
        options[source.choice(["restart_marker_rows", "restart_marker_blocks"])] = 1
    return options


def test_no_letterboxed_picture_is_called_cut_off(tmp_path: Path) -> None:
    source, path = random.Random(1), tmp_path / "a.jpg"
    for number in range(250):
        side = source.choice([28, 32, 56, 64, 100, 128, 160, 224])
        box, height = Image.new("RGB", (side, side), GREY), source.randrange(1, side)
        place = (0, source.choice([0, (side - height) // 2]))
        box.paste(photo(side, height, number), place)
        options = ways_of_coding(source)
        path.write_bytes(coded(box.convert(source.choice(["RGB", "L"])), **options))
        assert check_image(path).problem is None, (number, side, height, options)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_picture_that_lacks_data_is_called_cut_off(tmp_path: Path, mode: str) -> None:
    """Cut within its data, which then gets an end marker, as repairing programs leave it."""
    source, path = random.Random(2), tmp_path / "a.jpg"
    for number in range(150):
        options = ways_of_coding(source)
        size = (source.randrange(90, 170), source.randrange(90, 130))
        data = coded(photo(*size, number).convert(mode), **options)
        # the last four blocks may be missing without a trace, if they take no more than this
        places = [(a, b - 400) for a, b in scans(data) if b - 400 > a]
        places = places or [max(scans(data), key=lambda place: place[1] - place[0])]
        start, end = source.choice(places)
        cut = source.randrange(start, start + (end - start) // 2 + 1)
        path.write_bytes(data[:cut] + b"\xff\xd9")
        assert "cut off" in str(check_image(path).problem), (number, size, options, cut)
        path.write_bytes(data)
        assert check_image(path).problem is None, (number, size, options)


def scans(data: bytes) -> list[tuple[int, int]]:
    """Where the data of each scan begins and ends, by its markers."""
    found = []
    for header in re.finditer(rb"\xff\xda", data):
        start = header.start() + 2 + int.from_bytes(data[header.end() : header.end() + 2], "big")
        following = re.search(rb"\xff[^\x00\xd0-\xd7]", data[start:])
        assert following is not None
        found.append((start, start + following.start()))
    return found


def test_a_picture_that_ends_between_two_restarts_is_called_cut_off(tmp_path: Path) -> None:
    """There a decoder waits for a marker, not for code."""
    path, data = tmp_path / "a.jpg", coded(photo(160, 120), restart_marker_rows=1)
    for marker in re.finditer(rb"\xff[\xd0-\xd7]", data):
        path.write_bytes(data[: marker.start()] + b"\xff\xd9")
        assert "cut off" in str(check_image(path).problem)


def test_a_letterboxed_picture_that_is_cut_is_called_so(tmp_path: Path) -> None:
    box, path = Image.new("RGB", (128, 128), GREY), tmp_path / "a.jpg"
    box.paste(photo(128, 80), (0, 0))
    data = coded(box, quality=75)
    path.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    assert "cut off" in str(check_image(path).problem)


def test_pictures_are_read_where_pillow_gives_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg_end, "Image", SimpleNamespace())
    path, data = tmp_path / "a.jpg", coded(photo(64, 48))
    path.write_bytes(data)
    assert check_image(path).problem is None
    with Image.open(path) as image:
        assert load_unless_cut(image, data) is None
    path.write_bytes(data[: len(data) // 2])
    assert "cut off" in str(check_image(path).problem)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_grey_cards_are_whole(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.jpg"
    for grey in (127, 128, 129):
        path.write_bytes(coded(Image.new("L", (64, 48), grey).convert(mode)))
        assert check_image(path).problem is None


@pytest.mark.parametrize(
    "trailer",
    [bytes(1000), b"\0\0\0\x18ftypmp42" + bytes(5000), b"x" * 99],
    ids=["zeros", "a video", "text"],
)
def test_what_follows_the_end_marker_does_not_count(tmp_path: Path, trailer: bytes) -> None:
    path, data = tmp_path / "a.jpg", coded(photo(160, 120))
    path.write_bytes(data + trailer)
    assert check_image(path).problem is None
    assert find_jpeg_end(data + trailer) == len(data) - 2


def test_the_end_of_a_preview_is_not_the_end_of_the_picture(tmp_path: Path) -> None:
    data, preview = coded(photo(160, 120)), coded(photo(16, 16))
    segment = b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview
    with_preview = data[:2] + segment + data[2:]
    assert find_jpeg_end(with_preview) == len(with_preview) - 2
    assert find_jpeg_end(with_preview[:-2]) is None
    assert find_jpeg_end(b"") is None
    assert find_jpeg_end(b"\xff\xd8" + b"\xff" * 50) is None
    path = tmp_path / "a.jpg"
    path.write_bytes(with_preview[: len(with_preview) * 2 // 3] + b"\xff\xd9")
    assert "cut off" in str(check_image(path).problem)


def test_reported_pictures_are_whole(material: Callable[[str], Path]) -> None:
    folder = material("reports/whole_jpeg_called_cut_off/in")
    found = {path.name: check_image(path).problem for path in folder.iterdir()}
    assert set(found.values()) == {None}
    assert len(found) == 5

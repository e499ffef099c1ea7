"""What counts as an image: a fixed list of raster formats, and a sentence for everything else."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import IO

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images import formats
from core.images.checking import check_image
from core.images.decoding import decode_image, decode_picture, image_size
from core.images.finding import list_folder


@pytest.fixture(autouse=True)
def _forget_formats() -> Iterator[None]:
    Image.init()  # else Pillow's own readers, loaded once, would go with the list of a stand-in
    yield
    formats.readable_formats.cache_clear()
    formats.image_suffixes.cache_clear()


@pytest.mark.parametrize(
    "suffix", "jpg png bmp dib gif tif webp avif jp2 ppm pcx sgi qoi dds ico tga".split()
)
def test_what_can_be_decoded_counts_in_a_folder(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix.upper()}"
    kind = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}.get(suffix, suffix.upper())
    kind = {"PPM": "PPM", "DIB": "DIB"}.get(kind, kind)
    Image.new("RGB", (32, 32), (10, 20, 30)).save(path, kind)
    assert list_folder(tmp_path).images == (path,)
    assert decode_image(path).shape == (32, 32, 3)


def test_reported_folder(material: Callable[[str], Path]) -> None:
    listing = list_folder(material("reports/avif_folder/in"))
    assert [path.name for path in listing.images] == ["x.avif", "x.jp2"]
    assert listing.skipped == ()


@pytest.mark.parametrize(
    ("name", "content", "claim"),
    [
        ("a.jpg", b"%!PS-Adobe-3.0 EPSF\n{} loop", "it is PostScript"),
        ("a.jpg", b"\xc5\xd0\xd3\xc6" + bytes(60), "it is PostScript"),
        ("a.png", b"%PDF-1.7", "it is a PDF document"),
        ("a.png", b"\xef\xbb\xbf <!DOCTYPE html>", "it is a web page"),
        ("a.png", b"<svg xmlns=''>", "it is a drawing"),
        ("a.jpg", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow-heif"),
        ("a.heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "pillow-heif"),
        ("a.jpg", b"\0\0\0\x18ftypcrx \0\0\0\1", "camera's raw file"),
        ("a.jpg", b"FUJIFILMCCD-RAW 0201", "camera's raw file"),
        ("a.jpg", b"MZ\x90\0" + bytes(60), "no known format"),
    ],
)
def test_other_content_is_named(tmp_path: Path, name: str, content: bytes, claim: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageError, match=claim):
        decode_image(path)
    with pytest.raises(ImageError, match=claim):
        image_size(path)


def test_postscript_starts_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, material: Callable[[str], Path]
) -> None:
    program, log = tmp_path / "gs", tmp_path / "log"
    program.write_text(f"#!/bin/sh\necho started >> {log}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("red.jpg", "loop.jpg"):
        with pytest.raises(ImageError, match=f"'{name}' is no image: it is PostScript"):
            decode_image(material(f"reports/postscript_jpg/{name}"))
    assert not log.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(ImageError, match=r"'pipe\.jpg' is a pipe, no image"):
        decode_image(path)


def test_a_raw_file_is_not_read_by_its_preview(tmp_path: Path) -> None:
    path = tmp_path / "a.NEF"  # a TIFF to Pillow, with a small picture in front
    Image.new("RGB", (16, 16)).save(path, "TIFF")
    with pytest.raises(ImageError, match="developed to JPEG or TIFF first"):
        decode_image(path)
    (listed,) = list_folder(tmp_path).skipped
    assert "developed to JPEG or TIFF first" in listed.reason


def test_without_their_libraries_avif_and_heic_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "a.avif")
    (tmp_path / "a.heic").write_bytes(b"")
    monkeypatch.setattr(formats.features, "check", lambda name: False)
    formats.readable_formats.cache_clear()
    formats.image_suffixes.cache_clear()
    reasons = {s.path.name: s.reason for s in list_folder(tmp_path).skipped}
    assert reasons == {
        "a.avif": "is AVIF, which this Pillow was built without",
        "a.heic": "is HEIC, which needs the package pillow-heif",
    }
    with pytest.raises(ImageError, match="Pillow was built without"):
        decode_image(tmp_path / "a.avif")


def test_heic_is_read_where_its_library_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for pillow-heif registers, as that does, a reader of the format HEIF."""

    def read(file: IO[bytes], name: str) -> Image.Image:
        file.close()
        return Image.new("RGB", (5, 4))

    library = ModuleType("pillow_heif")
    library.register_heif_opener = (
        lambda: Image.register_open(  # type: ignore[attr-defined]
            "HEIF", read, lambda head: head[4:12] == b"ftypheic"
        )
    )
    monkeypatch.setitem(sys.modules, "pillow_heif", library)
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: object())
    for known in (Image.OPEN, Image.ID):
        monkeypatch.setattr(Image, "OPEN" if known is Image.OPEN else "ID", known.copy())
    formats.readable_formats.cache_clear()
    formats.image_suffixes.cache_clear()
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    assert list_folder(tmp_path).images == (path,)
    assert decode_image(path).shape == (4, 5, 3)


def note_of(image: Image.Image, **options: object) -> tuple[list[int], str]:
    file = Path(str(options.pop("path")))
    image.save(file, **options)  # type: ignore[arg-type]
    picture = decode_picture(file)
    return picture.stored[0, :, 0].tolist(), picture.note


def test_twelve_bits_in_sixteen_are_said(tmp_path: Path) -> None:
    values = np.array([[0, 256, 4095]], dtype=np.uint16)
    for name in ("a.png", "a.tif"):
        found, note = note_of(Image.fromarray(values), path=tmp_path / name)
        assert found == [0, 1, 15]
        assert note.startswith("its 16-bit values reach about 4095 of 65535")
    found, note = note_of(Image.fromarray(values), path=tmp_path / "b.tif", tiffinfo={281: 4095})
    assert (found, "MaxSampleValue, 4095" in note) == ([0, 16, 255], True)
    full = np.array([[0, 257, 65535]], dtype=np.uint16)
    assert note_of(Image.fromarray(full), path=tmp_path / "c.png") == ([0, 1, 255], "")


def test_floats_and_32_bits_are_said(tmp_path: Path) -> None:
    def found(values: np.ndarray) -> tuple[list[int], str]:
        return note_of(Image.fromarray(values), path=tmp_path / "a.tif")

    pixels, note = found(np.array([[0.0, 0.5, 1.0]], dtype=np.float32))
    assert pixels == [0, 128, 255]
    assert note == ("its floating-point values reach 1; black was taken to be 0 and white 1.")
    assert found(np.array([[0, 100, 200]], dtype=np.float32))[0] == [0, 100, 200]
    assert found(np.array([[0, 1000, 2000]], dtype=np.int32))[0] == [0, 3, 7]
    assert "white 100000" in found(np.array([[0, 50000, 100000]], dtype=np.int32))[1]


def test_dark_colours_of_16_bits_are_said(tmp_path: Path) -> None:
    """Pillow reads 16 bits a channel as 8 and says nothing; written by hand, since it can't."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    for greatest, is_dark in ((4095, True), (65535, False)):
        row = np.array([0, 0, 0, greatest, greatest, 0], dtype=">u2").tobytes()
        path = tmp_path / "a.png"
        header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + row))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b""))
        assert ("picture is dark" in decode_picture(path).note) == is_dark
    Image.new("RGB", (4, 4), (9, 9, 9)).save(path)
    assert decode_picture(path).note == ""


def test_transparency_is_a_choice(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (200, 100, 50, 0))
    path = tmp_path / "a.png"
    image.save(path)
    assert decode_picture(path).stored[0, 0].tolist() == [255, 255, 255]
    assert decode_picture(path, transparency="dropped").stored[0, 0].tolist() == [200, 100, 50]
    assert decode_picture(path, transparency="kept").stored[0, 0].tolist() == [200, 100, 50, 0]
    image.convert("RGB").save(path)
    assert decode_picture(path, transparency="kept").stored.shape == (1, 2, 3)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "suffix", "png gif bmp tif webp avif jp2 j2k ppm pcx sgi qoi dds ico tga".split()
)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_file_that_lost_its_end_is_a_problem(tmp_path: Path, suffix: str, share: float) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    kind = {"tif": "TIFF", "jp2": "JPEG2000", "j2k": "JPEG2000"}.get(suffix, suffix.upper())
    Image.fromarray(pixels).save(path, kind)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    problem = check_image(path).problem
    assert problem is not None
    assert "built without" not in problem


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_file_is_not_called_one_of_no_known_format(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.new("RGB", (16, 16)).save(path, compression="tiff_lzw")
    path.write_bytes(path.read_bytes()[:20])
    assert check_image(path).problem == (
        "'a.tif' is damaged: it begins as TIFF does, but can't be decoded."
    )

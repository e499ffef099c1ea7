"""A small good picture in every way that the readable formats have of storing one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 64, 48


def photo(mode: str = "RGB", seed: int = 5) -> Image.Image:
    """A picture with smooth parts and noise, so that every coder has work."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = np.stack([x * 3, y * 4, (x + y) * 2], axis=-1)
    pixels = np.clip(smooth + rng.integers(-12, 12, smooth.shape), 0, 255).astype(np.uint8)
    rgb = Image.fromarray(pixels)
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    if mode == "F":
        return Image.fromarray(pixels[..., 0].astype(np.float32) / 255)
    if mode == "P":
        return rgb.quantize(64)
    if mode in ("RGBA", "LA"):
        clear = rgb.convert(mode)
        clear.putalpha(Image.fromarray(pixels[..., 1]))
        return clear
    return rgb.convert(mode)


def encoded(name: str, mode: str = "RGB", **options: Any) -> bytes:
    """The picture as Pillow's writer `name` stores it."""
    stream = io.BytesIO()
    photo(mode).save(stream, name, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(header: bytes, *chunks: bytes) -> bytes:
    """A PNG of a 13-byte header and chunks that stand as they are."""
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks) + END


END = png_chunk(b"IEND", b"")


def png_header(width: int, height: int, *, bits: int = 8, colour: int = 2, adam7: int = 0) -> bytes:
    """The 13 bytes that a PNG begins with."""
    return struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, adam7)


def tiff(entries: list[tuple[int, int, int, int]], body: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF of one directory; entries (tag, type, count, value), body from 8."""
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *entry) for entry in entries
    )
    start = 8 + len(body)
    return b"II*\0" + struct.pack("<I", start) + body + directory + struct.pack("<I", following)


def _interlaced_png() -> bytes:
    rows = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
                           (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):  # fmt: skip
        n_columns = len(range(x0, 16, dx))
        for y in range(y0, 16, dy):
            rows += b"\0" + bytes((y * 16 + n) % 256 for n in range(3 * n_columns))
    return png(png_header(16, 16, adam7=1), png_chunk(b"IDAT", zlib.compress(rows)))


def _animated(name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    others = [photo(seed=n) for n in range(4)]
    photo().save(stream, name, save_all=True, append_images=others, duration=40, **options)
    return stream.getvalue()


def _tiled_tiff() -> bytes:
    n_tile = 32 * 32
    body = bytes(range(256)) * (4 * n_tile // 256)
    first = 8 + len(body)
    lists = struct.pack("<4I", *(8 + n * n_tile for n in range(4))) + struct.pack(
        "<4I", *[n_tile] * 4
    )
    entries = [
        (256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (322, 3, 1, 32), (323, 3, 1, 32), (324, 4, 4, first), (325, 4, 4, first + 16),
    ]  # fmt: skip
    return tiff(entries, body + lists)


def _exif_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a picture " * 40
    return encoded("JPEG", exif=exif.tobytes(), quality=85)


def _psd() -> bytes:
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 16, 16, 8, 3)
    return header + struct.pack(">III", 0, 0, 0) + b"\0\0" + bytes(range(256)) * 3


def _ascii_ppm(kind: str, n_channels: int, most: int) -> bytes:
    values = " ".join(str(n % (most + 1)) for n in range(16 * 16 * n_channels))
    limit = "" if kind == "P1" else f"{most}\n"
    return f"{kind}\n16 16\n{limit}{values}\n".encode()


GOOD: dict[str, Callable[[], bytes]] = {
    "baseline.jpg": lambda: encoded("JPEG", quality=85),
    "progressive.jpg": lambda: encoded("JPEG", quality=85, progressive=True),
    "cmyk.jpg": lambda: encoded("JPEG", "CMYK"),
    "grey.jpeg": lambda: encoded("JPEG", "L"),
    "exif.jpg": _exif_jpeg,
    "restarts.jpg": lambda: encoded("JPEG", restart_marker_blocks=2),
    "pair.mpo": lambda: _animated("MPO"),
    "rgb.png": lambda: encoded("PNG"),
    "rgba.png": lambda: encoded("PNG", "RGBA"),
    "grey.png": lambda: encoded("PNG", "L"),
    "grey_alpha.png": lambda: encoded("PNG", "LA"),
    "palette.png": lambda: encoded("PNG", "P"),
    "one_bit.png": lambda: encoded("PNG", "1"),
    "sixteen.png": lambda: encoded("PNG", "I;16"),
    "interlaced.png": _interlaced_png,
    "animated.apng": lambda: _animated("PNG"),
    "still.gif": lambda: encoded("GIF", "P"),
    "animated.gif": lambda: _animated("GIF"),
    "plain.tif": lambda: encoded("TIFF"),
    "lzw.tif": lambda: encoded("TIFF", compression="tiff_lzw"),
    "deflate.tif": lambda: encoded("TIFF", compression="tiff_adobe_deflate"),
    "jpeg.tif": lambda: encoded("TIFF", compression="jpeg"),
    "fax.tif": lambda: encoded("TIFF", "1", compression="group4"),
    "packbits.tif": lambda: encoded("TIFF", compression="packbits"),
    "sixteen.tif": lambda: encoded("TIFF", "I;16"),
    "float.tiff": lambda: encoded("TIFF", "F"),
    "tiled.tif": _tiled_tiff,
    "lossy.webp": lambda: encoded("WEBP", quality=80),
    "lossless.webp": lambda: encoded("WEBP", lossless=True),
    "animated.webp": lambda: _animated("WEBP"),
    "still.avif": lambda: encoded("AVIF"),
    "rgb.bmp": lambda: encoded("BMP"),
    "palette.bmp": lambda: encoded("BMP", "P"),
    "rgb.dib": lambda: encoded("DIB"),
    "binary.ppm": lambda: encoded("PPM"),
    "binary.pgm": lambda: encoded("PPM", "L"),
    "binary.pbm": lambda: encoded("PPM", "1"),
    "float.pfm": lambda: encoded("PPM", "F"),
    "ascii.ppm": lambda: _ascii_ppm("P3", 3, 255),
    "ascii.pgm": lambda: _ascii_ppm("P2", 1, 4095),
    "ascii.pbm": lambda: _ascii_ppm("P1", 1, 1),
    "rgb.pcx": lambda: encoded("PCX"),
    "rgb.sgi": lambda: encoded("SGI"),
    "rgba.qoi": lambda: encoded("QOI", "RGBA"),
    "plain.dds": lambda: encoded("DDS", "RGBA"),
    "icons.ico": lambda: encoded("ICO", sizes=[(16, 16), (32, 32)]),
    "flat.psd": _psd,
    "plain.tga": lambda: encoded("TGA"),
    "packed.tga": lambda: encoded("TGA", compression="tga_rle"),
    "lossless.jp2": lambda: encoded("JPEG2000"),
    "tiled.j2k": lambda: encoded("JPEG2000", tile_size=(32, 32), no_jp2=True),
}
"""Name with the suffix of its format -> the file's bytes."""

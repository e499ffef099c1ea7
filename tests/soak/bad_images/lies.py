"""Files made by hand whose numbers lie: huge, zero, endless, or running in a circle."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

from tests.soak.bad_images.good import encoded, png, png_chunk, png_header, tiff

MILLION = 1_000_000


def zeros_deflated(n_bytes: int) -> bytes:
    """So many zero bytes as one zlib stream, made without holding them."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(MILLION)) for _ in range(n_bytes // MILLION)]
    return b"".join([*parts, packer.compress(bytes(n_bytes % MILLION)), packer.flush()])


def _png_of_zeros(width: int, height: int, bits: int, colour: int, n_channels: int) -> bytes:
    n_row = 1 + (width * n_channels * bits + 7) // 8
    return png(
        png_header(width, height, bits=bits, colour=colour),
        png_chunk(b"IDAT", zeros_deflated(n_row * height)),
    )


def _small_png(*before: bytes, header: bytes = b"", data: bytes | None = None) -> bytes:
    body = zlib.compress(bytes(13 * 4)) if data is None else data
    return png(header or png_header(4, 4), *before, png_chunk(b"IDAT", body))


PNGS: dict[str, Callable[[], bytes]] = {
    "64_megapixels.png": lambda: _png_of_zeros(8000, 8000, 8, 2, 3),
    "64_megapixels_16_bits.png": lambda: _png_of_zeros(8000, 8000, 16, 6, 4),
    "64_megapixels_grey_16.png": lambda: _png_of_zeros(8000, 8000, 16, 0, 1),
    "over_the_limit.png": lambda: _png_of_zeros(9000, 9000, 1, 0, 1),
    "one_row.png": lambda: _png_of_zeros(100_000, 1, 8, 2, 3),
    "one_column.png": lambda: _png_of_zeros(1, 100_000, 8, 2, 3),
    "one_pixel.png": lambda: _png_of_zeros(1, 1, 8, 2, 3),
    "huge_header.png": lambda: _small_png(header=png_header(2**31 - 1, 2**31 - 1)),
    "negative_header.png": lambda: _small_png(header=png_header(2**32 - 1, 4)),
    "no_width.png": lambda: _small_png(header=png_header(0, 4)),
    "no_height.png": lambda: _small_png(header=png_header(4, 0)),
    "unknown_colour.png": lambda: _small_png(header=png_header(4, 4, colour=5)),
    "three_bits.png": lambda: _small_png(header=png_header(4, 4, bits=3)),
    "unknown_interlace.png": lambda: _small_png(header=png_header(4, 4, adam7=2)),
    "palette_without_colours.png": lambda: _small_png(header=png_header(4, 4, colour=3)),
    "palette_of_wrong_length.png": lambda: _small_png(
        png_chunk(b"PLTE", b"12345"), header=png_header(4, 4, colour=3)
    ),
    "no_data.png": lambda: png(png_header(4, 4)),
    "data_of_zeros_beyond.png": lambda: _small_png(data=zeros_deflated(300 * MILLION)),
    "text_bomb.png": lambda: _small_png(
        png_chunk(b"zTXt", b"note\0\0" + zeros_deflated(500 * MILLION))
    ),
    "many_text_bombs.png": lambda: _small_png(
        *[png_chunk(b"zTXt", b"note\0\0" + zeros_deflated(MILLION))] * 200
    ),
    "international_text_bomb.png": lambda: _small_png(
        png_chunk(b"iTXt", b"note\0\1\0\0\0" + zeros_deflated(500 * MILLION))
    ),
    "profile_bomb.png": lambda: _small_png(
        png_chunk(b"iCCP", b"icc\0\0" + zeros_deflated(500 * MILLION))
    ),
    "many_empty_chunks.png": lambda: _small_png(*[png_chunk(b"tEXt", b"")] * 100_000),
    "many_empty_data.png": lambda: png(png_header(4, 4), *[png_chunk(b"IDAT", b"")] * 200_000),
    "chunk_of_4_gigabytes.png": lambda: _small_png(b"\xff\xff\xff\xfftEXt"),
    "wrong_checksum.png": lambda: encoded("PNG")[:-20] + b"\0" * 20,
    "four_billion_frames.png": lambda: _small_png(
        png_chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0))
    ),
    "frame_outside.png": lambda: _small_png(
        png_chunk(b"acTL", struct.pack(">II", 2, 0)),
        png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 9999, 9999, 5, 5, 1, 1, 0, 0)),
    ),
    "long_transparency.png": lambda: _small_png(png_chunk(b"tRNS", bytes(5000))),
    "exif_circle.png": lambda: _small_png(png_chunk(b"eXIf", _circle()), png_chunk(b"eXIf", b"")),
}


def _circle() -> bytes:
    """A TIFF whose directory is followed by itself."""
    return tiff([(256, 3, 1, 4), (257, 3, 1, 4)], following=8)


def _strips(**changed: int) -> bytes:
    """A 4 x 4 grey TIFF of one strip, with some of its numbers changed."""
    tags = {
        "width": (256, 4), "height": (257, 4), "bits": (258, 3), "compression": (259, 3),
        "colours": (262, 3), "offset": (273, 4), "channels": (277, 3), "rows": (278, 4),
        "n_bytes": (279, 4), "planes": (284, 3), "predictor": (317, 3), "sample": (339, 3),
    }  # fmt: skip
    values = {"width": 4, "height": 4, "bits": 8, "compression": 1, "colours": 1, "offset": 8,
              "channels": 1, "rows": 4, "n_bytes": 16} | changed  # fmt: skip
    entries = sorted((*tags[name], 1, value) for name, value in values.items())
    return tiff([(tag, kind, count, value) for tag, kind, count, value in entries], bytes(16))


def _deflated_tiff(width: int, height: int, bits: int, sample: int) -> bytes:
    body = zeros_deflated(width * height * bits // 8)
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, 8),
        (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height),
        (279, 4, 1, len(body)), (339, 3, 1, sample),
    ]  # fmt: skip
    return tiff(entries, body)


TIFFS: dict[str, Callable[[], bytes]] = {
    "directory_circle.tif": _circle,
    "directory_outside.tif": lambda: b"II*\0" + struct.pack("<I", 2**32 - 2),
    "directory_inside_header.tif": lambda: b"II*\0" + struct.pack("<I", 0) + bytes(20),
    "65535_entries.tif": lambda: b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(40),
    "100000_directories.tif": lambda: b"II*\0" + struct.pack("<I", 8) + b"".join(
        struct.pack("<HI", 0, 14 + 6 * n) for n in range(100_000)
    ),
    "huge_width.tif": lambda: _strips(width=2**31 - 1),
    "huge_both.tif": lambda: _strips(width=2**31 - 1, height=2**31 - 1),
    "no_width.tif": lambda: _strips(width=0),
    "no_rows.tif": lambda: _strips(rows=0),
    "65535_channels.tif": lambda: _strips(channels=65535),
    "64_bits.tif": lambda: _strips(bits=64),
    "unknown_compression.tif": lambda: _strips(compression=34712),
    "fax_of_zeros.tif": lambda: _strips(compression=4, bits=1, width=7000, height=7000, rows=7000),
    "old_jpeg.tif": lambda: _strips(compression=6, colours=6, channels=3),
    "jpeg_without_tables.tif": lambda: _strips(compression=7, colours=6, channels=3),
    "strip_outside.tif": lambda: _strips(offset=2**31),
    "strip_of_4_gigabytes.tif": lambda: _strips(n_bytes=2**32 - 1),
    "unknown_predictor.tif": lambda: _strips(compression=5, predictor=99),
    "two_planes.tif": lambda: _strips(planes=2, channels=3, colours=2),
    "unknown_colours.tif": lambda: _strips(colours=32803),
    "64_megapixels_float.tif": lambda: _deflated_tiff(8000, 8000, 32, 3),
    "64_megapixels_16.tif": lambda: _deflated_tiff(8000, 8000, 16, 1),
    "half_floats.tif": lambda: _deflated_tiff(16, 16, 16, 3),
    "billions_of_tiles.tif": lambda: tiff(
        [(256, 4, 1, 60_000), (257, 4, 1, 1000), (258, 3, 1, 8), (259, 3, 1, 5), (262, 3, 1, 1),
         (322, 4, 1, 16), (323, 4, 1, 16), (324, 4, 2**30, 8), (325, 4, 2**30, 8)]
    ),
    "huge_tile.tif": lambda: tiff(
        [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
         (322, 4, 1, 2**30), (323, 4, 1, 2**30), (324, 4, 1, 8), (325, 4, 1, 8)], bytes(16)
    ),
    "huge_description.tif": lambda: tiff(
        [(256, 4, 1, 4), (257, 4, 1, 4), (270, 2, 2**32 - 1, 8), (273, 4, 1, 8), (279, 4, 1, 16)],
        bytes(16),
    ),
    "big_tiff.tif": lambda: b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**62),
}  # fmt: skip


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _with_size(width: int, height: int) -> bytes:
    """The baseline JPEG with another size in its header."""
    content = bytearray(encoded("JPEG"))
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def _without(marker: int) -> bytes:
    content, kept, place = encoded("JPEG"), b"\xff\xd8", 2
    while content[place + 1] != 0xDA:
        length = 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
        kept += b"" if content[place + 1] == marker else content[place : place + length]
        place += length
    return kept + content[place:]


def _before_the_rest(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + encoded("JPEG")[2:]


def _many_scans(side: int, n_scans: int) -> bytes:
    """A progressive JPEG that comes back to its first coefficients again and again."""
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "JPEG", progressive=True, quality=20)
    content = stream.getvalue()
    scan = content.index(b"\xff\xda")
    following = content.index(b"\xff\xda", scan + 2)
    return content[:scan] + content[scan:following] * n_scans + content[following:]


def _jpeg_of_zeros(side: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "JPEG", quality=20)
    return stream.getvalue()


JPEGS: dict[str, Callable[[], bytes]] = {
    "65500_squared.jpg": lambda: _with_size(65500, 65500),
    "8000_squared_of_nothing.jpg": lambda: _with_size(8000, 8000),
    "no_height.jpg": lambda: _with_size(64, 0),
    "no_width.jpg": lambda: _with_size(0, 48),
    "64_megapixels.jpg": lambda: _jpeg_of_zeros(8000),
    "without_quantisation.jpg": lambda: _without(0xDB),
    "without_huffman.jpg": lambda: _without(0xC4),
    "without_frame.jpg": lambda: _without(0xC0),
    "two_frames.jpg": lambda: _before_the_rest(
        _segment(0xC0, bytes.fromhex("08000800080101110000"))
    ),
    "12_bits.jpg": lambda: encoded("JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
    "arithmetic.jpg": lambda: encoded("JPEG").replace(b"\xff\xc0", b"\xff\xc9"),
    "lossless.jpg": lambda: encoded("JPEG").replace(b"\xff\xc0", b"\xff\xc3"),
    "255_channels.jpg": lambda: encoded("JPEG").replace(
        b"\xff\xc0\0\x11\x08\0\x30\0\x40\x03", b"\xff\xc0\0\x11\x08\0\x30\0\x40\xff"
    ),
    "segment_of_no_length.jpg": lambda: _before_the_rest(b"\xff\xe1\0\0"),
    "segments_without_end.jpg": lambda: b"\xff\xd8" + _segment(0xFE, bytes(60_000)) * 200,
    "100000_comments.jpg": lambda: _before_the_rest(_segment(0xFE, b"") * 100_000),
    "exif_circle.jpg": lambda: _before_the_rest(_segment(0xE1, b"Exif\0\0" + _circle())),
    "exif_in_itself.jpg": lambda: _before_the_rest(
        _segment(0xE1, b"Exif\0\0" + tiff([(0x8769, 4, 1, 8), (0x8825, 4, 1, 8)]))
    ),
    "exif_of_4_gigabytes.jpg": lambda: _before_the_rest(
        _segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 2**32 - 1, 8), (0x010E, 2, 2**31, 8)]))
    ),
    "exif_turned_by_a_word.jpg": lambda: _before_the_rest(
        _segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 2, 4, 0x41414141)]))
    ),
    "200_profiles.jpg": lambda: _before_the_rest(
        *(_segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 200)) + bytes(60_000)) for n in range(200))
    ),
    "adobe_of_no_kind.jpg": lambda: _before_the_rest(_segment(0xEE, b"Adobe\0\0\0\0\0\0\xff")),
    "restart_flood.jpg": lambda: encoded("JPEG")[:-2] + b"\xff\xd0" * 500_000,
    "500_scans.jpg": lambda: _many_scans(2000, 500),
    "5000_scans.jpg": lambda: _many_scans(4000, 5000),
    "only_markers.jpg": lambda: b"\xff\xd8" + b"\xff" * MILLION,
}


def _gif(width: int, height: int, body: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + body


def _gif_frame(width: int, height: int, code_size: int = 2, data: bytes = b"\x02\x4c\x01") -> bytes:
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + bytes((code_size,)) + data + b"\0"


GIFS: dict[str, Callable[[], bytes]] = {
    "no_screen.gif": lambda: _gif(0, 0, _gif_frame(1, 1) + b";"),
    "huge_screen.gif": lambda: _gif(65535, 65535, _gif_frame(1, 1) + b";"),
    "64_megapixels.gif": lambda: _gif(8000, 8000, _gif_frame(8000, 8000) + b";"),
    "frame_larger_than_screen.gif": lambda: _gif(4, 4, _gif_frame(65535, 65535) + b";"),
    "huge_code.gif": lambda: _gif(4, 4, _gif_frame(4, 4, code_size=255) + b";"),
    "no_frames.gif": lambda: _gif(4, 4, b";"),
    "endless_frames.gif": lambda: _gif(4, 4, _gif_frame(4, 4) * 200_000),
    "endless_comment.gif": lambda: _gif(4, 4, b"!\xfe" + (b"\xff" + bytes(255)) * 200_000),
    "endless_extensions.gif": lambda: _gif(4, 4, b"!\xf9\x04\0\0\0\0\0" * 500_000),
    "blocks_without_end.gif": lambda: _gif(4, 4, _gif_frame(4, 4)[:-1] + (b"\1\0") * 50),
}


def _lines() -> Iterator[tuple[str, bytes]]:
    yield "huge.ppm", b"P6 999999999 999999999 255\n" + bytes(30)
    yield "no_size.ppm", b"P6 0 0 255\n"
    yield "minus.ppm", b"P6 -4 4 255\n" + bytes(48)
    yield "no_maximum.ppm", b"P6 4 4 0\n" + bytes(48)
    yield "huge_maximum.ppm", b"P6 4 4 99999999\n" + bytes(48)
    yield "digits_without_end.ppm", b"P6 " + b"9" * MILLION
    yield "comment_without_end.ppm", b"P6 #" + b"x" * (20 * MILLION)
    yield "one_long_number.ppm", b"P3 4 4 255\n" + b"1" * MILLION
    yield "words.ppm", b"P3 4 4 255\n" + b"red green blue " * 16
    yield "spaces.pgm", b"P2 4 4 255\n" + b" " * (20 * MILLION)
    yield "64_megapixels.pbm", b"P4 8000 8000\n" + bytes(1000 * 8000)
    yield "not_a_number.pfm", b"Pf 4 4 -1.0\n" + struct.pack("<16f", *[float("nan")] * 16)
    yield "infinite.pfm", b"Pf 4 4 -1.0\n" + struct.pack("<16f", *[float("inf")] * 16)
    yield "no_scale.pfm", b"Pf 4 4 0\n" + bytes(64)
    yield "scale_in_words.pfm", b"Pf 4 4 nan\n" + bytes(64)
    yield "huge_any.pam", b"P7 WIDTH 99999999\nHEIGHT 99999999\nENDHDR\n"


def _bmp(width: int, height: int, bits: int, packing: int, colours: int, body: bytes) -> bytes:
    information = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, colours, 0
    )
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + information + body


def _bitmaps() -> Iterator[tuple[str, bytes]]:
    yield "huge.bmp", _bmp(2**31 - 1, 2**31 - 1, 24, 0, 0, bytes(48))
    yield "least_height.bmp", _bmp(4, -(2**31), 24, 0, 0, bytes(48))
    yield "no_width.bmp", _bmp(0, 4, 24, 0, 0, bytes(48))
    yield "minus_width.bmp", _bmp(-4, 4, 24, 0, 0, bytes(48))
    yield "99_bits.bmp", _bmp(4, 4, 99, 0, 0, bytes(48))
    yield "unknown_packing.bmp", _bmp(4, 4, 24, 77, 0, bytes(48))
    yield "four_billion_colours.bmp", _bmp(4, 4, 8, 0, 2**32 - 1, bytes(48))
    yield "64_megapixels_packed.bmp", _bmp(8000, 8000, 8, 1, 2, bytes(8) + b"\0\1")
    yield "jumps_outside.bmp", _bmp(8000, 8000, 8, 1, 2, bytes(8) + b"\0\2\xff\xff" * 100_000)
    yield "huge_header.bmp", b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + b"\xff" * 40


def _containers() -> Iterator[tuple[str, bytes]]:
    yield "itself.ico", struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, 40, 0)
    yield "65535_icons.ico", struct.pack("<HHH", 0, 1, 65535) + bytes(16) * 65535
    yield "no_icons.ico", struct.pack("<HHH", 0, 1, 0)
    bomb = PNGS["64_megapixels.png"]()
    entry = struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(bomb), 22)
    yield "bomb.ico", entry + bomb
    psd = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 16, 16, 8, 3) + bytes(8)
    layer = struct.pack(">IIIIH", 0, 0, 16, 16, 0) + b"8BIMnorm" + bytes(4) + bytes(4)
    layers = struct.pack(">H", 10_000) + layer * 10_000
    yield "10000_layers.psd", psd + struct.pack(">II", len(layers) + 4, len(layers)) + layers
    yield "layers_outside.psd", psd + struct.pack(">II", 2**32 - 1, 2**32 - 1)
    yield (
        "30000_squared.psd",
        b"8BPS" + struct.pack(">H6xHIIHH", 1, 56, 30000, 30000, 8, 3) + bytes(14),
    )
    yield "huge_resources.psd", psd[:26] + struct.pack(">II", 0, 2**32 - 1) + bytes(30)


def _others() -> Iterator[tuple[str, bytes]]:
    yield "huge.qoi", b"qoif" + struct.pack(">IIBB", 2**31, 2**31, 4, 0) + bytes(9)
    yield (
        "64_megapixels.qoi",
        b"qoif" + struct.pack(">IIBB", 8000, 8000, 4, 0) + b"\xfd" * 2_000_000,
    )
    yield "no_size.qoi", b"qoif" + struct.pack(">IIBB", 0, 0, 3, 0) + bytes(8)
    pcx = bytearray(encoded("PCX")[:128])
    pcx[8:12] = struct.pack("<HH", 65535, 65535)
    yield "huge.pcx", bytes(pcx) + bytes(100)
    pcx[8:12] = struct.pack("<HH", 7999, 7999)
    yield "64_megapixels.pcx", bytes(pcx) + b"\xff\0" * 100
    sgi = struct.pack(">HBBHHHH", 474, 1, 1, 3, 65535, 65535, 3) + bytes(500)
    yield "huge.sgi", sgi
    yield "rows_outside.sgi", struct.pack(">HBBHHHH", 474, 1, 1, 3, 64, 48, 3) + b"\x7f" * 4000
    yield "no_size.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 24, 0)
    yield "huge.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 65535, 65535, 32, 0)
    packed = struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 8000, 8000, 32, 0)
    yield "64_megapixels.tga", packed + b"\xff\0\0\0\0" * 500_000
    yield "huge_palette.tga", struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 0, 65535, 32, 0, 0, 4, 4, 8, 0)
    dds = bytearray(encoded("DDS", "RGBA")[:128])
    dds[12:20] = struct.pack("<II", 65535, 65535)
    yield "huge.dds", bytes(dds)
    dds[84:88] = b"DX10"
    yield "unknown_kind.dds", bytes(dds) + struct.pack("<5I", 999, 3, 0, 1, 0)
    dds[12:20], dds[84:88] = struct.pack("<II", 8000, 8000), b"DXT1"
    yield "64_megapixels.dds", bytes(dds) + bytes(2000 * 2000 * 8)
    riff = b"RIFF\x24\0\0\0WEBPVP8X" + struct.pack("<I", 10)
    yield "huge_canvas.webp", riff + b"\x02\0\0\0" + b"\xff" * 6
    yield "no_picture.webp", riff + bytes(4) + b"\x03\0\0\x03\0\0"
    yield "riff_of_4_gigabytes.webp", b"RIFF\xff\xff\xff\xffWEBP" + encoded("WEBP")[12:]
    box = encoded("AVIF")
    yield "huge_extent.avif", box.replace(b"ispe\0\0\0\0", b"ispe\0\0\0\0\x7f\xff\xff\xff")
    yield "box_of_no_length.avif", box[:32] + bytes(4) + box[36:]
    stream = bytearray(encoded("JPEG2000", no_jp2=True))
    place = stream.index(b"\xff\x51")
    stream[place + 6 : place + 14] = struct.pack(">II", 2**32 - 1, 2**32 - 1)
    yield "huge.j2k", bytes(stream)
    stream[place + 6 : place + 14] = struct.pack(">II", 8000, 8000)
    yield (
        "a_million_tiles.j2k",
        bytes(stream[: place + 22]) + struct.pack(">II", 8, 8) + bytes(stream[place + 30 :]),
    )
    stream[place + 38 : place + 40] = struct.pack(">H", 16384)
    yield "16384_channels.j2k", bytes(stream)
    yield "box_circle.jp2", encoded("JPEG2000")[:12] + struct.pack(">I", 0) + b"jp2h" + bytes(8)


def lies() -> dict[str, Callable[[], bytes]]:
    """Every file whose numbers lie, by its name."""
    made = {**PNGS, **TIFFS, **JPEGS, **GIFS}
    for group in (_lines, _bitmaps, _containers, _others):
        made |= {name: (lambda content=content: content) for name, content in group()}
    return made

"""The raster formats that are read, their suffixes, and what a file of another kind is."""

from __future__ import annotations

import importlib
import importlib.util
import stat
from functools import lru_cache
from pathlib import Path

from PIL import Image, features

from core.files import is_there

# A fixed list: Pillow would hand PostScript to another program, and guesses at stubs. TGA has no
# signature and stands last.
_SUFFIXES: dict[str, str] = {
    "JPEG": ".jpg .jpeg .jpe .jfif",
    "MPO": ".mpo",
    "PNG": ".png .apng",
    "BMP": ".bmp",
    "DIB": ".dib",
    "GIF": ".gif",
    "TIFF": ".tif .tiff",
    "WEBP": ".webp",
    "AVIF": ".avif .avifs",
    "HEIF": ".heic .heif .hif",
    "JPEG2000": ".jp2 .j2k .jpx .jpf .jpc .j2c",
    "PPM": ".ppm .pgm .pbm .pnm .pfm",
    "PCX": ".pcx",
    "SGI": ".sgi .rgb .rgba .bw",
    "QOI": ".qoi",
    "DDS": ".dds",
    "ICO": ".ico",
    "PSD": ".psd",
    "TGA": ".tga .icb .vda",
}
_CAMERA_RAW = frozenset(
    ".3fr .arw .cr2 .cr3 .crw .dng .erf .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 .rwl"
    " .sr2 .srf .srw .x3f".split()
)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_RAW_REASON = "is a camera's raw file, which has to be developed to JPEG or TIFF first"
_HEIC_REASON = "is HEIC, which needs the package pillow-heif"
_AVIF_REASON = "is AVIF, which this Pillow was built without"
_SIGNATURES: tuple[tuple[int, tuple[bytes, ...], str], ...] = (
    (0, (b"%!PS", b"\xc5\xd0\xd3\xc6"), "is no image: it is PostScript"),
    (0, (b"%PDF",), "is no image: it is a PDF document"),
    (0, (b"version https://git-lfs",), "is no image: it is a Git LFS pointer"),
    (0, (b"<svg", b"<?xml"), "is no image: it is a drawing or another XML text"),
    (0, (b"<",), "is no image: it is a web page"),
    (0, (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"), _RAW_REASON),
    (4, (b"ftypcrx",), _RAW_REASON),
    (8, (b"CR\x02",), _RAW_REASON),
    (4, tuple(b"ftyp" + brand for brand in _HEIC_BRANDS), _HEIC_REASON),
    (4, (b"ftypavif", b"ftypavis"), _AVIF_REASON),
)
_BEGINNINGS: tuple[tuple[int, tuple[bytes, ...], str], ...] = (
    (0, (b"\xff\xd8\xff",), "JPEG"),
    (0, (b"\x89PNG\r\n",), "PNG"),
    (0, (b"GIF8",), "GIF"),
    (0, (b"II*\0", b"MM\0*"), "TIFF"),
    (8, (b"WEBP",), "WEBP"),
    (4, (b"jP  \r\n", b"ftypjp2"), "JPEG2000"),
    (4, (b"ftypavif", b"ftypavis"), "AVIF"),
    (4, tuple(b"ftyp" + brand for brand in _HEIC_BRANDS), "HEIF"),
    (0, (b"qoif",), "QOI"),
    (0, (b"\0\0\1\0",), "ICO"),
    (0, (b"8BPS",), "PSD"),
)
"""How files of formats that are read begin; one that is not recognised is damaged."""
_KINDS = (
    (stat.S_ISFIFO, "is a pipe, no image"),
    (stat.S_ISSOCK, "is a socket, no image"),
    (stat.S_ISCHR, "is a device, no image"),
    (stat.S_ISBLK, "is a device, no image"),
)


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """Pillow's names of the formats of our list that can be read here."""
    if importlib.util.find_spec("pillow_heif") is not None:
        importlib.import_module("pillow_heif").register_heif_opener()
    Image.init()
    # Pillow registers its reader of AVIF even where it was built without; before 11.3 it has none.
    has_avif = "avif" in features.modules and features.check("avif")
    return tuple(n for n in _SUFFIXES if n in Image.OPEN and (has_avif or n != "AVIF"))


@lru_cache(maxsize=1)
def image_suffixes() -> frozenset[str]:
    """The suffixes, in lower case, of files that count as images in a folder."""
    return frozenset(word for name in readable_formats() for word in _SUFFIXES[name].split())


def is_image_name(path: Path) -> bool:
    """Whether a file counts as an image by its suffix."""
    return path.suffix.lower() in image_suffixes()


def describe_other_suffix(path: Path) -> str:
    """Why a file of this name does not count as an image."""
    suffix = path.suffix.lower()
    if not suffix:
        return "no suffix of an image format"
    if suffix in _CAMERA_RAW:
        return _RAW_REASON
    if suffix in _SUFFIXES["HEIF"].split():
        return _HEIC_REASON
    if suffix in _SUFFIXES["AVIF"].split():
        return _AVIF_REASON
    return f"'{path.suffix}' is no image format"


def describe_other_kind(path: Path) -> str | None:
    """The predicate of what is no picture before it is opened: a pipe, a device, camera raw."""
    claim = describe_mode(path.stat().st_mode)
    if claim is not None:
        return claim
    # Pillow would take the small preview in it for the picture, since raw files are TIFFs too.
    return _RAW_REASON if path.suffix.lower() in _CAMERA_RAW and path.is_file() else None


def describe_mode(mode: int) -> str | None:
    """The predicate of what is neither a regular file nor a folder, by its st_mode."""
    return next((claim for is_kind, claim in _KINDS if is_kind(mode)), None)


def describe_no_file(path: Path) -> str:
    """A sentence about a path at which no regular file is: nothing is there, or what is there."""
    claim = describe_other_kind(path) if is_there(path) else None
    return f"There is no file {path}." if claim is None else f"'{path.name}' {claim}."


def describe_other_content(head: bytes) -> str:
    """The predicate of a file that none of the formats that are read recognises."""
    damaged = _find(_BEGINNINGS, head)
    if damaged in readable_formats():
        return f"is damaged: it begins as {damaged} does, but can't be decoded"
    return _find(_SIGNATURES, head) or "is no image: its content is of no known format"


def is_known_content(head: bytes) -> bool:
    """Whether a file is of a kind that is known by its beginning, a picture or not."""
    return bool(_find(_SIGNATURES, head) or _find(_BEGINNINGS, head))


def _find(table: tuple[tuple[int, tuple[bytes, ...], str], ...], head: bytes) -> str | None:
    trimmed = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for offset, beginnings, claim in table:
        if (head if offset else trimmed)[offset:].startswith(beginnings):
            return claim
    return None

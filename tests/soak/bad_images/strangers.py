"""Files of other kinds that are called pictures, and names that no file should have."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.soak.bad_images.good import encoded
from tests.soak.bad_images.lies import zeros_deflated


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20_000_000))
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    return stream.getvalue()


STRANGERS: dict[str, Callable[[], bytes]] = {
    "empty.jpg": lambda: b"",
    "empty.png": lambda: b"",
    "zeros.jpg": lambda: bytes(100_000),
    "zeros.tga": lambda: bytes(100_000),
    "ones.tga": lambda: b"\xff" * 100_000,
    "noise.jpg": lambda: bytes((n * 7919 >> 5) & 255 for n in range(50_000)),
    "one_byte.gif": lambda: b"G",
    "postscript.jpg": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n",
    "postscript_with_preview.jpg": lambda: b"\xc5\xd0\xd3\xc6" + bytes(28) + b"%!PS {} loop",
    "document.jpg": lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n",
    "drawing.png": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'
    ),
    "page.jpg": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
    "archive.jpg": _zip,
    "tape.png": _tar,
    "program.jpg": lambda: b"\x7fELF\x02\x01\x01" + bytes(200),
    "pickled.png": lambda: pickle.dumps({"a": 1}),
    "packed_zeros.png": lambda: gzip.compress(bytes(50_000_000)),
    "deflated_zeros.tif": lambda: zeros_deflated(50_000_000),
    "pointer.jpg": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "shell.png": lambda: b"#!/bin/sh\nexit 1\n",
    "table.bmp": lambda: b"name,label\n=cmd|' /C calc'!A0,1\n",
    "text_in_utf16.jpg": lambda: "a text".encode("utf-16"),
    "hdf5.png": lambda: b"\x89HDF\r\n\x1a\n" + bytes(100),
    "camera_raw.nef": lambda: encoded("TIFF"),
    "png_named.jpg": lambda: encoded("PNG"),
    "jpeg_named.png": lambda: encoded("JPEG"),
    "gif_named.tga": lambda: encoded("GIF", "P"),
    "tiff_named.jpg": lambda: encoded("TIFF"),
    "junk_behind.jpg": lambda: encoded("JPEG") + _zip(),
    "junk_before.jpg": lambda: b"\n\n" + encoded("JPEG"),
    "icns.png": lambda: b"icns\0\0\0\x10ic07\0\0\0\x08",
    "fits.jpg": lambda: b"SIMPLE  =                    T" + b" " * 3000,
    "xpm.jpg": lambda: b'/* XPM */ static char *x[] = {"99999 99999 1 1"};',
    "video.jpg": lambda: b"\0\0\0\x18ftypmp42" + bytes(100),
    "heif_without_picture.heic": lambda: b"\0\0\0\x18ftypheic" + bytes(100),
}


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has at most 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _no_permission(path: Path) -> None:
    path.write_bytes(encoded("JPEG"))
    path.chmod(0)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(encoded("JPEG"))
        file.truncate(5 << 30)


def _growing(path: Path) -> None:
    """A picture that is written on while it is read, for half a minute."""
    path.write_bytes(encoded("BMP")[:200])

    def write_on() -> None:
        with path.open("ab") as file:
            for _ in range(300):
                file.write(bytes(100_000))
                file.flush()
                if pause.wait(0.1) or not path.exists():
                    return

    pause = threading.Event()
    threading.Thread(target=write_on, name="growing-file", daemon=True).start()


def _full_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside.jpg").write_bytes(encoded("JPEG"))


def _named(name: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        (path.parent / os.fsdecode(name)).write_bytes(encoded("JPEG"))

    return make


PLACES: dict[str, Callable[[Path], None]] = {
    "pipe.jpg": _fifo,
    "socket.jpg": _socket,
    "zeros_for_ever.jpg": lambda path: path.symlink_to("/dev/zero"),
    "noise_for_ever.png": lambda path: path.symlink_to("/dev/urandom"),
    "input.jpg": lambda path: path.symlink_to("/dev/stdin"),
    "full_disk.jpg": lambda path: path.symlink_to("/dev/full"),
    "memory.jpg": lambda path: path.symlink_to("/proc/self/mem"),
    "kernel_messages.jpg": lambda path: path.symlink_to("/proc/kmsg"),
    "folder.jpg": _full_folder,
    "nothing_behind.jpg": lambda path: path.symlink_to("nowhere"),
    "circle.jpg": lambda path: path.symlink_to(path.name),
    "circle_of_folders": lambda path: path.symlink_to("."),
    "no_permission.jpg": _no_permission,
    "sparse.jpg": _sparse,
    "growing.bmp": _growing,
    "new_line": _named(b"new\nline.jpg"),
    "escape": _named(b"\x1b[31mred\x1b]0;title\x07.jpg"),
    "no_utf8": _named(b"caf\xe9 \xff.jpg"),
    "255_bytes": _named(b"n" * 251 + b".jpg"),
    "right_to_left": _named("evil\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe.jpg".encode()),
    "tags": _named(b"<img src=x><b>bold.jpg"),
    "formula": _named(b"=1+1,name.jpg"),
    "dash": _named(b"--out=x.jpg"),
    "spaces": _named(b"  .jpg"),
    "dots": _named(b"...jpg"),
}
"""Name -> what makes it there; the last ones choose a name of their own."""

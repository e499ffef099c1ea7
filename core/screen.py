"""Whether a window can be shown here, found out without loading Qt."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from pathlib import Path

_WITHOUT_SCREEN = ("offscreen", "minimal", "vnc", "linuxfb")
_X_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
}
"""What Qt's X11 plugin loads, and the Debian package of each; without one Qt aborts."""


def why_no_screen() -> str | None:
    """Why no window can be shown, in a sentence, or None where one can."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform.split(":")[0] in _WITHOUT_SCREEN:
        return f"There is no screen: QT_QPA_PLATFORM is set to {platform}."
    if not sys.platform.startswith("linux"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set."
    if not _answers(display):
        return f"There is no screen: nothing answers at DISPLAY {display}."
    missing = missing_x_packages()
    if not missing:
        return None
    return (
        "The window needs system libraries that are missing. "
        f"On Debian and Ubuntu type: sudo apt-get install -y {' '.join(missing)}"
    )


def why_no_text() -> str | None:
    """Why a window would show no letters, in a sentence, or None where it shows them."""
    if _count_fonts() != 0:
        return None
    return (
        "No font is installed, so the window would show no text. "
        "On Debian and Ubuntu type: sudo apt-get install -y fonts-dejavu-core"
    )


def missing_x_packages() -> list[str]:
    """Debian packages of the libraries that a window on an X display lacks here."""
    return [package for file, package in _X_LIBRARIES.items() if not loads(file)]


def loads(file: str) -> bool:
    """Whether the shared library `file` can be loaded."""
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


class _FontSet(ctypes.Structure):
    """FcFontSet of fontconfig.h, as far as it is read here."""

    _fields_ = (("n_fonts", ctypes.c_int), ("n_places", ctypes.c_int))


def _count_fonts() -> int | None:
    """How many fonts fontconfig knows, None on systems without it.

    It is what Qt asks on Linux; Qt itself always lists the aliases Sans Serif, Serif and Monospace.
    """
    try:
        fontconfig = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return None
    load, fonts_of = fontconfig.FcInitLoadConfigAndFonts, fontconfig.FcConfigGetFonts
    load.restype = ctypes.c_void_p
    fonts_of.argtypes, fonts_of.restype = (ctypes.c_void_p, ctypes.c_int), ctypes.c_void_p
    found = fonts_of(load(), 0)
    return _FontSet.from_address(found).n_fonts if found else 0


def _answers(display: str) -> bool:
    """Whether an X server listens where `display` ("host:number.screen") points."""
    parts = re.fullmatch(r"(.*?):(\d+)(?:\.\d+)?", display)
    if parts is None:
        return Path(display).exists()  # macOS-style socket paths
    host, number = parts[1], int(parts[2])
    if host in ("", "unix"):
        return _connects(f"/tmp/.X11-unix/X{number}") or _connects(f"\0/tmp/.X11-unix/X{number}")
    try:
        socket.create_connection((host, 6000 + number), timeout=2).close()
    except OSError:
        return False
    return True


def _connects(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(address)
        except OSError:
            return False
    return True

"""The command that ranks outside the window as it is ranked in it."""

from __future__ import annotations

import shlex

from PyQt5.QtGui import QGuiApplication

from core.engines.host import NetToRun
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.queries import Found


def query_command(found: Found, net: NetToRun | None) -> str:
    """A line for a shell; the gallery knows which net made it."""
    query = found.answer.query
    words = ["main.py", "query", str(found.gallery.folder), str(query.path)]
    if query.box is not None:
        words.append(f"--box={query.box.word}")  # a number below 0 is no option so
    if net is not None and net.device != "cpu":
        words += ["--device", net.device]
    return shlex.join(words)


def copy_query_command(searching: SearchingController) -> None:
    """Put it on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if searching.found is not None and clipboard is not None:
        clipboard.setText(query_command(searching.found, searching.net))

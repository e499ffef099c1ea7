"""The command that ranks outside the window as it is ranked in it."""

from __future__ import annotations

import shlex

from PyQt5.QtGui import QGuiApplication

from core.engines.host import NetToRun
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.queries import Found


def query_command(found: Found, net: NetToRun | None, benchmark: str = "") -> str:
    """A line for a shell; the gallery knows which net made it.

    benchmark: what judges, "" for labels.
    """
    answer, searching = found.answer, found.searching
    query, asked = answer.query, answer.asked
    images = [str(one.path) for one in (query, *answer.others)]
    words = ["main.py", "query", str(found.gallery.folder), *images]
    if answer.others and asked.fusion is not None:
        words += ["--together", asked.fusion]
    if asked.unlike:
        words += ["--unlike", *(str(one.path) for one in asked.unlike)]
        words += ["--unlike-weight", f"{asked.unlike_weight:g}"]
    if searching is not None and searching.steps.steps_word:
        words += ["--search", searching.steps.steps_word]
    if searching is not None and not searching.steps.backend.is_exact:
        backend = searching.steps.backend
        words += ["--backend", backend.name]
        words += ["--server", backend.server] if backend.server else []
    if searching is not None and searching.duplicates is not None:
        words += ["--without-copies", "--alike", str(searching.duplicates.limit)]
    if benchmark:
        words += ["--truth", benchmark]
    if query.box is not None:
        words.append(f"--box={query.box.word}")  # a number below 0 is no option so
    if net is not None and net.device != "cpu":
        words += ["--device", net.device]
    return shlex.join(words)


def copy_query_command(searching: SearchingController) -> None:
    """Put it on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if searching.found is not None and clipboard is not None:
        benchmark = searching.state.benchmark
        clipboard.setText(query_command(searching.found, searching.net, benchmark))

"""Widgets that are built together are dressed once, when all of them stand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from gui.dressing import dress, dressed_at_the_end, when_dressed
from gui.theme import Theme


def test_a_sheet_waits_until_all_stands(qtbot: QtBot, qapp: QApplication) -> None:
    outer, inner = QWidget(), QLabel("text")
    qtbot.addWidget(outer)
    with dressed_at_the_end():
        dress(inner, "color: #010203")
        dress(inner, "color: #040506")
        inner.setParent(outer)
        assert (inner.styleSheet(), qapp.styleSheet()) == ("", "")
    assert inner.styleSheet() == "color: #040506"
    assert qapp.styleSheet() == Theme.light().style_sheet()
    dress(inner, "color: #070809")
    assert inner.styleSheet() == "color: #070809"


def test_what_is_built_within_waits_for_the_outermost(qtbot: QtBot) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    with dressed_at_the_end():
        with dressed_at_the_end():
            dress(label, "color: red")
        assert label.styleSheet() == ""
    assert label.styleSheet() == "color: red"


def test_a_size_is_asked_for_when_the_sheet_is_on(qtbot: QtBot) -> None:
    label, widths = QLabel("text"), []
    qtbot.addWidget(label)
    bare = label.sizeHint().width()
    with dressed_at_the_end():
        dress(label, "border: 40px solid red")
        when_dressed(lambda: widths.append(label.sizeHint().width()))
        assert widths == []
    assert widths[0] >= bare + 80
    when_dressed(lambda: widths.append(0))
    assert widths[1:] == [0]


def test_a_fault_leaves_the_application_dressed(qtbot: QtBot, qapp: QApplication) -> None:
    gone, kept = QLabel("gone"), QLabel("kept")
    qtbot.addWidget(kept)

    def build() -> None:
        dress(gone, "color: red")
        dress(kept, "color: red")
        gone.deleteLater()
        qapp.sendPostedEvents(gone, QEvent.DeferredDelete)
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"), dressed_at_the_end():
        build()
    assert kept.styleSheet() == "color: red"
    assert qapp.styleSheet() == Theme.light().style_sheet()


class _Changes(QObject):
    """How often each widget was dressed, by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[int] = Counter()

    def eventFilter(self, seen: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.StyleChange:
            self.counted[sip.unwrapinstance(seen)] += 1
        return False


def test_a_window_is_dressed_once(make_bench, qapp: QApplication) -> None:
    """Each part was dressed when it was put into another: .8 s a window, not .2."""
    changes = _Changes()
    qapp.installEventFilter(changes)
    bench = make_bench()
    qapp.removeEventFilter(changes)
    parts = bench.window.findChildren(QWidget)
    n_dressed = sum(changes.counted[sip.unwrapinstance(part)] for part in parts)
    assert n_dressed / len(parts) < 5
    assert bench.window.rail.styleSheet()


def test_every_part_is_dressed_through_one_door(repository: Path) -> None:
    doors = {repository / "gui" / "dressing.py", repository / "gui" / "theme.py"}
    own = [
        path.relative_to(repository).as_posix()
        for path in sorted((repository / "gui").rglob("*.py"))
        if path not in doors and re.search(r"\.setStyleSheet\(", path.read_text(encoding="utf-8"))
    ]
    assert own == [], "call gui.dressing.dress"

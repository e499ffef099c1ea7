"""Widgets that are built together are dressed once, when all of them stand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.dressing import dressed_at_the_end, mark, when_dressed
from gui.theme import STYLES, Theme, ThemeKeeper
from gui.widgets.hint_box import HintBox
from gui.widgets.labels import ThemedLabel


def test_the_sheet_waits_until_all_stands(qapp: QApplication) -> None:
    with dressed_at_the_end():
        assert qapp.styleSheet() == ""
        with dressed_at_the_end():
            pass
        assert qapp.styleSheet() == ""
    assert qapp.styleSheet() == Theme.light().style_sheet()


def test_a_size_is_asked_for_when_the_sheet_is_on(qtbot: QtBot) -> None:
    button, widths = QPushButton("text"), []
    qtbot.addWidget(button)
    button.setObjectName("moreColumns")  # of which the sheet takes the padding
    wide = QPushButton("text")
    qtbot.addWidget(wide)
    with dressed_at_the_end():
        bare = button.sizeHint().width()
        when_dressed(lambda: widths.append(button.sizeHint().width()))
        assert widths == []
    assert widths[0] < wide.sizeHint().width()
    assert widths[0] != bare
    when_dressed(lambda: widths.append(0))
    assert widths[1:] == [0]


def test_a_fault_leaves_the_application_dressed(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="no picture"), dressed_at_the_end():
        raise ValueError("no picture")
    assert qapp.styleSheet() == Theme.light().style_sheet()


def test_a_mark_dresses_the_widget_anew(qtbot: QtBot, keeper: ThemeKeeper) -> None:
    box = HintBox(keeper)
    qtbot.addWidget(box)
    box.resize(200, 60)
    box.show_hint("title", "body", "error")
    box.show()
    place = box.width() - 4, box.height() - 4
    assert box.grab().toImage().pixelColor(*place) == keeper.theme.error_fill
    box.show_hint("title", "body", "ok")
    assert box.grab().toImage().pixelColor(*place) == keeper.theme.ok_fill
    mark(box, "kind", "warning")
    assert box.grab().toImage().pixelColor(*place) == keeper.theme.warning_fill


class _Changes(QObject):
    """How often each widget was dressed, by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[int] = Counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.StyleChange:
            self.counted[sip.unwrapinstance(watched)] += 1
        return False


def _times_dressed(changes: _Changes, window: QWidget) -> float:
    parts = window.findChildren(QWidget)
    return sum(changes.counted[sip.unwrapinstance(part)] for part in parts) / len(parts)


def test_a_window_is_dressed_once(make_bench, qapp: QApplication) -> None:
    """Each part was dressed when it was put into another: .8 s a window, not .2."""
    changes = _Changes()
    qapp.installEventFilter(changes)
    bench = make_bench()
    qapp.removeEventFilter(changes)
    assert _times_dressed(changes, bench.window) < 3


def test_a_change_of_the_theme_dresses_a_window_once(make_bench, qapp: QApplication) -> None:
    """A widget was dressed once for each that it lies in: 1 s for a window that was in use."""
    bench = make_bench()
    window = bench.window
    for page in window.pages:
        window.show_page(page)
    changes = _Changes()
    qapp.installEventFilter(changes)
    bench.keeper.choose("dark")
    qapp.removeEventFilter(changes)
    assert _times_dressed(changes, window) < 3
    assert window.document_title.palette().windowText().color() == Theme.dark().secondary
    assert window.grab().toImage().pixelColor(4, window.rail.y() + 200) == Theme.dark().header


def test_words_keep_their_colour_where_a_panel_moves(qtbot: QtBot) -> None:
    """As in the presentation, whose page lies in a scene: they had the former theme's."""
    keeper = ThemeKeeper("light")
    keeper.choose("light")
    first, second = QWidget(), QWidget()
    label = ThemedLabel("text", "secondary", parent=first)
    for widget in (first, second):
        qtbot.addWidget(widget)
    first.show()
    keeper.choose("dark")
    label.setParent(second)
    second.show()
    assert label.palette().windowText().color() == Theme.dark().secondary
    label.set_role("error_text")
    assert label.palette().windowText().color() == Theme.dark().error_text
    keeper.choose("light")
    assert label.palette().windowText().color() == Theme.light().error_text


def test_only_the_application_has_a_sheet(repository: Path) -> None:
    doors = {repository / "gui" / "dressing.py", repository / "gui" / "theme.py"}
    own = [
        path.relative_to(repository).as_posix()
        for path in sorted((repository / "gui").rglob("*.py"))
        if path not in doors and re.search(r"\.setStyleSheet\(", path.read_text(encoding="utf-8"))
    ]
    assert own == [], "give the widget a name, and resources/styles/panels.qss its look"


def test_the_sheets_name_widgets_and_colours_that_there_are(repository: Path) -> None:
    sheet = "".join(path.read_text(encoding="utf-8") for path in sorted(STYLES.glob("*.qss")))
    code = "".join(
        p.read_text(encoding="utf-8") for p in sorted((repository / "gui").rglob("*.py"))
    )
    missing = {name for name in re.findall(r"#(\w+)", sheet) if f'"{name}"' not in code}
    assert missing == set()
    assert re.findall(r"@\w+", Theme.light().style_sheet()) == []

"""Each test finds the application as it begins, whatever the one before it left."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.theme import Theme

LEFT = "a widget of an earlier test"


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_leaves_no_other_finds(qtbot: QtBot, qapp: QApplication, turn: int) -> None:
    light, clipboard = Theme.light(), QApplication.clipboard()
    assert (qapp.styleSheet(), qapp.palette()) == (light.style_sheet(), light.palette())
    assert (clipboard.text(), QApplication.mouseButtons()) == ("", Qt.NoButton)
    assert QApplication.keyboardModifiers() == Qt.NoModifier
    assert LEFT not in [widget.objectName() for widget in QApplication.topLevelWidgets()]
    Theme.dark().apply(qapp)
    clipboard.setText("copied")
    field = QWidget(objectName=LEFT)
    qtbot.addWidget(field)
    qtbot.mouseDClick(field, Qt.LeftButton)
    qtbot.keyClick(field, Qt.Key_R, Qt.ControlModifier)
    held = QApplication.mouseButtons(), QApplication.keyboardModifiers()
    assert held == (Qt.LeftButton, Qt.ControlModifier), "nobody need let go of them any more"

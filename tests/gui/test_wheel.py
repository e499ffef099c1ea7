"""The mouse wheel scrolls; it never changes what a box or a field says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QWheelEvent
from PyQt5.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QWidget

from gui.widgets.choice import Choice
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.number_fields import DecimalField, Slider, WholeNumberField

BARE = ("QComboBox", "QSpinBox", "QDoubleSpinBox", "QSlider", "QDial")


def turn_wheel(widget: QWidget, steps: int) -> QWheelEvent:
    """One event as a mouse over the middle of a widget sends it."""
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at, QPointF(widget.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * steps),
        Qt.NoButton, Qt.NoModifier, Qt.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event


@pytest.mark.parametrize("kind", [Choice, ElidedChoice])
@pytest.mark.parametrize("steps", [1, -1])
def test_a_choice_stays_and_lets_the_wheel_pass(qtbot, kind: type[QComboBox], steps: int) -> None:
    box = kind()
    qtbot.addWidget(box)
    box.addItems(["first", "second", "third"])
    box.setCurrentIndex(1)
    box.setFocus()
    event = turn_wheel(box, steps)
    assert box.currentText() == "second"
    assert not event.isAccepted()  # so that the list below scrolls


@pytest.mark.parametrize("kind", [WholeNumberField, DecimalField, Slider])
def test_a_number_stays_and_lets_the_wheel_pass(
    qtbot, kind: type[QSpinBox] | type[QDoubleSpinBox] | type[QSlider]
) -> None:
    field = kind()
    qtbot.addWidget(field)
    field.setValue(7)
    field.setFocus()
    event = turn_wheel(field, 3)
    assert field.value() == 7
    assert not event.isAccepted()


def test_no_room_of_the_window_uses_a_bare_box(repository: Path) -> None:
    """Boxes and fields are those of gui/widgets, whose wheel is held."""
    found = [
        f"{path.relative_to(repository)}:{node.lineno} {node.func.id}"
        for path in sorted((repository / "gui").rglob("*.py"))
        if "widgets" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BARE
    ]
    assert not found

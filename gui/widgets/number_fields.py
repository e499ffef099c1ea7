"""Fields for one number: with a decimal point on every system, and never changed by the wheel."""

from __future__ import annotations

from PyQt5.QtCore import QLocale, Qt
from PyQt5.QtGui import QValidator, QWheelEvent
from PyQt5.QtWidgets import QDoubleSpinBox, QSlider, QSpinBox, QWidget


def use_decimal_points() -> None:
    """Make every field write and read numbers as Caffe's files do; before the first widget.

    Left to the system, a point is a separator of thousands where a comma is the decimal sign, and
    Qt skips it: 0.017 becomes 17. Group separators are omitted so that a comma is never skipped.
    """
    locale = QLocale.c()
    locale.setNumberOptions(QLocale.OmitGroupSeparator | QLocale.RejectGroupSeparator)
    QLocale.setDefault(locale)


class DecimalField(QDoubleSpinBox):
    """A spin box that turns a comma into a point as it is typed or pasted."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """The text with points, and whether it is a number."""
        return super().validate(text.replace(",", "."), position)

    def valueFromText(self, text: str) -> float:
        """The number that is written, with a point or a comma."""
        return super().valueFromText(text.replace(",", "."))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class WholeNumberField(QSpinBox):
    """A spin box that the mouse wheel passes over."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Slider(QSlider):
    """A slider from left to right that the mouse wheel passes over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Horizontal, parent)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

"""The dark box beside the mouse that says what lies under it, painted inside a plot."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QPainter

from gui.theme import Theme, text_font
from gui.widgets.alignment import LEFT

LINE_HEIGHT = 15


def paint_readout(
    painter: QPainter, lines: Sequence[str], anchor: QRectF, view: QRectF, theme: Theme
) -> None:
    """Draw `lines`, the first semibold, right of `anchor` or left of it, always inside `view`."""
    if not lines:
        return
    bold, normal = text_font(11, semibold=True), text_font(11)
    painter.save()
    painter.setFont(bold)
    widest = max(painter.fontMetrics().horizontalAdvance(line) for line in lines)
    box = QRectF(0, 0, widest + 16, LINE_HEIGHT * len(lines) + 8)
    left = anchor.right() + 8
    if left + box.width() > view.right() - 2:
        left = max(view.left() + 2, anchor.left() - 8 - box.width())
    top = min(max(view.top() + 2, anchor.top()), view.bottom() - box.height() - 2)
    box.moveTo(left, top)
    painter.setRenderHint(QPainter.Antialiasing, True)
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.tooltip_fill)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(theme.tooltip_text)
    for number, line in enumerate(lines):
        painter.setFont(bold if number == 0 else normal)
        row = QRectF(box.left() + 8, box.top() + 4 + LINE_HEIGHT * number, widest, LINE_HEIGHT)
        painter.drawText(row, LEFT, line)
    painter.restore()

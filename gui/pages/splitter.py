"""Splitters that keep what they were set to: widths of sides that fold, or a share of the room."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QSplitter, QWidget

from gui.widgets.side import STRIP, Side


class SideSplitter(QSplitter):
    """Left side, middle, right side; keeps the widths of sides that are open."""

    def __init__(
        self,
        left: Side | None,
        middle: QWidget,
        right: Side | None,
        widths: Sequence[int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Horizontal, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self._sides = {0: left, 2: right}
        self._widths = list(widths)
        self._parts: list[tuple[int, QWidget]] = []
        for number, widget in ((0, left), (1, middle), (2, right)):
            if widget is not None:
                self._parts.append((number, widget))
                self.addWidget(widget)
                self.setStretchFactor(self.count() - 1, 1 if number == 1 else 0)
        for side in (left, right):
            if side is not None:
                side.folded.connect(lambda _is_folded: self.lay_out())
        self.splitterMoved.connect(lambda _at, _index: self._note())

    @property
    def widths(self) -> tuple[int, int]:
        """How wide the left and the right side are while they are open."""
        return self._widths[0], self._widths[1]

    def set_widths(self, left: int, right: int) -> None:
        """Give the sides these widths, now or when they open."""
        self._widths = [left, right]
        self.lay_out()

    def lay_out(self) -> None:
        """Give each side its width, and the middle the rest."""
        room = self.width() - self.handleWidth() * (self.count() - 1)
        wanted = {0: self._width_of(0), 2: self._width_of(2)}
        wanted[1] = max(200, room - wanted[0] - wanted[2])
        self.setSizes([wanted[number] for number, _ in self._parts])

    def sizeHint(self) -> QSize:
        return QSize(900, 500)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.lay_out()

    def _width_of(self, number: int) -> int:
        side = self._sides[number]
        if side is None:
            return 0
        return STRIP if side.is_folded else self._widths[number // 2]

    def _note(self) -> None:
        for place, (number, _) in enumerate(self._parts):
            side = self._sides.get(number)
            if side is not None and not side.is_folded:
                self._widths[number // 2] = self.sizes()[place]


class ShareSplitter(QSplitter):
    """Two parts, the left one with its share of the width whatever that is, as far as they fit."""

    def __init__(
        self, left: QWidget, right: QWidget, share: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(Qt.Horizontal, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self._share = share
        for part in (left, right):
            self.addWidget(part)
        self.splitterMoved.connect(lambda _at, _index: self._note())

    @property
    def share(self) -> float:
        """Of the left part, from 0 to 1, as it was set."""
        return self._share

    def set_share(self, share: float) -> None:
        """Divide the width anew."""
        self._share = share
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._lay_out()

    def _lay_out(self) -> None:
        room = self.width() - self.handleWidth()
        left = round(room * self._share)
        self.setSizes([left, room - left])

    def _note(self) -> None:
        left, right = self.sizes()
        self._share = left / (left + right) if left + right else self._share

"""Small pieces of text: section header, link, badge pill, elided line."""

from __future__ import annotations

import re

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.dressing import mark
from gui.theme import text_font
from gui.widgets.plain_text import Rich, plain_tip

_NO_WIDTH = "\N{ZERO WIDTH SPACE}"
_LONG_NAME = re.compile(r"(?<![<&/\w])[\w/.-]{24,}")


def breakable(text: str) -> str:
    """The text, with places in long names where a line may end; tags of rich text stay whole."""
    broken = _LONG_NAME.sub(lambda name: re.sub(r"([_/.-])", rf"\1{_NO_WIDTH}", name[0]), text)
    return Rich(broken) if isinstance(text, Rich) else broken


class ThemedLabel(QLabel):
    """Plain text in one of the theme's text colours: "text", "secondary", "mark_text" and so on."""

    def __init__(
        self,
        text: str = "",
        role: str = "text",
        *,
        pixels: float = 12,
        semibold: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.PlainText)
        self.setFont(text_font(pixels, semibold=semibold))
        mark(self, "role", role)

    def set_role(self, role: str) -> None:
        """Use another of the theme's colours."""
        mark(self, "role", role)


class RichLabel(ThemedLabel):
    """A label that lays out markup of ours; any other text it shows as it is."""

    def __init__(self, text: str = "", role: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(role=role, parent=parent)
        self.setText(text)

    def setText(self, text: str) -> None:
        self.setTextFormat(Qt.RichText if isinstance(text, Rich) else Qt.PlainText)
        super().setText(text)


class PictureLabel(QLabel):
    """A picture; what is written on it would be shown as it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.PlainText)


class SectionHeader(QWidget):
    """Semibold capitals over a line, with an optional note at the right."""

    def __init__(self, text: str, note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ThemedLabel(text.upper(), "secondary", pixels=11, semibold=True)
        self._note = ThemedLabel(note, "secondary", pixels=11)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._note)
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedHeight(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 2)
        layout.setSpacing(3)
        layout.addLayout(row)
        layout.addWidget(line)

    def set_text(self, text: str, *, as_written: bool = False) -> None:
        """Change the heading; as_written: names keep their letters."""
        self._title.setText(text if as_written else text.upper())

    @property
    def text(self) -> str:
        """The heading as it is shown."""
        return self._title.text()

    @property
    def note(self) -> str:
        """The note at the right."""
        return self._note.text()

    def set_note(self, note: str) -> None:
        """Change the note at the right."""
        self._note.setText(note)


class LinkLabel(QLabel):
    """Coloured text that acts like a button, also from the keyboard."""

    clicked = pyqtSignal()

    def __init__(
        self,
        text: str,
        role: str = "accent",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.PlainText)
        mark(self, "role", role)
        self.setCursor(Qt.PointingHandCursor)
        self.setFocusPolicy(Qt.StrongFocus)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isEnabled() and self.rect().contains(event.pos()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space):
            self.clicked.emit()
            return
        super().keyPressEvent(event)


class ElidedLabel(QLabel):
    """One line that loses its middle when it has no room; the tooltip holds all of it.

    mode: what it loses instead; a sentence is read from its beginning.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.ElideMiddle,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self.setTextFormat(Qt.PlainText)
        self.setMinimumWidth(24)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self.setToolTip(plain_tip(text))

    def setText(self, text: str) -> None:
        self.setToolTip(plain_tip(text))
        super().setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignVCenter), shown)
        painter.end()


class FittingLabel(ThemedLabel):
    """The longest of several wordings that there is room for, so that no number is cut."""

    def __init__(
        self,
        role: str = "secondary",
        *,
        pixels: float = 12,
        semibold: bool = False,
    ) -> None:
        super().__init__("", role, pixels=pixels, semibold=semibold)
        self._wordings: tuple[str, ...] = ("",)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Preferred)

    def show_wordings(self, *wordings: str) -> None:
        """The wordings, from the longest to the shortest."""
        if wordings != self._wordings:
            self._wordings = wordings or ("",)
            self.setToolTip(plain_tip(self._wordings[0]))
            self.setAccessibleName(self._wordings[0])
            self.updateGeometry()
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self._room_for(self._wordings[0]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._room_for(self._wordings[-1]), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fitting = (words for words in self._wordings if self._room_for(words) <= self.width())
        self.setText(next(fitting, self._wordings[-1]))

    def _room_for(self, words: str) -> int:
        return self.fontMetrics().horizontalAdvance(words) + 2

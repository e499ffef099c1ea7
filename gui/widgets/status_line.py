"""The bottom line: engine, what happened last or the running job, hidden versions, weights."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.bars import ThinBar
from gui.widgets.buttons import Button, IconButton
from gui.widgets.labels import LinkLabel, PictureLabel, ThemedLabel
from gui.widgets.plain_text import plain_caption

HEIGHT = 28


class StatusDot(QWidget):
    """A dot in the colour of a kind; the words beside it say the same."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._kind = "secondary"
        self.setFixedSize(QSize(9, 9))
        keeper.changed.connect(self.update)

    def set_kind(self, kind: str) -> None:
        """ "ok", "warning", "error" or "secondary"."""
        self._kind = kind
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(self._keeper.theme.kind_text(self._kind))
        painter.drawEllipse(QRectF(0.5, 0.5, 8, 8))
        painter.end()


class StatusLine(QWidget):
    """The parts are set one by one; `cancel_clicked` stops the job that is shown."""

    cancel_clicked = pyqtSignal()
    hidden_clicked = pyqtSignal()
    engine_clicked = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("statusLine")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._dot = StatusDot(keeper)
        self._engine = IconButton(keeper, "down", "Choose engine and device", text="Engine")
        self._engine.setLayoutDirection(Qt.RightToLeft)  # the arrow behind the words
        self._engine.setFixedHeight(HEIGHT - 4)
        self._engine.setIconSize(QSize(12, 12))
        self._engine.setFocusPolicy(Qt.TabFocus)
        self._engine.clicked.connect(lambda: self.engine_clicked.emit())
        self._last = ThemedLabel(keeper, "", "secondary")
        self._job = _JobBox(keeper)
        self._link = PictureLabel()
        self.hidden_link = LinkLabel(keeper, "", "mark_text")
        self.hidden_link.setToolTip("List only the hidden versions, or all layers again")
        self._weights = ThemedLabel(keeper, "", "secondary")
        self._lines = [_Line(keeper) for _ in range(2)]
        self._lay_out()
        self._job.cancel_clicked.connect(self.cancel_clicked)
        self.hidden_link.clicked.connect(self.hidden_clicked)
        keeper.changed.connect(self._tint)
        self._tint()
        self.set_hidden("")
        self.set_weights("")
        self.set_last("")
        self.set_job(None)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        for widget in (self._dot, self._engine, self._lines[0], self._last, self._job):
            row.addWidget(widget)
        row.addStretch(1)
        for part in (self._link, self.hidden_link, self._lines[1], self._weights):
            row.addWidget(part)

    @property
    def texts(self) -> dict[str, str]:
        """What the line says: "engine", "last", "job", "hidden", "weights"."""
        return {
            "engine": self._engine.text().replace("&&", "&"),
            "last": self._last.text() if self._last.isVisibleTo(self) else "",
            "job": self._job.text if self._job.isVisibleTo(self) else "",
            "hidden": self.hidden_link.text(),
            "weights": self._weights.text(),
        }

    def set_engine(self, text: str, kind: str) -> None:
        """The engine's state in words and as a dot."""
        self._engine.setText(plain_caption(text))
        self._engine.setAccessibleName(text)
        self._dot.set_kind(kind)

    def set_last(self, text: str) -> None:
        """What was done last, with its figures."""
        self._last.setText(text)
        self._last.setVisible(bool(text) and not self._job.isVisibleTo(self))
        self._lines[0].setVisible(bool(text) or self._job.isVisibleTo(self))

    def set_job(self, title: str | None, detail: str = "", fraction: float | None = None) -> None:
        """The running job with its bar, or None."""
        self._job.setVisible(title is not None)
        if title is not None:
            self._job.show_job(title, detail, fraction)
        self.set_last(self._last.text())

    def set_hidden(self, text: str) -> None:
        """How many versions in-place layers hide."""
        self.hidden_link.setText(text)
        self.hidden_link.setVisible(bool(text))
        self._link.setVisible(bool(text))
        self._lines[1].setVisible(bool(text) and bool(self._weights.text()))

    def set_weights(self, text: str, kind: str = "secondary") -> None:
        """How the weights bind."""
        self._weights.setText(text)
        self._weights.set_role(kind)
        self._lines[1].setVisible(bool(text) and bool(self.hidden_link.text()))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._link.setPixmap(pixmap("link", theme.mark_text, 16, self.devicePixelRatioF()))
        self.setStyleSheet(
            f"#statusLine {{ background: {theme.window.name()};"
            f" border-top: 1px solid {theme.border.name()}; }}"
        )


class _JobBox(QWidget):
    """Title, bar, figures and Cancel of one job."""

    cancel_clicked = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._title = ThemedLabel(keeper)
        self._bar = ThinBar(keeper)
        self._bar.setFixedWidth(116)
        self._detail = ThemedLabel(keeper, "", "secondary")
        self._cancel = Button(keeper, "Cancel")
        self._cancel.setFixedHeight(19)
        self._cancel.setStyleSheet("padding: 0 8px; min-height: 0; font-size: 11px")
        self._cancel.clicked.connect(lambda: self.cancel_clicked.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._title, self._bar, self._detail, self._cancel):
            row.addWidget(widget, 0, Qt.AlignVCenter)

    @property
    def text(self) -> str:
        return f"{self._title.text()} {self._detail.text()}".strip()

    def show_job(self, title: str, detail: str, fraction: float | None) -> None:
        self._title.setText(title)
        self._detail.setText(detail)
        self._bar.set_fraction(fraction)


class _Line(QFrame):
    """A short upright line between two parts."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.setFixedSize(1, 14)
        keeper.changed.connect(self._tint)
        self._tint()

    @pyqtSlot()
    def _tint(self) -> None:
        self.setStyleSheet(f"background: {self._keeper.theme.outline.name()}")

"""The bottom line: engine, the job that runs or the last result, hidden versions, weights, bell."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QWidget

from core.words import plural
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.job_box import JobBox, JobView
from gui.widgets.labels import ElidedLabel, LinkLabel, PictureLabel, ThemedLabel
from gui.widgets.plain_text import plain_caption

HEIGHT = 28
LAST_MILLISECONDS = 10_000
"""How long the last result is shown; it stays among the notices of the session."""


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
    bell_clicked = pyqtSignal()
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
        self._engine.set_icon_size(12)
        self._engine.setFocusPolicy(Qt.TabFocus)
        self._engine.clicked.connect(lambda: self.engine_clicked.emit())
        self._last = ElidedLabel(mode=Qt.ElideRight)
        self._last.setAccessibleName("Last result")
        self._said, self._tip = "", ""
        self._until = QTimer(self)
        self._until.setSingleShot(True)
        self._until.setInterval(LAST_MILLISECONDS)
        self._job = JobBox(keeper)
        self.more_jobs = LinkLabel("")
        self.more_jobs.setToolTip("Every job that runs")
        self.more_jobs.setAccessibleName("Every job that runs")
        self.bell = IconButton(keeper, "bell", "What was said in this session", text=" ")
        self.bell.setFixedHeight(HEIGHT - 4)
        self.bell.setFocusPolicy(Qt.TabFocus)
        self.interventions_link = LinkLabel("", "warning_text")
        self.interventions_link.setToolTip("What is changed in the net, on the Layer page")
        self.interventions_link.hide()
        self._link = PictureLabel()
        self.hidden_link = LinkLabel("", "mark_text")
        self.hidden_link.setToolTip("List only the hidden versions, or all layers again")
        self._weights = ThemedLabel("", "secondary")
        self._lines = [_Line() for _ in range(4)]
        self._lay_out()
        self._job.cancel_clicked.connect(lambda _key: self.cancel_clicked.emit())
        self.more_jobs.clicked.connect(self.bell_clicked)
        self.bell.clicked.connect(lambda: self.bell_clicked.emit())
        self._until.timeout.connect(lambda: self.set_last(""))
        self.hidden_link.clicked.connect(self.hidden_clicked)
        keeper.changed.connect(self._tint)
        self._tint()
        self.set_interventions(0)
        self.set_hidden("")
        self.set_weights("")
        self.set_last("")
        self.set_jobs(())
        self.set_bell(0, "info")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        for widget in (self._dot, self._engine, self._lines[0]):
            row.addWidget(widget)
        row.addWidget(self._job)
        row.addWidget(self.more_jobs)
        row.addWidget(self._last, 1)
        row.addStretch(0)
        for part in (
            self.interventions_link,
            self._lines[3],
            self._link,
            self.hidden_link,
            self._lines[1],
            self._weights,
            self._lines[2],
        ):
            row.addWidget(part)
        row.addWidget(self.bell)

    @property
    def texts(self) -> dict[str, str]:
        """What the line says: "engine", "last", "tip", "job", "hidden" and so on."""
        return {
            "engine": self._engine.text().replace("&&", "&"),
            "last": self._said,
            "tip": self._tip,
            "job": self._job.text if self._job.isVisibleTo(self) else "",
            "interventions": (
                self.interventions_link.text() if self.interventions_link.isVisibleTo(self) else ""
            ),
            "hidden": self.hidden_link.text(),
            "weights": self._weights.text(),
            "bell": self.bell.text(),
        }

    def set_engine(self, text: str, kind: str) -> None:
        """The engine's state in words and as a dot."""
        self._engine.setText(plain_caption(text))
        self._engine.setAccessibleName(text)
        self._dot.set_kind(kind)

    def set_last(self, text: str) -> None:
        """What was done last, with its figures; it goes after ten seconds."""
        self._said = text
        if text:
            self._until.start()
        else:
            self._until.stop()
        self._show_last()

    def set_tip(self, text: str) -> None:
        """A sentence about what the mouse is over, in the place of the last result; "" for none."""
        self._tip = text
        self._show_last()

    def _show_last(self) -> None:
        self._last.setText(self._tip or self._said)
        has_job = self._job.isVisibleTo(self)
        self._lines[0].setVisible(has_job or bool(self._tip or self._said))

    def set_jobs(self, jobs: Sequence[JobView]) -> None:
        """The jobs that run, the one to show last; the others are counted."""
        self._job.setVisible(bool(jobs))
        if jobs:
            self._job.show_job(jobs[-1])
        self.more_jobs.setText(f"+ {len(jobs) - 1}" if len(jobs) > 1 else "")
        self.more_jobs.setVisible(len(jobs) > 1)
        self._show_last()

    def set_bell(self, n_told: int, kind: str) -> None:
        """How many notices the session has; kind: of the worst one that is still open."""
        words = f"{n_told:,}" if n_told else "No notices"
        self.bell.setText(words)
        said = plural(n_told, "notice") if n_told else words
        self.bell.setAccessibleName(f"{said} of this session")
        self.bell.set_role(f"{kind}_text" if kind in ("error", "warning") else "text")

    def set_interventions(self, n_active: int) -> None:
        """How many interventions act on the net."""
        self.interventions_link.setText(f"{plural(n_active, 'intervention')} active")
        self.interventions_link.setVisible(n_active > 0)
        self._lines[3].setVisible(n_active > 0)

    def set_hidden(self, text: str) -> None:
        """How many versions in-place layers hide."""
        self.hidden_link.setText(text)
        self.hidden_link.setVisible(bool(text))
        self._link.setVisible(bool(text))
        self._lines[2].setVisible(bool(text) or bool(self._weights.text()))
        self._lines[1].setVisible(bool(text) and bool(self._weights.text()))

    def set_weights(self, text: str, kind: str = "secondary") -> None:
        """How the weights bind."""
        self._weights.setText(text)
        self._weights.set_role(kind)
        self._lines[2].setVisible(bool(text) or bool(self.hidden_link.text()))
        self._lines[1].setVisible(bool(text) and bool(self.hidden_link.text()))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._link.setPixmap(pixmap("link", theme.mark_text, 16, self.devicePixelRatioF()))


class _Line(QFrame):
    """A short upright line between two parts."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusEdge")
        self.setFixedSize(1, 14)

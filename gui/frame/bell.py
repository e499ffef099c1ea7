"""Over the status line: what was said in this session, and every job that runs."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPoint, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.icons import pixmap
from gui.notices import Told
from gui.theme import ThemeKeeper
from gui.widgets.job_box import JobBox, JobView
from gui.widgets.labels import ElidedLabel, LinkLabel, PictureLabel, ThemedLabel
from gui.widgets.notice_card import KIND_ICONS
from gui.widgets.plain_text import plain_tip
from gui.widgets.scroll_column import ScrollColumn

WIDTH, ROW_HEIGHT, MOST_ROWS = 460, 30, 10


class ToldRow(QWidget):
    """One notice of the session: sign, title, its repair while that can be done, and the time."""

    triggered = pyqtSignal(str, str)

    def __init__(self, keeper: ThemeKeeper, told: Told, *, is_open: bool) -> None:
        super().__init__()
        notice = told.notice
        self.setFixedHeight(ROW_HEIGHT)
        sign = PictureLabel()
        name = KIND_ICONS.get(notice.kind, "info")
        colour = keeper.theme.kind_text(notice.kind)
        sign.setPixmap(pixmap(name, colour, 16, self.devicePixelRatioF()))
        title = ElidedLabel(notice.title)
        title.setToolTip(plain_tip(f"{notice.title}\n{told.words}".rstrip()))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(9)
        row.addWidget(sign)
        row.addWidget(title, 1)
        self.link: LinkLabel | None = None
        if is_open and notice.actions:
            action = notice.actions[0]
            self.link = LinkLabel(action.text)
            self.link.clicked.connect(lambda: self.triggered.emit(notice.key, action.id))
            row.addWidget(self.link)
        row.addWidget(ThemedLabel(told.at.strftime("%H:%M"), "secondary", pixels=11))


class BellPopup(QFrame):
    """The newest notice first; an empty session says so."""

    action_triggered = pyqtSignal(str, str)
    cancel_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self._told: tuple[Told, ...] = ()
        self._open_keys: frozenset[str] = frozenset()
        self._jobs: dict[str, JobBox] = {}
        self.setObjectName("bellPopup")
        self.setAccessibleName("Notices of this session")
        self.setFixedWidth(WIDTH)
        self.copy_link = LinkLabel("Copy all")
        self._nothing = ThemedLabel("Nothing was said yet.", "secondary")
        self._nothing.setContentsMargins(12, 8, 12, 8)
        self._rows = QVBoxLayout()
        self._job_rows = QVBoxLayout()
        self._scroll = ScrollColumn(is_stop=False)
        self._line = QFrame()
        self._lay_out()
        self.copy_link.clicked.connect(self._copy)
        keeper.changed.connect(self._tint)
        self._tint()

    @property
    def rows(self) -> tuple[ToldRow, ...]:
        """The notices shown, the newest first."""
        items = (self._rows.itemAt(place) for place in range(self._rows.count()))
        widgets = (item.widget() for item in items if item is not None)
        return tuple(widget for widget in widgets if isinstance(widget, ToldRow))

    @property
    def jobs(self) -> tuple[JobBox, ...]:
        """The jobs shown."""
        return tuple(self._jobs.values())

    def show_told(self, told: Sequence[Told], open_keys: frozenset[str]) -> None:
        """What was said; open_keys: the notices that are still in the strip."""
        self._told, self._open_keys = tuple(told), open_keys
        if self.isVisible():
            self._fill()

    def show_jobs(self, jobs: Sequence[JobView]) -> None:
        """The jobs that run, in their order, each with its own Cancel."""
        for key in self._jobs.keys() - {job.key for job in jobs}:
            box = self._jobs.pop(key)
            self._job_rows.removeWidget(box)
            box.hide()
            box.deleteLater()
        for place, job in enumerate(jobs):
            if job.key not in self._jobs:
                box = self._jobs[job.key] = JobBox(self._keeper)
                box.setFixedHeight(ROW_HEIGHT)
                box.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
                box.cancel_clicked.connect(self.cancel_clicked)
            if self._job_rows.indexOf(self._jobs[job.key]) != place:
                self._job_rows.insertWidget(place, self._jobs[job.key])
            self._jobs[job.key].show_job(job)
        self._jobs = {job.key: self._jobs[job.key] for job in jobs}
        self._line.setVisible(bool(jobs))

    def open_above(self, right_end: QPoint) -> None:
        """Open with its lower right corner at a place of the screen."""
        self._fill()
        self.adjustSize()
        self.move(right_end - QPoint(self.width(), self.height()))
        self.show()
        self.copy_link.setFocus(Qt.PopupFocusReason)

    def _lay_out(self) -> None:
        head = QWidget()
        head.setObjectName("bellHead")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(ThemedLabel("Notices of this session", semibold=True), 1)
        row.addWidget(self.copy_link)
        inner = QWidget()
        inner.setObjectName("bellRows")
        inner.setLayout(self._rows)
        self._scroll.setWidget(inner)
        for column in (self._rows, self._job_rows):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
        self._job_rows.setContentsMargins(12, 0, 12, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for widget in (head, self._nothing, self._scroll):
            column.addWidget(widget)
        self._line.setObjectName("bellLine")
        self._line.setFixedHeight(1)
        self._line.hide()
        column.addWidget(self._line)
        column.addLayout(self._job_rows)

    def _fill(self) -> None:
        for row in self.rows:
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        seen: set[str] = set()
        for told in self._told:
            key = told.notice.key
            row = ToldRow(self._keeper, told, is_open=key in self._open_keys and key not in seen)
            seen.add(key)
            row.triggered.connect(self._trigger)
            self._rows.addWidget(row)
        self._nothing.setVisible(not self._told)
        self._scroll.setVisible(bool(self._told))
        self._scroll.setFixedHeight(min(MOST_ROWS, max(1, len(self._told))) * ROW_HEIGHT)
        self.copy_link.setVisible(bool(self._told))

    def _trigger(self, key: str, action: str) -> None:
        self.hide()
        self.action_triggered.emit(key, action)

    def _copy(self) -> None:
        lines = (
            f"{told.at:%H:%M:%S} {told.notice.title}. {told.words}".rstrip(" .")
            for told in self._told
        )
        QGuiApplication.clipboard().setText("\n".join(lines))

    @pyqtSlot()
    def _tint(self) -> None:
        if self.isVisible():
            self._fill()

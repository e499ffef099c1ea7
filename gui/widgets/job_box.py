"""A running job in one line: title, bar, figures and Cancel."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.bars import ThinBar
from gui.widgets.buttons import Button
from gui.widgets.labels import FittingLabel, ThemedLabel

BAR_WIDTH = 120


@dataclass(frozen=True)
class JobView:
    """A job as it is shown.

    count: "2,137 of 5,063 images"; rate: "6.1 a second"; left: "about 8:00 left", each "" where it
    is not known; fraction: how much is done, None while its length is unknown.
    """

    key: str
    title: str
    count: str = ""
    rate: str = ""
    left: str = ""
    fraction: float | None = None

    @property
    def detail(self) -> str:
        """All figures in one line."""
        return _listed(self.count, self.rate, self.left)

    @property
    def wordings(self) -> tuple[str, ...]:
        """The figures from all of them to the one that matters most."""
        most = self.left or self.count
        shown = (self.detail, _listed(self.count, self.left), _listed(self.left), most)
        return tuple(dict.fromkeys(words for words in shown if words))


class JobBox(QWidget):
    """Shows one job; `cancel_clicked` carries its key."""

    cancel_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = JobView("", "")
        self._title = ThemedLabel()
        self._bar = ThinBar(keeper)
        self._bar.setFixedWidth(BAR_WIDTH)
        self._detail = FittingLabel()
        self._cancel = Button(keeper, "Cancel")
        self._cancel.setFixedHeight(19)
        self._cancel.setObjectName("cancelJob")
        self._cancel.clicked.connect(lambda: self.cancel_clicked.emit(self._job.key))
        self.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._title, self._bar):
            row.addWidget(widget, 0, Qt.AlignVCenter)
        row.addWidget(self._detail, 1)
        row.addWidget(self._cancel, 0, Qt.AlignVCenter)

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._job.title} {self._job.detail}".strip()

    def show_job(self, job: JobView) -> None:
        """Show a job as it stands."""
        self._job = job
        self._title.setText(job.title)
        self._detail.show_wordings(*job.wordings)
        self._bar.set_fraction(job.fraction)
        self._cancel.setAccessibleName(f"Cancel {job.title}")


def _listed(*figures: str) -> str:
    return ", ".join(filter(None, figures))

"""What two nets are run with, above a comparison of values or weights, and the button that runs."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtWidgets import QPushButton, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_caption, plain_tip

NO_WEIGHTS = "filler values"
_WIDTH = 220


class _FileButton(QPushButton):
    """A file's name, cut in its middle where it is long; the tooltip has its folder."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMaximumWidth(_WIDTH)

    def show_file(self, path: Path | None) -> None:
        whole = NO_WEIGHTS if path is None else path.name
        shown = self.fontMetrics().elidedText(whole, Qt.ElideMiddle, _WIDTH - 30)
        self.setText(plain_caption(shown))
        self.setToolTip(plain_tip(f"{path or NO_WEIGHTS}\nChoose other weights"))

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(90, 0))


class SourcesRow(PanelBar):
    """Names both weights files; the wish to choose others, or to run, goes out."""

    weights_requested = pyqtSignal(bool)
    """True for those of the first net."""
    run_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, run_words: str, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.weights = (_FileButton("Weights of A"), _FileButton("Weights of B"))
        for letter, role, button, is_first in zip(
            "AB", ("series_a", "series_b"), self.weights, (True, False), strict=True
        ):
            self.row.addWidget(ThemedLabel(f"{letter} with", role, semibold=True))
            self.row.addWidget(button)
            button.clicked.connect(lambda _on=False, w=is_first: self.weights_requested.emit(w))
        self.files: tuple[Path | None, Path | None] = (None, None)
        self.note = ElidedLabel()
        self.run = Button(keeper, run_words, "play", is_primary=True)
        self.row.addSpacing(8)
        self.row.addWidget(self.note, 1)
        self.row.addWidget(self.run)
        self.run.clicked.connect(lambda: self.run_requested.emit())
        self.show_weights(None, None)

    def show_weights(self, first: Path | None, second: Path | None) -> None:
        """Name both files; None for filler values."""
        self.files = (first, second)
        for button, path in zip(self.weights, (first, second), strict=True):
            button.show_file(path)

    def show_possible(self, why_not: str, note: str = "") -> None:
        """Whether it can run; `why_not` stands beside the button where it can't."""
        self.run.setEnabled(not why_not)
        self.run.setToolTip(plain_tip(why_not))
        self.note.setText(why_not or note)

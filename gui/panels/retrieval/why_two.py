"""Why an image matches by two representations: query and result of A, query and result of B."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.retrieval.why_maps import Why, WhyMap
from core.retrieval.why_words import half_words
from gui.panels.retrieval.view import ResultTile
from gui.panels.retrieval.why_picture import HeatPicture
from gui.panels.retrieval.why_section import OpacityRow, sentence
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, ThemedLabel

NOTHING_SELECTED = "Select an image in either row: what of it and of the query is alike."
_LEAST_HEIGHT = 60


class _FittingPicture(HeatPicture):
    """As large as the room that it is given."""

    def __init__(self, keeper: ThemeKeeper, store: ThumbnailStore) -> None:
        super().__init__(keeper, store, 120)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumHeight(_LEAST_HEIGHT)

    def picture_rect(self) -> QRectF | None:
        """At the bottom, beside the caption."""
        box = super().picture_rect()
        if box is not None:
            box.moveBottom(self.height())
        return box

    def _fit(self) -> None:
        """The height is that of the room."""


class _Line(QWidget):
    """Above what belongs to A or to B, in its colour."""

    def __init__(self, keeper: ThemeKeeper, role: str) -> None:
        super().__init__()
        self._keeper, self._role = keeper, role
        self.setFixedHeight(2)
        keeper.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), getattr(self._keeper.theme, self._role))
        painter.end()


class _Captioned(QWidget):
    """One picture, what it is and what carries how much in it."""

    def __init__(self, keeper: ThemeKeeper, store: ThumbnailStore, title: str) -> None:
        super().__init__()
        self.picture = _FittingPicture(keeper, store)
        self.title = ThemedLabel(title, semibold=True)
        self.words = ThemedLabel("", "secondary", pixels=11)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture, 1)
        column.addWidget(self.title)
        column.addWidget(self.words)


class WhyTwo(QWidget):
    """Four pictures under the words about the selected image."""

    opacity_changed = pyqtSignal(float)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.words = ElidedLabel(mode=Qt.ElideRight)
        self.opacity = OpacityRow()
        keep("two rankings", opacity=self.opacity.slider)
        self.opacity.setFixedWidth(190)
        titles = ("A, query", "A, result", "B, query", "B, result")
        self.parts = tuple(_Captioned(keeper, store, title) for title in titles)
        self.methods = tuple(ElidedLabel(mode=Qt.ElideRight) for _ in range(2))
        self._lines = (_Line(keeper, "series_a"), _Line(keeper, "series_b"))
        self._lay_out()
        self.show_nothing()
        self.opacity.changed.connect(self._set_opacity)
        self._set_opacity(self.opacity.opacity)

    @property
    def pictures(self) -> tuple[HeatPicture, ...]:
        """Query and result of A, then of B."""
        return tuple(part.picture for part in self.parts)

    def show_nothing(self, words: str = NOTHING_SELECTED) -> None:
        """Nothing is explained; words: why, or what is under way."""
        self.words.setText(words)
        self.opacity.setEnabled(False)
        for part in self.parts:
            part.picture.show_heat(None)
            part.picture.show_path(None)
            part.words.setText("")
        self._show_parts(is_shown=False)

    def show_both(self, tile: ResultTile, words: str, first: Why, second: Why) -> None:
        """words: of the image and its ranks; first, second: as A and as B have it."""
        self.words.setText(words)
        self.opacity.setEnabled(True)
        self._show_parts(is_shown=True)
        for number, found in enumerate((first, second)):
            for part, one in zip(self.parts[2 * number :], found.both, strict=False):
                part.picture.show_path(one.part.path)
                part.picture.show_heat(one, found.strongest)
                part.words.setText(_carry_words(one))
            self.methods[number].setText(" ".join((sentence(found.method), *found.notes)))

    def _show_parts(self, *, is_shown: bool) -> None:
        for widget in (*self.parts, *self._lines, *self.methods, self.opacity):
            widget.setVisible(is_shown)

    def _set_opacity(self, opacity: float) -> None:
        for picture in self.pictures:
            picture.set_opacity(opacity)
        self.opacity_changed.emit(opacity)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.words, 1)
        head.addWidget(self.opacity)
        row = QHBoxLayout()
        row.setSpacing(14)
        for number, line in enumerate(self._lines):
            side = QVBoxLayout()
            side.setSpacing(4)
            side.addWidget(line)
            pair = QHBoxLayout()
            pair.setSpacing(8)
            for part in self.parts[2 * number : 2 * number + 2]:
                pair.addWidget(part, 1)
            side.addLayout(pair, 1)
            side.addWidget(self.methods[number])
            row.addLayout(side, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(row, 1)
        column.addStretch(0)


def _carry_words(one: WhyMap) -> str:
    """ "half in 12 of 225 places"."""
    return f"half in {half_words(one)}" if one.n_for_half else "no place carries it"

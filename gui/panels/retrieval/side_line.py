"""One of two rankings: its letter, the fields of its layer and pooling, and how well it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from core.evaluation.scores import AP_VARIANT
from core.words import percent_number
from gui.panels.retrieval.view import RecipeChoice
from gui.theme import ThemeKeeper, glyph_colour, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.choice import Choice
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.layer_picker import LayerPickerButton
from gui.widgets.layer_rows import LayerRow

POOLING_WIDTH = 124


@dataclass(frozen=True)
class Readable:
    """A representation that the folder was read with, and how its value is spelled."""

    choice: RecipeChoice
    value: str


class _Letter(QWidget):
    """A or B on the ground of its colour."""

    def __init__(self, keeper: ThemeKeeper, letter: str, role: str) -> None:
        super().__init__()
        self._keeper, self._letter, self._role = keeper, letter, role
        self.setFixedSize(20, 20)
        keeper.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ground = QPainter(self), QColor(getattr(self._keeper.theme, self._role))
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), 3, 3)
        painter.setPen(glyph_colour(ground))
        painter.setFont(text_font(12, semibold=True))
        painter.drawText(QRectF(self.rect()), CENTRE, self._letter)
        painter.end()


class SideLine(QWidget):
    """The letter, layer and pooling of one ranking, and how well it does."""

    chosen = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, letter: str, role: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._offered: tuple[Readable, ...] = ()
        self._shown: RecipeChoice | None = None
        self.letter = _Letter(keeper, letter, role)
        self.layer_button = LayerPickerButton(keeper, f"Layer of {letter}")
        self.pooling = Choice()
        self.pooling.setAccessibleName(f"Pooling of {letter}")
        self.pooling.setMinimumWidth(POOLING_WIDTH)
        self.words = ElidedLabel(mode=Qt.ElideRight)
        self.words.hide()
        self.ap = ThemedLabel("", pixels=17, semibold=True)
        self.ap_words = ThemedLabel(f"AP, % ({AP_VARIANT})", "secondary")
        self.note = ElidedLabel(mode=Qt.ElideRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        for widget in (self.letter, self.layer_button, self.pooling):
            row.addWidget(widget)
        row.addWidget(self.words, 1)
        row.addWidget(self.ap)
        row.addWidget(self.ap_words)
        row.addWidget(self.note, 1)
        self.layer_button.value_chosen.connect(self._on_layer)
        self.pooling.activated.connect(self._on_pooling)

    def show_choices(self, offered: Sequence[Readable], shown: RecipeChoice | None) -> None:
        """Offer what is read already; the fields say `shown`."""
        self._offered, self._shown = tuple(offered), shown
        value = next((one.value for one in offered if one.choice == shown), "")
        key = ("", "") if shown is None else (shown.layer, shown.top)
        near = tuple(one.value for one in offered)
        self.layer_button.show_value(key, value, near)
        self.pooling.clear()
        for one in self._of_layer(*key):
            self.pooling.addItem(one.choice.pooling_text, one.choice)
            if one.choice == shown:
                self.pooling.setCurrentIndex(self.pooling.count() - 1)

    def offer_rows(self, rows: Callable[[], Sequence[LayerRow]]) -> None:
        """Where the list of layers comes from: of these it lists what is read already."""

        def read() -> tuple[LayerRow, ...]:
            keys = {(one.choice.layer, one.choice.top) for one in self._offered}
            return tuple(row for row in rows() if (row.layer, row.top) in keys)

        self.layer_button.rows_wanted = read

    def show_words(self, words: str) -> None:
        """Say what is ranked in the place of the fields; "" brings these back."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        for field in (self.layer_button, self.pooling):
            field.setVisible(not words)

    def show_result(
        self,
        ap: float | None,
        first_wrong: str = "",
        last_relevant: str = "",
        variant: str = AP_VARIANT,
    ) -> None:
        """Say how well its ranking does by ranks in words; None while it can't be said."""
        self.ap_words.setText(f"AP, % ({variant})")
        self.ap.setText("" if ap is None else percent_number(ap))
        self.ap_words.setVisible(ap is not None)
        said = f"first wrong at {first_wrong}, last relevant at {last_relevant}"
        self.note.setText("" if ap is None else said)

    def _of_layer(self, layer: str, top: str) -> list[Readable]:
        return [o for o in self._offered if (o.choice.layer, o.choice.top) == (layer, top)]

    def _on_layer(self, layer: str, top: str) -> None:
        """Pooled as now where that is read, else as it is."""
        found = [one.choice for one in self._of_layer(layer, top)]
        if found:
            same = (c for c in found if self._shown and c.pooling == self._shown.pooling)
            self.chosen.emit(next(same, found[0]))

    def _on_pooling(self) -> None:
        wanted = self.pooling.currentData()
        if wanted is not None and wanted != self._shown:
            self.chosen.emit(wanted)

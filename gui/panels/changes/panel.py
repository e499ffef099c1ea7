"""The Changes panel: what the edits come to, whether it is proved, and the text line by line."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.comparison.changes import Changes
from core.comparison.edit_lines import LayerDifference, text_difference
from core.net.definition import Net
from core.words import plural
from gui.panels.changes import words
from gui.panels.changes.figures import Figures
from gui.panels.changes.words import MeasurementResult, VerificationResult
from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import FactList
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard
from gui.widgets.scroll_column import ScrollColumn
from gui.widgets.text_lines import TextLines

_EMPTY = "Give a layer a blob of its own to see what changes in the text."
_FEW_LAYERS, _FEW_BLOBS = 8, 4


class ChangesPanel(QWidget):
    """Shows how the text differs from the file's, and whether the nets agree or by how much not."""

    undo_requested = pyqtSignal()
    difference_requested = pyqtSignal()
    layer_selected = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._before: Net | None = None
        self._after: Net | None = None
        self._changes = Changes()
        self._first_different: str | None = None
        self._card: NoticeCard | None = None
        self._state: Notice | None = None
        self._difference: tuple[LayerDifference, ...] = ()
        self._shows_all_lines = self._shows_all_blobs = False
        self.title = ThemedLabel("", pixels=15, semibold=True)
        self.title.setWordWrap(True)
        self.file_label = ThemedLabel("", "secondary", pixels=11)
        self.figures = Figures()
        self.blobs_header = SectionHeader("Blobs", "layer, blob, who reads it")
        self.blobs = FactList(keeper, name_width=96)
        self.blobs_link = LinkLabel("")
        self.facts = FactList(keeper)
        self.difference_header = SectionHeader("Text difference")
        self.difference = TextLines(keeper)
        self.more_link = LinkLabel("")
        self.side_by_side_link = LinkLabel("Side by side")
        self.empty = EmptyState(keeper, "pencil", _EMPTY)
        self._arrange()
        self._connect()
        self.show_nothing()

    @property
    def notice(self) -> Notice | None:
        """What the card says of the proof."""
        return self._card.notice if self._card is not None else None

    @property
    def difference_note(self) -> str:
        """ "4 names in 3 layers"."""
        return self.difference_header.note

    def show_nothing(self) -> None:
        """The text is as the file has it."""
        self._before = self._after = None
        self._stack.setCurrentWidget(self.empty)

    def show_changes(
        self, before: Net, after: Net, changes: Changes, memory: tuple[int, int], file_name: str
    ) -> None:
        """Show what separates a net from that of its file.

        memory: bytes of activations in a forward pass of the one and the other.
        """
        self.file_label.setText(f"against {file_name}")
        if self._before is before and self._after is after and self._changes == changes:
            return
        self._before, self._after, self._changes = before, after, changes
        self._stack.setCurrentWidget(self._scroll)
        self.title.setText(words.summary(changes))
        self.figures.show_figures(words.figures(before, after, changes, memory))
        self._difference = text_difference(before, after)
        self.difference_header.set_note(changes.names_words)
        self._show_difference()
        self._show_blobs()
        facts = words.change_facts(before, after)
        self.facts.show_facts(facts)
        self.facts.setVisible(bool(facts))

    def show_verification(self, verification: VerificationResult | None) -> None:
        """Show the result of verifying the text as it is now; None: nobody has."""
        if self._after is None:
            return
        if verification is None:
            outputs = [version.blob for version in self._after.outputs]
            self._show_state(words.unverified_notice(outputs), None)
            return
        phase = self._after.state.phase
        notice = words.verification_notice(verification, phase)
        self._show_state(notice, verification.first_different_layer)

    def show_measurement(self, measurement: MeasurementResult | None) -> None:
        """Show by how much a fix moves the outputs; None: nobody has measured."""
        if self._after is None:
            return
        if measurement is None:
            self._show_state(words.unmeasured_notice(), None)
            return
        notice = words.measurement_notice(measurement, self._after.state.phase)
        self._show_state(notice, measurement.first_different_layer)

    def show_busy(self, text: str) -> None:
        """Say that both texts run; an empty text says that it ended without a result."""
        if text:
            self._set_card(words.busy_notice(text))
        elif self._state is not None:
            self._set_card(self._state)

    def _arrange(self) -> None:
        self._page = QWidget()
        self._page.setObjectName("changesPage")
        column = QVBoxLayout(self._page)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.file_label)
        column.addWidget(self.figures)
        self._card_place = QVBoxLayout()
        self._card_place.setContentsMargins(0, 4, 0, 0)
        column.addLayout(self._card_place)
        column.addWidget(self.blobs_header)
        column.addWidget(self.blobs)
        column.addLayout(_row_of(self.blobs_link))
        column.addWidget(self.facts)
        column.addWidget(self.difference_header)
        column.addWidget(self.difference)
        column.addLayout(_row_of(self.side_by_side_link, self.more_link))
        column.addStretch(1)
        self._scroll = ScrollColumn()
        self._scroll.setWidget(self._page)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _connect(self) -> None:
        self.difference.layer_clicked.connect(self.layer_selected)
        self.blobs.layer_clicked.connect(self.layer_selected)
        self.facts.layer_clicked.connect(self.layer_selected)
        self.more_link.clicked.connect(self._toggle_lines)
        self.blobs_link.clicked.connect(self._toggle_blobs)
        self.side_by_side_link.clicked.connect(self.difference_requested)

    def _show_difference(self) -> None:
        """The first layers, which say what kind of edit it is, or all of them."""
        n_layers = len(self._difference)
        shown = self._difference if self._shows_all_lines else self._difference[:_FEW_LAYERS]
        self.difference.show_lines(words.difference_lines(shown))
        self.more_link.setVisible(n_layers > _FEW_LAYERS)
        few = f"Show the first {_FEW_LAYERS} layers"
        self.more_link.setText(
            few if self._shows_all_lines else f"Show all {plural(n_layers, 'layer')}"
        )

    def _show_blobs(self) -> None:
        if self._after is None:
            return
        rows = words.blob_facts(self._after, self._changes)
        self.blobs.show_facts(rows if self._shows_all_blobs else rows[:_FEW_BLOBS])
        for widget in (self.blobs_header, self.blobs):
            widget.setVisible(bool(rows))
        self.blobs_link.setVisible(len(rows) > _FEW_BLOBS)
        few = f"Show the first {_FEW_BLOBS}"
        self.blobs_link.setText(few if self._shows_all_blobs else f"Show all {len(rows):,}")

    def _toggle_lines(self) -> None:
        self._shows_all_lines = not self._shows_all_lines
        self._show_difference()

    def _toggle_blobs(self) -> None:
        self._shows_all_blobs = not self._shows_all_blobs
        self._show_blobs()

    def _show_state(self, notice: Notice, first_different: str | None) -> None:
        self._first_different = first_different
        if notice != self._state or self._card is None:
            self._state = notice
            self._set_card(notice)

    def _set_card(self, notice: Notice) -> None:
        if self._card is not None:
            self._card_place.removeWidget(self._card)
            self._card.hide()
            self._card.deleteLater()
        self._card = NoticeCard(self._keeper, notice, is_closable=False)
        self._card.action_triggered.connect(self._on_action)
        self._card_place.addWidget(self._card)

    def _on_action(self, action: str) -> None:
        if action == words.UNDO:
            self.undo_requested.emit()
        elif self._first_different is not None:
            self.layer_selected.emit(self._first_different)


def _row_of(*links: LinkLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(16)
    for link in links:
        row.addWidget(link)
    row.addStretch(1)
    return row

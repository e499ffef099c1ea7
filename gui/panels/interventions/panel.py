"""The panel of interventions: before and after, and the list of what is changed in the net."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from gui.panels.interventions.rows import InterventionRows
from gui.panels.interventions.score_bars import ScoreBars
from gui.panels.interventions.view import EffectView, InterventionRow, RankingWords
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip
from gui.widgets.scroll_column import ScrollColumn

NEVER_WRITTEN = "on this net, all pages; never written to a file"
UNTOUCHED = "Extract, index, sweep and verify run the untouched net."
RANKING_HEIGHT = 226
NARROW_BELOW = 720


class InterventionsPanel(QWidget):
    """Wishes go out; moves: the picture of both rankings, which stands in the middle."""

    active_toggled = pyqtSignal(int, bool)
    removed = pyqtSignal(int)
    undo_requested = pyqtSignal()
    remove_all_requested = pyqtSignal()
    save_requested = pyqtSignal()
    open_requested = pyqtSignal()
    rank_requested = pyqtSignal()
    both_requested = pyqtSignal()
    two_requested = pyqtSignal()
    channel_requested = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, moves: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = ThemedLabel("", pixels=15, semibold=True)
        self.sentence.setWordWrap(True)
        self.scores = ScoreBars(keeper)
        self._measures = QGridLayout()
        self._measure_head = ThemedLabel("MEASURES", "secondary", pixels=11, semibold=True)
        self.moves = moves
        moves.setFixedHeight(RANKING_HEIGHT)
        self.ranking_head = SectionHeader("Ranking")
        self.before = ThemedLabel("", "series_a", semibold=True)
        self.after = ThemedLabel("", "series_b", semibold=True)
        self.both_link = LinkLabel("")
        self.two_link = LinkLabel("Open as two rankings")
        self.list_head = SectionHeader("Interventions", NEVER_WRITTEN)
        self.rows = InterventionRows(keeper)
        self.untouched = ThemedLabel(UNTOUCHED, "secondary", pixels=11)
        self.untouched.setWordWrap(True)
        self.channels_head = SectionHeader("Which channels matter most")
        self.channels_note = ThemedLabel("", "secondary", pixels=11)
        self.channels_note.setWordWrap(True)
        self._channel_links: list[LinkLabel] = []
        self._channel_grid = QGridLayout()
        self.undo_button = Button(keeper, "Undo", "undo")
        self.all_button = Button(keeper, "Undo all")
        self.save_button = Button(keeper, "Save list", "save")
        self.open_button = Button(keeper, "Open list", "open")
        self.rank_button = Button(keeper, "Which channels matter most?", is_primary=True)
        self._lay_out()
        self._connect()
        self.show_ranking(None)
        self.show_channels("", ())

    def show_effect(self, view: EffectView) -> None:
        """Show what the interventions did."""
        self.sentence.setText(view.sentence)
        self.scores.show_rows(view.scores, view.n_active)
        self.scores.setVisible(bool(view.scores))
        self._measure_head.setVisible(bool(view.measures))
        while self._measures.count() > 1:
            item = self._measures.takeAt(1)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (name, number) in enumerate(view.measures, start=1):
            self._measures.addWidget(ThemedLabel(name, "secondary", pixels=11), place, 0)
            self._measures.addWidget(ThemedLabel(number, pixels=11, semibold=True), place, 1)

    def show_rows(self, rows: Sequence[InterventionRow], undo_words: str) -> None:
        """The list; undo_words: what Undo takes back, "" for nothing."""
        self.rows.show_rows(rows)
        self.undo_button.setText(plain_caption(f"Undo “{undo_words}”" if undo_words else "Undo"))
        self.undo_button.setEnabled(bool(undo_words))
        self.all_button.setEnabled(bool(rows))
        self.save_button.setEnabled(bool(rows))

    def show_ranking(self, words: RankingWords | None) -> None:
        """What stands around the picture of both rankings; None hides them."""
        for widget in (self.ranking_head, self.before, self.after, self.moves, self.two_link):
            widget.setVisible(words is not None)
        self.both_link.setVisible(words is not None and bool(words.both))
        if words is None:
            return
        self.ranking_head.set_text(words.title, as_written=True)
        self.ranking_head.set_note(words.note)
        self.before.setText(words.before)
        self.after.setText(words.after)
        self.both_link.setText(words.both)
        for widget in (self.moves, self.two_link):
            widget.setVisible(bool(words.after))

    def show_rank_offer(self, words: str, why_not: str = "") -> None:
        """The button's words, its time among them; why_not: why it can't act, or ""."""
        self.rank_button.setText(words)
        self.rank_button.setEnabled(not why_not)
        self.rank_button.setToolTip(plain_tip(why_not))

    def show_channels(self, note: str, channels: Sequence[tuple[int, str]]) -> None:
        """Channels with what their loss changes, the dearest first; () for none."""
        self.channels_head.setVisible(bool(channels))
        self.channels_note.setVisible(bool(channels))
        self.channels_note.setText(note)
        for link in self._channel_links:
            link.hide()
            link.deleteLater()
        self._channel_links = []
        for place, (channel, change) in enumerate(channels):
            link = LinkLabel(f"{channel}  {change}")
            link.clicked.connect(lambda c=channel: self.channel_requested.emit(c))
            self._channel_grid.addWidget(link, place // 4, place % 4)
            self._channel_links.append(link)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setObjectName("interventionsInner")
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(4)
        column.addWidget(self.sentence)
        column.addSpacing(4)
        self._measures.addWidget(self._measure_head, 0, 0, 1, 2)
        self._measures.setHorizontalSpacing(10)
        self._measures.setColumnStretch(2, 1)
        self._measures.setVerticalSpacing(5)
        right = QVBoxLayout()
        right.addLayout(self._measures)
        right.addStretch(1)
        self._upper = QBoxLayout(QBoxLayout.LeftToRight)
        self._upper.setSpacing(16)
        self._upper.addWidget(self.scores, 1)
        self._upper.addLayout(right)
        column.addLayout(self._upper)
        column.addWidget(self.ranking_head)
        column.addWidget(self.before)
        column.addWidget(self.moves)
        after = QHBoxLayout()
        after.addWidget(self.after, 1)
        column.addLayout(after)
        links = QHBoxLayout()
        links.setSpacing(16)
        links.addStretch(1)
        links.addWidget(self.both_link)
        links.addWidget(self.two_link)
        column.addLayout(links)
        column.addWidget(self.list_head)
        column.addWidget(self.rows)
        column.addWidget(self.untouched)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.undo_button, self.all_button, self.save_button, self.open_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self.channels_head)
        column.addWidget(self.channels_note)
        column.addLayout(self._channel_grid)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.rank_button)
        column.addLayout(line)
        column.addStretch(1)
        scroll = ScrollColumn(inner)
        self._inner = inner
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Measures beside the scores leave the classes no names where there is little room."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < NARROW_BELOW
        self._upper.setDirection(QBoxLayout.TopToBottom if is_narrow else QBoxLayout.LeftToRight)

    def _connect(self) -> None:
        self.rows.active_toggled.connect(self.active_toggled)
        self.rows.removed.connect(self.removed)
        self.undo_button.clicked.connect(lambda: self.undo_requested.emit())
        self.all_button.clicked.connect(lambda: self.remove_all_requested.emit())
        self.save_button.clicked.connect(lambda: self.save_requested.emit())
        self.open_button.clicked.connect(lambda: self.open_requested.emit())
        self.rank_button.clicked.connect(lambda: self.rank_requested.emit())
        self.both_link.clicked.connect(lambda: self.both_requested.emit())
        self.two_link.clicked.connect(lambda: self.two_requested.emit())

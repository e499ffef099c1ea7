"""The Changes panel: is it proved, what changes in the text, what that means, save."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.comparison.edit_lines import LayerDifference, text_difference
from core.net.definition import Net
from core.net.rename import BlobRename
from gui.panels.changes import words
from gui.panels.changes.words import VerificationResult
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.empty_state import EmptyState
from gui.widgets.fact_list import FactList
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard
from gui.widgets.text_lines import TextLines

_EMPTY = "Give a layer a blob of its own to see what changes in the text."
_MOST_LAYERS = 8
_NEW_FILE = "A new file. The opened one stays as it is."


class ChangesPanel(QWidget):
    """Shows how the text differs from the file as opened, and whether the nets agree."""

    save_requested = pyqtSignal(str)
    undo_requested = pyqtSignal()
    verify_requested = pyqtSignal()
    difference_requested = pyqtSignal()
    layer_selected = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._before: Net | None = None
        self._after: Net | None = None
        self._verification: VerificationResult | None = None
        self._card: NoticeCard | None = None
        self._suggested = ""
        self._difference: tuple[LayerDifference, ...] = ()
        self._shows_all = False
        self.difference_header = SectionHeader(keeper, "Text difference")
        self.difference = TextLines(keeper)
        self.more_link = LinkLabel(keeper, "")
        self.side_by_side_link = LinkLabel(keeper, "Side by side")
        self.facts = FactList(keeper)
        self.file_name = QLineEdit()
        self.file_name.setAccessibleName("Name of the new file")
        self.save_button = Button(keeper, "Save", is_primary=True)
        self.save_button.setMinimumWidth(72)
        self.undo_button = Button(keeper, "Undo rename", "undo")
        self.verify_button = Button(keeper, "Verify", "restart")
        self.empty = EmptyState(keeper, "pencil", _EMPTY)
        self._arrange()
        self._connect()
        self._tint()
        self.show_changes(None, None, (), None)

    @property
    def notice(self) -> Notice | None:
        """What the card at the top says."""
        return self._card.notice if self._card is not None else None

    @property
    def difference_note(self) -> str:
        """ "4 names in 3 layers"."""
        return self.difference_header.note

    def show_changes(
        self,
        before: Net | None,
        after: Net | None,
        renames: Sequence[BlobRename],
        suggested_path: Path | str | None,
        memory: tuple[int, int] = (0, 0),
    ) -> None:
        """Show what separates two texts; without them the panel is empty.

        memory: bytes of activations in a forward pass of the one and the other.
        """
        is_same = self._before is before and self._after is after
        self._before, self._after = before, after
        if before is None or after is None:
            self._verification = None
            self._stack.setCurrentWidget(self.empty)
            return
        self._suggest(Path(suggested_path).name if suggested_path else "")
        if is_same:
            return
        self._stack.setCurrentWidget(self._scroll)
        self._difference = text_difference(before, after)
        n_layers = len(self._difference)
        self.difference_header.set_note(words.difference_note(before, after, n_layers))
        self._show_difference()
        self.facts.show_facts(words.change_facts(before, after, renames, memory))
        self._show_state()

    def show_verification(self, verification: VerificationResult | None) -> None:
        """Show the result of verifying the text as it is now; None: nobody has."""
        self._verification = verification
        self._show_state()

    def show_busy(self, text: str) -> None:
        """Say that a verification runs; an empty text says that it ended without a result."""
        if not text:
            self._show_state()
            return
        self._set_card(words.busy_notice(text))
        self.verify_button.setEnabled(False)

    def _arrange(self) -> None:
        self._page = QWidget()
        self._page.setObjectName("changesPage")
        column = QVBoxLayout(self._page)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(4)
        self._card_place = QVBoxLayout()
        column.addLayout(self._card_place)
        column.addWidget(self.difference_header)
        column.addWidget(self.difference)
        links = QHBoxLayout()
        links.addWidget(self.side_by_side_link)
        links.addStretch(1)
        links.addWidget(self.more_link)
        column.addLayout(links)
        column.addWidget(SectionHeader(self._keeper, "What changes"))
        column.addWidget(self.facts)
        column.addWidget(SectionHeader(self._keeper, "Save"))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.file_name, 1)
        row.addWidget(self.save_button)
        column.addLayout(row)
        column.addWidget(ThemedLabel(self._keeper, _NEW_FILE, "secondary", pixels=11))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 6, 0, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.undo_button)
        buttons.addWidget(self.verify_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._page)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _connect(self) -> None:
        self.save_button.clicked.connect(lambda: self._save())
        self.file_name.returnPressed.connect(self._save)
        self.file_name.textChanged.connect(self._follow_name)
        self.undo_button.clicked.connect(lambda: self.undo_requested.emit())
        self.verify_button.clicked.connect(lambda: self.verify_requested.emit())
        self.difference.layer_clicked.connect(self.layer_selected)
        self.more_link.clicked.connect(self._toggle_all)
        self.side_by_side_link.clicked.connect(self.difference_requested)
        self.facts.layer_clicked.connect(self.layer_selected)
        self._keeper.changed.connect(self._tint)

    @pyqtSlot()
    def _tint(self) -> None:
        panel = self._keeper.theme.panel.name()
        self._page.setStyleSheet(f"#changesPage {{ background: {panel}; }}")

    def _show_difference(self) -> None:
        """The first layers, so that Save stays in reach, or all of them."""
        n_layers = len(self._difference)
        shown = self._difference if self._shows_all else self._difference[:_MOST_LAYERS]
        self.difference.show_lines(words.difference_lines(shown))
        self.more_link.setVisible(n_layers > _MOST_LAYERS)
        self.more_link.setText(
            f"Show the first {_MOST_LAYERS} layers"
            if self._shows_all
            else f"Show all {n_layers:,} layers"
        )

    def _toggle_all(self) -> None:
        self._shows_all = not self._shows_all
        self._show_difference()

    def _suggest(self, name: str) -> None:
        """Put the suggested name into the field, unless the user typed another."""
        if self.file_name.text() in ("", self._suggested):
            self.file_name.setText(name)
        self._suggested = name
        self._follow_name()

    def _follow_name(self) -> None:
        self.save_button.setEnabled(bool(self.file_name.text().strip()))

    def _save(self) -> None:
        if self.save_button.isEnabled():
            self.save_requested.emit(self.file_name.text().strip())

    def _show_state(self) -> None:
        if self._after is None:
            return
        if self._verification is None:
            self._set_card(words.open_notice([version.blob for version in self._after.outputs]))
        else:
            phase = self._after.state.phase
            self._set_card(words.verification_notice(self._verification, phase))
        self._fill_save(self._verification is None or self._verification.is_identical)
        self.verify_button.setEnabled(True)
        self.verify_button.setText("Verify" if self._verification is None else "Verify again")

    def _fill_save(self, is_filled: bool) -> None:
        """A failed check has its own filled button, Undo; a panel has only one."""
        self.save_button.setProperty("primary", is_filled)
        self.save_button.style().unpolish(self.save_button)
        self.save_button.style().polish(self.save_button)

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
        elif self._verification is not None and self._verification.first_different_layer:
            self.layer_selected.emit(self._verification.first_different_layer)

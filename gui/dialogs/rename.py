"""Planning a rename: which layers, what their blobs are called, what to know, the text it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt5.QtCore import QSignalBlocker, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.comparison.paired_lines import PairedLine
from core.net.rename_plan import Top
from gui.dialogs.frame import FramedDialog
from gui.dialogs.rename_names import LAYER, LAYER_NAME, NEW, OLD, NamesTable
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.choice import Choice
from gui.widgets.labels import PictureLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.side_by_side import SideBySide

Scope = Literal["layers", "needed", "chain", "all", "give back", "give back all"]
PLAN_AFTER_MS = 120
MOST_WARNINGS = 6
_ALL_OWN = "Every layer has a blob of its own. Choose above what is to run in place again."


@dataclass(frozen=True)
class ScopeChoice:
    """One thing that can be renamed; `problem` says why it can't be chosen, "" when it can."""

    scope: Scope
    text: str
    problem: str = ""


@dataclass(frozen=True)
class RenameWish:
    """What the user asks for, None for nothing yet; `names` are those typed in, by top."""

    scope: Scope | None
    names: tuple[tuple[Top, str], ...] = ()
    renames_layers: bool = False


@dataclass(frozen=True)
class PlannedName:
    """One blob: who writes it, its name now and then; `layer_name` where the layer gets one too."""

    top: Top
    old_blob: str
    new_blob: str
    layer_name: str = ""


@dataclass(frozen=True)
class PlanView:
    """A plan as it is shown; warnings are (sentence, places beneath it)."""

    names: tuple[PlannedName, ...]
    warnings: tuple[tuple[str, str], ...]
    note: str
    button: str
    rows: tuple[PairedLine, ...]
    is_editable: bool = True


Check = Callable[[str, str, Sequence[str]], str | None]
"""(layer, name, other names of this edit) -> what is wrong with the name, None when nothing."""


class RenameDialog(FramedDialog):
    """Asks for a plan with every change of a field; `accepted` carries out the one shown last."""

    plan_requested = pyqtSignal(object)

    def __init__(
        self,
        keeper: ThemeKeeper,
        choices: Sequence[ScopeChoice],
        wish: RenameWish,
        check: Check,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "Rename blobs", accept_text="Rename", parent=parent)
        self._check_name = check
        self._typed: dict[Top, str] = dict(wish.names)
        self._view: PlanView | None = None
        self._make_fields(choices, wish)
        self._lay_out()
        self._connect()
        self._tint()
        if wish.scope is None:
            self.show_no_plan(_ALL_OWN)
        else:
            self._settle.start(0)

    @property
    def view(self) -> PlanView | None:
        """The plan shown; None while the fields have none."""
        return self._view

    def wish(self) -> RenameWish:
        """What the fields say."""
        return RenameWish(
            self.scope.currentData(), tuple(self._typed.items()), self.layers_too.isChecked()
        )

    def show_plan(self, view: PlanView) -> None:
        """Show what the wish leads to."""
        self._view = view
        self._fill_table(view)
        self._show_warnings(view.warnings)
        self.note.setText(view.note)
        self.difference.show_rows(view.rows)
        if self.accept_button is not None:
            self.accept_button.setText(view.button)
        self._show_name_problems()

    def show_no_plan(self, sentence: str) -> None:
        """Say why the wish leads nowhere; the names stay, so that they can be mended."""
        self._view = None
        self.note.setText("")
        self.difference.show_rows(())
        self.show_problem(sentence)

    def _make_fields(self, choices: Sequence[ScopeChoice], wish: RenameWish) -> None:
        self.scope = Choice()
        self.scope.setAccessibleName("What to rename")
        for number, choice in enumerate(choices):
            self.scope.addItem(choice.text, choice.scope)
            self.scope.setItemData(number, plain_tip(choice.problem) or None, Qt.ToolTipRole)
            if choice.problem:
                self.scope.setItemData(number, 0, Qt.UserRole - 1)  # greys the entry out
        self.scope.setCurrentIndex(self.scope.findData(wish.scope) if wish.scope else -1)
        self.layers_too = QCheckBox("Also rename layers without weights, like their blobs")
        self.layers_too.setChecked(wish.renames_layers)
        self.table = NamesTable(self.keeper)
        self.warnings = ThemedLabel("", "warning_text", pixels=11)
        self.warnings.setWordWrap(True)
        self.warnings.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self._warning_sign = PictureLabel()
        self.note = ThemedLabel("", "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.difference = SideBySide(self.keeper, ("Before", "After"))
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(PLAN_AFTER_MS)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.scope, 1)
        row.addWidget(self.layers_too)
        self.body.addLayout(row)
        upper, lower = QWidget(), QWidget()
        top = QVBoxLayout(upper)
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.table, 1)
        top.addWidget(self.note)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 6)
        line.addWidget(self._warning_sign, 0, Qt.AlignTop)
        line.addWidget(self.warnings, 1)
        top.addLayout(line)
        bottom = QVBoxLayout(lower)
        bottom.setContentsMargins(0, 0, 0, 0)
        bottom.addWidget(SectionHeader("Text", "comments and layout stay"))
        bottom.addWidget(self.difference, 1)
        splitter = QSplitter(Qt.Vertical)
        splitter.addWidget(upper)
        splitter.addWidget(lower)
        splitter.setSizes([280, 320])
        splitter.setChildrenCollapsible(False)
        self.body.addWidget(splitter, 1)
        self._show_warnings(())
        room = self.parentWidget().size() if self.parentWidget() else QSize()
        self.resize(
            min(1240, max(940, room.width() - 160)), min(880, max(720, room.height() - 100))
        )

    def _connect(self) -> None:
        self.scope.currentIndexChanged.connect(self._change_scope)
        self.layers_too.toggled.connect(lambda _on: self._settle.start())
        self.table.itemChanged.connect(self._take_name)
        self._settle.timeout.connect(self._ask)
        self.keeper.changed.connect(self._tint)

    @pyqtSlot()
    def _tint(self) -> None:
        colour = self.keeper.theme.warning_text
        self._warning_sign.setPixmap(pixmap("warning", colour, 14, self.devicePixelRatioF()))
        self._show_name_problems()

    def _ask(self) -> None:
        if self.scope.currentIndex() >= 0:
            self.plan_requested.emit(self.wish())

    def _change_scope(self) -> None:
        self._typed.clear()
        self._settle.start()

    def _fill_table(self, view: PlanView) -> None:
        """Keep the cell that is being edited: a plan may come while the user types on."""
        blocker = QSignalBlocker(self.table)
        has_names = any(name.layer_name for name in view.names)
        if self.table.isColumnHidden(LAYER_NAME) == has_names:
            self.table.setColumnHidden(LAYER_NAME, not has_names)
            self.table.fit_columns()
        self.table.setRowCount(len(view.names))
        for row, name in enumerate(view.names):
            for column, text in (
                (LAYER, name.top.layer),
                (OLD, name.old_blob),
                (NEW, name.new_blob),
                (LAYER_NAME, name.layer_name),
            ):
                self._fill_cell(row, column, text, name.top, is_editable=view.is_editable)
        del blocker

    def _fill_cell(self, row: int, column: int, text: str, top: Top, *, is_editable: bool) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        flags = Qt.ItemIsEnabled | Qt.ItemIsSelectable
        may_edit = is_editable and column == NEW
        item.setFlags(flags | Qt.ItemIsEditable if may_edit else flags)
        item.setData(Qt.UserRole, top)
        if item.text() != text:
            item.setText(text)
            item.setToolTip(plain_tip(text))

    def _take_name(self, item: QTableWidgetItem) -> None:
        if item.column() != NEW:
            return
        top = item.data(Qt.UserRole)
        name = item.text().strip()
        if not name:  # an emptied cell gets its default back
            self._typed.pop(top, None)
            self._settle.start()
            return
        self._typed[top] = name
        if not self._show_name_problems():
            self._settle.start()

    def _show_name_problems(self) -> str:
        """Check every name against the file and the other names; the first problem is said."""
        cells = [self.table.item(row, NEW) for row in range(self.table.rowCount())]
        known = [cell for cell in cells if cell is not None]
        first = ""
        blocker = QSignalBlocker(self.table)
        for cell in known:
            others = [other.text() for other in known if other is not cell]
            layer = cell.data(Qt.UserRole).layer
            is_checked = self._view is None or self._view.is_editable
            problem = (self._check_name(layer, cell.text(), others) if is_checked else None) or ""
            theme = self.keeper.theme
            cell.setForeground(theme.error_text if problem else theme.text)
            cell.setToolTip(plain_tip(problem or cell.text()))
            first = first or (f"{layer}: {problem}" if problem else "")
        del blocker
        self.show_problem(first)
        return first

    def _show_warnings(self, warnings: Sequence[tuple[str, str]]) -> None:
        shown = [sentence for sentence, _ in warnings[:MOST_WARNINGS]]
        if len(warnings) > MOST_WARNINGS:
            shown.append(f"and {len(warnings) - MOST_WARNINGS} more")
        self.warnings.setText("\n".join(shown))
        self.warnings.setToolTip(plain_tip("\n".join(places for _, places in warnings if places)))
        for part in (self.warnings, self._warning_sign):
            part.setVisible(bool(shown))

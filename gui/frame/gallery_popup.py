"""Under the Gallery field: the folder, what it was read with, what can be done, folders before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAction,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.net.elision import elide_name
from gui.frame.subject_field import SubjectField
from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip
from gui.widgets.scroll_column import ScrollColumn

WIDTH, ROW_HEIGHT, MOST_ROWS = 460, 28, 8
_PADDING = 12


@dataclass(frozen=True)
class GalleryEntry:
    """One representation that the folder was read with.

    key: what it is chosen by. n_read, n_files: images in it, and those that there should be.
    """

    key: object
    words: str
    n_read: int
    n_files: int
    is_shown: bool = False

    @property
    def count(self) -> str:
        """ "387", or "192 of 360" where its index was cancelled."""
        whole = self.n_read >= self.n_files
        return f"{self.n_read:,}" if whole else f"{self.n_read:,} of {self.n_files:,}"


class _Row(QAbstractButton):
    """A representation to choose: a check where it is shown, its words, its count."""

    def __init__(self, keeper: ThemeKeeper, entry: GalleryEntry) -> None:
        super().__init__()
        self._keeper = keeper
        self._entry = entry
        self.setText(plain_caption(entry.words))
        shown = ", shown now" if entry.is_shown else ""
        self.setAccessibleName(f"{entry.words}, images: {entry.count}{shown}")
        self.setToolTip(plain_tip(f"Search by {entry.words}"))
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_Hover)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter, entry = self._keeper.theme, QPainter(self), self._entry
        if self.underMouse() or self.hasFocus() or self.isDown():
            painter.fillRect(self.rect(), theme.selected_row)
        if entry.is_shown:
            place = QRectF(_PADDING, (self.height() - 14) / 2, 14, 14)
            paint_icon(painter, "check", theme.ok_text, place)
        painter.setFont(text_font(11))
        used = painter.fontMetrics().horizontalAdvance(entry.count)
        painter.setPen(theme.secondary)
        box = self.rect().adjusted(_PADDING, 0, -8, 0)
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), entry.count)
        painter.setFont(text_font(12, semibold=entry.is_shown))
        painter.setPen(theme.text)
        words = QRect(box.left() + 22, 0, box.width() - 22 - used - 10, self.height())
        advance = painter.fontMetrics().horizontalAdvance
        shown = elide_name(entry.words, words.width(), advance)
        painter.drawText(words, int(Qt.AlignVCenter), shown)
        painter.end()


class GalleryPopup(QFrame):
    """Representations to choose or to complete, actions, and folders of before."""

    chosen = pyqtSignal(object)
    resume_requested = pyqtSignal(object)
    folder_chosen = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self.setObjectName("galleryPopup")
        self.setAccessibleName("Gallery")
        self.setFixedWidth(WIDTH)
        self.folder = ElidedLabel()
        self.facts = ThemedLabel("", "secondary", pixels=11)
        self.facts.setWordWrap(True)
        self._header = SectionHeader("Read with")
        self._before_header = SectionHeader("Folders before")
        self._rows, self._actions, self._before = (QVBoxLayout() for _ in range(3))
        self._scroll = ScrollColumn(is_stop=False)
        self._lay_out()

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Buttons for what can be done with the gallery; a grey one says why."""
        line: QHBoxLayout | None = None
        for number, action in enumerate(actions):
            if number % 2 == 0:
                line = QHBoxLayout()
                line.setSpacing(6)
                self._actions.addLayout(line)
            if line is not None:
                line.addWidget(self._action_button(action), 1)

    def show_gallery(
        self, folder: Path | None, facts: str, entries: Sequence[GalleryEntry]
    ) -> None:
        """Show the folder, a sentence about it, and what it was read with."""
        self.folder.setText("No folder of images is open" if folder is None else str(folder))
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        _clear(self._rows)
        for entry in entries:
            self._rows.addWidget(self._row(entry))
        for widget in (self._header, self._scroll):
            widget.setVisible(bool(entries))
        self._header.set_note(f"{len(entries):,}" if entries else "")
        self._scroll.setFixedHeight(min(MOST_ROWS, len(entries)) * ROW_HEIGHT + 2)
        self.adjustSize()

    def show_folders(self, folders: Sequence[Path]) -> None:
        """Offer folders that were open before."""
        _clear(self._before)
        for folder in folders:
            button = Button(self._keeper, plain_caption(folder.name or str(folder)), "photo-stack")
            button.setToolTip(plain_tip(str(folder)))
            button.clicked.connect(self.hide)
            button.clicked.connect(lambda _checked=False, f=folder: self.folder_chosen.emit(f))
            self._before.addWidget(button)
        self._before_header.setVisible(bool(folders))
        self.adjustSize()

    def open_at(self, place: QPoint) -> None:
        """Open with its upper left corner at a place of the screen."""
        self.adjustSize()
        self.move(place)
        self.show()
        rows = self.rows
        (rows[0] if rows else self).setFocus(Qt.PopupFocusReason)

    @property
    def rows(self) -> tuple[QAbstractButton, ...]:
        """The representations listed."""
        return tuple(row for row in self._scroll.findChildren(_Row) if not row.isHidden())

    @property
    def resume_buttons(self) -> tuple[Button, ...]:
        """A button for each one that is not complete."""
        return tuple(self._scroll.findChildren(Button))

    def _row(self, entry: GalleryEntry) -> QWidget:
        row = _Row(self._keeper, entry)
        row.clicked.connect(self.hide)
        row.clicked.connect(lambda: self.chosen.emit(entry.key))
        if entry.n_read >= entry.n_files:
            return row
        resume = Button(self._keeper, "Resume")
        resume.setAccessibleName(f"Resume {entry.words}")
        resume.setToolTip("Read the rest of the images")
        resume.clicked.connect(self.hide)
        resume.clicked.connect(lambda: self.resume_requested.emit(entry.key))
        both = QWidget()
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 10, 0)
        line.setSpacing(4)
        line.addWidget(row, 1)
        line.addWidget(resume)
        both.setFixedHeight(ROW_HEIGHT)
        return both

    def _action_button(self, action: QAction) -> Button:
        button = Button(self._keeper, plain_caption(action.text()))

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(plain_tip(action.toolTip()))

        follow()
        action.changed.connect(follow)
        button.clicked.connect(self.hide)
        button.clicked.connect(lambda: action.trigger())
        return button

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("galleryRows")
        inside.setLayout(self._rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 10, 1, 10)
        column.setSpacing(4)
        for widget in (self.folder, self.facts, self._header):
            column.addLayout(_indented(widget))
        column.addWidget(self._scroll)
        column.addLayout(_indented(self._actions))
        column.addLayout(_indented(self._before_header))
        column.addLayout(_indented(self._before))
        self._actions.setContentsMargins(0, 6, 0, 0)
        self._actions.setSpacing(6)
        self._before.setSpacing(4)


class GalleryField(SubjectField):
    """The folder that is searched; a click opens what it was read with."""

    opened = pyqtSignal()
    """The list is about to be seen: bring it up to date."""

    def __init__(self, keeper: ThemeKeeper, width: int, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "Gallery", width, parent)
        self.popup = GalleryPopup(keeper, self)
        self.clicked.connect(lambda: self.open_list())

    def open_list(self) -> None:
        """Open the list under the field."""
        self.opened.emit()
        self.popup.open_at(self.mapToGlobal(QPoint(0, self.height())))


def _indented(part: QWidget | QVBoxLayout) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setContentsMargins(_PADDING - 1, 0, _PADDING - 1, 0)
    if isinstance(part, QWidget):
        line.addWidget(part)
    else:
        line.addLayout(part)
    return line


def _clear(column: QVBoxLayout) -> None:
    while column.count():
        item = column.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()

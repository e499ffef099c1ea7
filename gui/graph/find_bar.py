"""The bar over the graph: find, fold, direction and zoom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt5.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from gui.icons import icon
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

HEIGHT = 36
_CLEAR_BUTTON = 26
_FIELD = (140, 280)
_LONG_NOTE_FROM = 200
_EXAMPLES = (
    "Words and conditions, all of which must hold.\n"
    "Words look in name, type, blob and shape: relu 512 fc7@1\n"
    "type:ReLU  name:conv4  blob:fc7  shape:512x14x14\n"
    "inplace:yes  hidden:yes  params>1e6  macs>=2G  memory<64KiB  -type:Dropout"
)


class FindField(QLineEdit):
    """A line that hands Enter, Up and Down on as steps through the hits."""

    stepped = pyqtSignal(int)
    left = pyqtSignal()
    focus_changed = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = ThemedLabel("", "secondary", pixels=11)
        self.note.setParent(self)
        self._notes = ("", "")
        self.note.setAttribute(Qt.WA_TransparentForMouseEvents)

    def show_note(self, words: str, short: str) -> None:
        """Say something at the right end, inside the field; what is typed keeps clear of it."""
        self._notes = words, short
        self._write_note()

    def _write_note(self) -> None:
        words = self._notes[0] if self.width() >= _LONG_NOTE_FROM else self._notes[1]
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.note.adjustSize()
        self.setTextMargins(0, 0, self.note.width() + 4 if words else 0, 0)
        self._place_note()

    def _place_note(self) -> None:
        right = self.width() - _CLEAR_BUTTON
        self.note.move(right - self.note.width(), (self.height() - self.note.height()) // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_note()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key_Return, Qt.Key_Enter):
            self.stepped.emit(-1 if event.modifiers() & Qt.ShiftModifier else 1)
        elif key == Qt.Key_Down:
            self.stepped.emit(1)
        elif key == Qt.Key_Up:
            self.stepped.emit(-1)
        elif key == Qt.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class GraphBar(QWidget):
    """Says what was asked for; the panel does it."""

    query_changed = pyqtSignal(str)
    stepped = pyqtSignal(int)
    find_left = pyqtSignal()
    fold_toggled = pyqtSignal(bool)
    direction_toggled = pyqtSignal()
    options_pressed = pyqtSignal()
    overlay_pressed = pyqtSignal()
    zoomed_in = pyqtSignal()
    zoomed_out = pyqtSignal()
    zoom_reset = pyqtSignal()
    fit_pressed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setFixedHeight(HEIGHT)
        self.field = FindField()
        self.field.setPlaceholderText("Find (Ctrl+F)")
        self.field.setToolTip(_EXAMPLES)
        self.field.setAccessibleName("Find in the graph")
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(_FIELD[0])
        self.field.setMaximumWidth(_FIELD[1])
        self.field.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        glass = icon("search", keeper.theme.secondary)
        self._glass = self.field.addAction(glass, QLineEdit.LeadingPosition)
        self.hidden = ThemedLabel("", "secondary")
        self.hidden.hide()
        self._hidden_words = ("", "")
        self.fold = self._button(
            "fold", "Draw stages and in-place chains as one box", "Fold blocks"
        )
        self.fold.setCheckable(True)
        self.direction = self._button("direction", "Draw from left to right", "Top-down")
        self.overlay = self._button(
            "bars", "Colour the boxes by a number for each layer", "Overlay"
        )
        self.overlay.hide()
        self._has_overlay = False
        self.options = self._button("more", "Phase, stages, what is shown, export")
        self.minus = self._button("minus", "Zoom out (-)")
        self.percent = self._button("fit", "Back to 100 % (0)", "100 %")
        self.percent.setToolButtonStyle(Qt.ToolButtonTextOnly)
        self.percent.setFixedWidth(52)
        self.plus = self._button("plus", "Zoom in (+)")
        self.fit = self._button("fit", "Show the whole graph (F)", "Fit")
        self._lines: list[QFrame] = []
        self._words: list[ThemedLabel] = []
        self._arrange()
        self._connect()
        self._tint()

    def show_hits(self, position: int | None, n_hits: int, problem: str = "") -> None:
        """Tell which hit is shown of how many, inside the field."""
        words = short = ""
        if self.field.text().strip() and not problem:
            words = "no layer" if not n_hits else f"{n_hits} found"
            short = str(n_hits)
            if position is not None and n_hits:
                words, short = f"{position + 1} of {n_hits}", f"{position + 1}/{n_hits}"
        self.field.show_note(words, short)

    def show_hidden(self, n_layers: int, phase: str) -> None:
        """Say how many layers the graph leaves out; phase: the one that they are of, if one."""
        plural = "layer" if n_layers == 1 else "layers"
        words = f"{n_layers} {phase} {plural} hidden".replace("  ", " ")
        self._hidden_words = (words, f"{n_layers} hidden") if n_layers else ("", "")
        self.hidden.setToolTip(plain_tip("The menu of the graph shows them, pale" * bool(words)))
        self._fit_words()

    def show_zoom(self, scale: float) -> None:
        """Write the zoom as a percentage."""
        self.percent.setText(f"{round(scale * 100)} %")

    def show_fold(self, is_folded: bool, can_fold: bool) -> None:
        """Press or release the fold button without telling anyone."""
        self.fold.blockSignals(True)
        self.fold.setChecked(is_folded)
        self.fold.blockSignals(False)
        self.fold.setEnabled(can_fold)

    def show_direction(self, is_sideways: bool) -> None:
        """Name the direction the graph is drawn in."""
        self.direction.setText("Left-right" if is_sideways else "Top-down")
        way = "top to bottom" if is_sideways else "left to right"
        self.direction.setToolTip(plain_tip(f"Draw from {way}"))

    def show_overlay(self, name: str) -> None:
        """Offer numbers for the boxes, and say which show; "" for none."""
        self._has_overlay = True
        self.overlay.setText(f"Overlay: {name}" if name else "Overlay")
        self._fit_words()

    def add_choice(self, text: str, box: QComboBox) -> None:
        """A box that belongs to the whole graph, behind the direction."""
        label = ThemedLabel(text, "secondary")
        label.setBuddy(box)
        box.setAccessibleName(text)
        box.setToolTip(plain_tip(text))
        box.setFixedHeight(24)
        self._words.append(label)
        at = self._row.indexOf(self.hidden)
        self._row.insertSpacing(at, 6)
        self._row.insertWidget(at + 1, label)
        self._row.insertWidget(at + 2, box)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_words()

    def _fit_words(self) -> None:
        """Without room words leave before buttons do, the least needed first."""
        self.overlay.setVisible(self._has_overlay)
        for button in (self.fold, self.direction, self.fit, self.overlay):
            button.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        long, short = self._hidden_words
        self.hidden.setText(long)
        self.hidden.setVisible(bool(long))
        for widget in (*self._words, self.percent, self.options, self.minus, self.plus):
            widget.show()
        steps: list[Callable[[], None]] = [
            partial(self.direction.setToolButtonStyle, Qt.ToolButtonIconOnly),
            *(label.hide for label in self._words),
            partial(self.overlay.setToolButtonStyle, Qt.ToolButtonIconOnly),
            partial(self.hidden.setText, short),
            partial(self.fit.setToolButtonStyle, Qt.ToolButtonIconOnly),
            partial(self.fold.setToolButtonStyle, Qt.ToolButtonIconOnly),
            self.hidden.hide,
            self.percent.hide,
            self.minus.hide,
            self.plus.hide,
        ]
        for step in steps:
            if self._needed() <= self.width():
                break
            step()
        self._row.activate()

    def _needed(self) -> int:
        """The least width at which nothing in the bar is cut."""
        self._row.invalidate()
        return self._row.minimumSize().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.window)
        painter.setPen(QPen(theme.border, 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()

    def _button(self, name: str, tooltip: str, text: str = "") -> IconButton:
        button = IconButton(self._keeper, name, tooltip, text=text)
        button.setFixedHeight(24)
        if not text:
            button.setFixedWidth(26)
        button.setFocusPolicy(Qt.TabFocus)
        return button

    def _arrange(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 1)
        row.setSpacing(2)
        row.addWidget(self.field, 1)
        row.addWidget(self._line())
        row.addWidget(self.fold)
        row.addWidget(self.direction)
        self.hidden.setContentsMargins(8, 0, 0, 0)
        row.addWidget(self.hidden)
        row.addWidget(self.overlay)
        row.addWidget(self.options)
        row.addStretch(0)
        row.addWidget(self._line())
        for widget in (self.minus, self.percent, self.plus, self.fit):
            row.addWidget(widget)

    def _line(self) -> QFrame:
        line = QFrame()
        line.setFixedSize(1, 20)
        line.setObjectName("hairline")
        self._lines.append(line)
        return line

    def _connect(self) -> None:
        self.field.textChanged.connect(self.query_changed)
        self.field.stepped.connect(self.stepped)
        self.field.left.connect(self.find_left)
        self.fold.toggled.connect(self.fold_toggled)
        self.direction.clicked.connect(lambda: self.direction_toggled.emit())
        self.options.clicked.connect(lambda: self.options_pressed.emit())
        self.overlay.clicked.connect(lambda: self.overlay_pressed.emit())
        self.minus.clicked.connect(lambda: self.zoomed_out.emit())
        self.plus.clicked.connect(lambda: self.zoomed_in.emit())
        self.percent.clicked.connect(lambda: self.zoom_reset.emit())
        self.fit.clicked.connect(lambda: self.fit_pressed.emit())
        self._keeper.changed.connect(self._tint)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._glass.setIcon(icon("search", theme.secondary))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(520, HEIGHT)

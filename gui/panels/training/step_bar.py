"""The steps of a fine-tuning in one line: number or check, name, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE, LEFT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.labels import FittingLabel
from gui.widgets.plain_text import plain_tip

HEIGHT = 46
_WIDTH, _DISC, _LEFT = 240, 22, 44
_REST = 312


@dataclass(frozen=True)
class Step:
    """A step as the bar names it."""

    id: str
    name: str
    tip: str


class StepButton(QAbstractButton):
    """A disc with the step's number, or a check where it is done; its name over its state."""

    def __init__(self, keeper: ThemeKeeper, step: Step, number: int) -> None:
        super().__init__()
        self._keeper = keeper
        self._number = number
        self._state = ""
        self._is_done = False
        self.setText(step.name)
        self._tip = step.tip
        self.setCheckable(True)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        self.show_state("")
        keeper.changed.connect(self.update)

    @property
    def state(self) -> str:
        """The words under the name."""
        return self._state

    @property
    def is_done(self) -> bool:
        """Whether a check stands in place of the number."""
        return self._is_done

    def show_state(self, words: str, *, is_done: bool = False) -> None:
        """How the step stands."""
        self._state, self._is_done = words, is_done
        self.setAccessibleName(f"{self.text()}: {words}" if words else self.text())
        self.setToolTip(plain_tip("\n".join(filter(None, (self._tip, words)))))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        is_shown = self.isChecked()
        if is_shown or self.underMouse() or self.isDown():
            painter.fillRect(self.rect(), theme.selected_row if is_shown else theme.alternate_row)
        painter.setRenderHint(QPainter.Antialiasing)
        disc = QRectF(12, (HEIGHT - _DISC) / 2, _DISC, _DISC)
        if self._is_done and not is_shown:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.ok_fill)
            painter.drawEllipse(disc)
            paint_icon(painter, "check", theme.ok_text, disc.adjusted(4, 4, -4, -4))
        else:
            painter.setPen(QPen(theme.accent if is_shown else theme.outline, 1))
            painter.setBrush(theme.accent if is_shown else theme.panel)
            painter.drawEllipse(disc)
            painter.setPen(theme.text_on_accent if is_shown else theme.secondary)
            painter.setFont(text_font(11, semibold=True))
            painter.drawText(disc, CENTRE, str(self._number))
        painter.setRenderHint(QPainter.Antialiasing, False)
        room = self.width() - _LEFT - 8
        painter.setPen(theme.text)
        painter.setFont(text_font(12, semibold=True))
        painter.drawText(QRect(_LEFT, 6, room, 17), LEFT, self.text())
        font = text_font(11)
        painter.setFont(font)
        painter.setPen(theme.secondary)
        metrics = QFontMetrics(font)
        fitting = (
            words for words in _wordings(self._state) if metrics.horizontalAdvance(words) <= room
        )
        shown = next(fitting, metrics.elidedText(self._state, Qt.ElideRight, room))
        painter.drawText(QRect(_LEFT, 23, room, 16), LEFT, shown)
        painter.setPen(theme.border)
        painter.drawLine(self.width() - 1, 0, self.width() - 1, HEIGHT)
        if shows_keyboard(self):
            painter.setPen(theme.accent)
            painter.drawRect(self.rect().adjusted(2, 2, -4, -4))
        painter.end()


def _wordings(state: str) -> list[str]:
    """The state, and shorter ones without its last parts, so that no number is cut."""
    parts = state.split(", ")
    return [", ".join(parts[:n]) for n in range(len(parts), 0, -1)]


class StepBar(QWidget):
    """Says which step was chosen; at its right end what the step shown offers."""

    step_chosen = pyqtSignal(str)

    def __init__(
        self, keeper: ThemeKeeper, steps: Sequence[Step], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("stepBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT + 1)
        self.buttons: dict[str, StepButton] = {}
        self._group = QButtonGroup(self)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 12, 1)
        self.row.setSpacing(0)
        for number, step in enumerate(steps, start=1):
            button = StepButton(keeper, step, number)
            button.clicked.connect(lambda _checked=False, id_=step.id: self.step_chosen.emit(id_))
            self._group.addButton(button)
            self.buttons[step.id] = button
            self.row.addWidget(button)
        self.row.addSpacing(12)
        self.note = FittingLabel()
        self.note.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.row.addStretch(1)
        self.row.addWidget(self.note, 100)
        self._tools: dict[str, list[QWidget]] = {}

    def add_tool(self, step: str, tool: QWidget) -> None:
        """Put a button at the right end that is there while its step is shown."""
        self._tools.setdefault(step, []).append(tool)
        tool.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Fixed)
        self.row.addSpacing(6)
        self.row.addWidget(tool, 0, Qt.AlignVCenter)

    def show_step(self, step: str) -> None:
        """Mark a step as the one that is shown."""
        self.buttons[step].setChecked(True)
        for of, tools in self._tools.items():
            for tool in tools:
                tool.setVisible(of == step)
        self.note.setVisible(step not in self._tools)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = min(_WIDTH, (self.width() - _REST) // max(1, len(self.buttons)))
        for button in self.buttons.values():
            button.setFixedWidth(max(120, width))

"""The view Gradients of the Layer page: target and methods, the picture twice, layers."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.attribution.explanation import Explanation
from core.attribution.methods import METHOD_NAMES, TITLES, MethodName
from core.attribution.words import completeness_words
from core.words import value_text
from gui.panels.gradients.canvas import HeatCanvas
from gui.panels.gradients.fields import MethodFields
from gui.panels.gradients.methods import LOW_ROW, ROW, MethodList
from gui.panels.gradients.others import LOW_SIDE, SIDE, OtherClasses
from gui.panels.gradients.shown import MethodRow, OtherMap
from gui.panels.gradients.side import LayersSide
from gui.panels.gradients.target import TargetBox
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import RIGHT
from gui.widgets.buttons import Button, IconButton
from gui.widgets.choice import Choice
from gui.widgets.empty_state import EmptyState
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, FittingLabel, LinkLabel, SectionHeader, ThemedLabel
from gui.widgets.scroll_column import ScrollColumn
from gui.widgets.slider import Slider

LEFT_WIDTH, RIGHT_WIDTH, LOW_RIGHT_WIDTH = 244, 330, 300
OPACITY = 70
LOW_BELOW = 600
"""Pixels of height under which rows and small pictures are lower."""
_NARROW_BELOW = 1320


class GradientsPanel(QWidget):
    """Plain values come in through show_*, wishes go out."""

    method_chosen = pyqtSignal(str)
    beside_chosen = pyqtSignal(str)
    run_requested = pyqtSignal(str)
    others_requested = pyqtSignal()
    place_chosen = pyqtSignal(int)
    """Which of the offered layers Grad-CAM is to be taken at."""
    open_image_requested = pyqtSignal()
    copy_requested = pyqtSignal()
    save_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gradientsPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self.target = TargetBox(keeper)
        self.methods = MethodList(keeper)
        self.fields = MethodFields()
        self.note = ThemedLabel("", "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.sentence = FittingLabel("text", pixels=14, semibold=True)
        self.main = HeatCanvas(keeper, "The picture with the places that explain the score")
        self.beside = HeatCanvas(keeper, "The same by the second method")
        self.main_title = ThemedLabel("", semibold=True)
        self.main_note = ElidedLabel("", mode=Qt.ElideRight)
        self.main_note.setObjectName("quietNote")
        self.beside_choice = Choice()
        self.beside_choice.setAccessibleName("Method beside")
        for name in METHOD_NAMES:
            self.beside_choice.addItem(f"Beside: {TITLES[name].lower()}", name)
        self.beside_note = ElidedLabel("", mode=Qt.ElideRight)
        self.beside_note.setObjectName("quietNote")
        self.opacity = Slider("Opacity of the places", OPACITY)
        keep("gradients", beside=self.beside_choice, opacity=self.opacity)
        self.opacity_words = ThemedLabel(f"{OPACITY} %", "secondary")
        self.at = Choice()
        self.at.setAccessibleName("Grad-CAM at the layer")
        self.legend = Legend(keeper)
        self.run_button = Button(keeper, "Run", "play", is_primary=True)
        self.others_header = SectionHeader("Other classes, same method")
        self.others_link = LinkLabel("")
        self.others = OtherClasses(keeper)
        self.side = LayersSide(keeper)
        self.copy_button = IconButton(keeper, "copy", "Copy the picture and the command")
        self.save_button = IconButton(keeper, "save", "Save as PNG, .npy, CSV or .npz")
        self.empty_state = EmptyState(keeper, "image", "", "Open image", button_icon="image")
        self._stack = QStackedWidget()
        self._others_box = QWidget()
        self._lay_out()
        self._connect()
        self.show_found("gradcam", None, None)

    @property
    def areas(self) -> tuple[QWidget, ...]:
        """What F6 walks through."""
        return self._left, self.main, self.others, self.side

    def show_empty(self, sentence: str, *, offers_image: bool = False) -> None:
        """Say what is missing, "" for nothing; offers_image: it is an image."""
        self._stack.setCurrentIndex(1 if sentence else 0)
        if sentence:
            self.empty_state.set_sentence(sentence)
            self.empty_state.show_button(offers_image)

    def show_picture(self, picture: QImage | None) -> None:
        """The photo that is explained."""
        self.main.show_picture(picture)
        self.beside.show_picture(picture)

    def show_methods(self, rows: Sequence[MethodRow], picture: QImage | None) -> None:
        """All methods with what they have found."""
        self.methods.show_rows(rows, picture)

    def show_found(
        self,
        name: MethodName,
        found: Explanation | None,
        beside: Explanation | None,
        *,
        sentences: Sequence[str] = (),
        waiting: str = "",
        waiting_beside: str = "",
        run: str = "",
        note: str = "",
    ) -> None:
        """The chosen method large; waiting: what is said without it; run: on a button, "" for none.

        sentences: what is shown, the longest wording that has room. note: of the method, and of
        what real Caffe does otherwise.
        """
        self.fields.show_method(name)
        self.main_title.setText(TITLES[name])
        self.main.show_found(found, waiting)
        self.beside.show_found(beside, waiting_beside)
        self.main_note.setText(_about(found))
        self.beside_note.setText(_largest(beside))
        self.sentence.show_wordings(*sentences)
        self.legend.show_found(found)
        self.run_button.setText(run or "Run")
        self.run_button.setVisible(bool(run))
        said = " ".join(filter(None, (note, completeness_words(found) if found else "")))
        self.note.setText(said)
        self.note.setVisible(bool(said))

    def show_layers(self, words: Sequence[str], current: int) -> None:
        """The layers that Grad-CAM can be taken at."""
        self.at.blockSignals(True)
        self.at.clear()
        self.at.addItems(list(words))
        self.at.setCurrentIndex(current)
        self.at.blockSignals(False)

    def show_others(
        self, maps: Sequence[OtherMap], picture: QImage | None, link: str, *, is_there: bool
    ) -> None:
        """Other classes; link: what computes them, "" where they come by themselves."""
        self._others_box.setVisible(is_there)
        self.others.show_maps(maps, picture)
        self.others_link.setText(link)
        self.others_link.setVisible(bool(link))
        self.others_header.set_note("" if link or not maps else "Enter makes one the target")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_low = event.size().height() < LOW_BELOW
        self.methods.set_row_height(LOW_ROW if is_low else ROW)
        self.others.set_side(LOW_SIDE if is_low else SIDE)
        is_narrow = event.size().width() < _NARROW_BELOW
        self.side.setFixedWidth(LOW_RIGHT_WIDTH if is_narrow else RIGHT_WIDTH)

    def _connect(self) -> None:
        self.methods.chosen.connect(self.method_chosen)
        self.methods.run_requested.connect(self.run_requested)
        self.run_button.clicked.connect(lambda: self.run_requested.emit(self.methods.current))
        self.beside_choice.activated.connect(
            lambda place: self.beside_chosen.emit(self.beside_choice.itemData(place))
        )
        self.opacity.valueChanged.connect(self._on_opacity)
        self.at.activated.connect(self.place_chosen)
        self.others_link.clicked.connect(self.others_requested)
        self.empty_state.clicked.connect(self.open_image_requested)
        self.copy_button.clicked.connect(lambda: self.copy_requested.emit())
        self.save_button.clicked.connect(lambda: self.save_requested.emit())
        self._on_opacity(OPACITY)

    def _on_opacity(self, value: int) -> None:
        self.opacity_words.setText(f"{value} %")
        for canvas in (self.main, self.beside):
            canvas.set_opacity(value / 100)

    def _lay_out(self) -> None:
        inner = QWidget()
        left = QVBoxLayout(inner)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(self.target)
        head = QHBoxLayout()
        head.setContentsMargins(10, 2, 10, 4)
        head.addWidget(ThemedLabel("Method", semibold=True))
        head.addStretch(1)
        head.addWidget(ThemedLabel("Alt+1 to 6", "secondary", pixels=11))
        left.addLayout(head)
        left.addWidget(self.methods)
        left.addWidget(self.fields)
        self.note.setContentsMargins(10, 6, 10, 6)
        left.addWidget(self.note)
        left.addStretch(1)
        self._left = ScrollColumn(inner)
        self._left.setFixedWidth(LEFT_WIDTH)
        row = QWidget()
        columns = QHBoxLayout(row)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(self._left)
        columns.addWidget(self._line())
        columns.addWidget(self._middle(), 1)
        columns.addWidget(self._line())
        columns.addWidget(self.side)
        self.side.setFixedWidth(RIGHT_WIDTH)
        self._stack.addWidget(row)
        self._stack.addWidget(self.empty_state)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def _middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(self.sentence, 1)
        top.addWidget(self.copy_button)
        top.addWidget(self.save_button)
        column.addLayout(top)
        pictures = QHBoxLayout()
        pictures.setSpacing(12)
        for head, canvas in (
            ((self.main_title, self.main_note), self.main),
            ((self.beside_choice, self.beside_note), self.beside),
        ):
            one = QVBoxLayout()
            one.setSpacing(4)
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(head[0])
            line.addWidget(head[1], 1)
            one.addLayout(line)
            one.addWidget(canvas, 1)
            pictures.addLayout(one, 1)
        self.main_title.setFixedHeight(26)
        column.addLayout(pictures, 1)
        under = QHBoxLayout()
        under.setSpacing(8)
        under.addWidget(ThemedLabel("Opacity", "secondary"))
        self.opacity.setFixedWidth(110)
        under.addWidget(self.opacity)
        self.opacity_words.setFixedWidth(38)
        under.addWidget(self.opacity_words)
        under.addWidget(ThemedLabel("at", "secondary"))
        self.at.setMaximumWidth(150)
        self.at.setMinimumWidth(90)
        self.at.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        under.addWidget(self.at, 2)
        under.addWidget(self.run_button)
        under.addWidget(self.legend, 3)
        column.addLayout(under)
        others = QVBoxLayout(self._others_box)
        others.setContentsMargins(0, 0, 0, 0)
        others.setSpacing(0)
        head_row = QHBoxLayout()
        head_row.addWidget(self.others_header, 1)
        head_row.addWidget(self.others_link)
        others.addLayout(head_row)
        others.addWidget(self.others)
        column.addWidget(self._others_box)
        return middle

    def _line(self) -> QFrame:
        line = QFrame()
        line.setObjectName("gradientsLine")
        line.setFixedWidth(1)
        return line


class Legend(QWidget):
    """The colours and what they stand for: warm raises the score, cool lowers it."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._found: Explanation | None = None
        self.setFixedHeight(22)
        self.setMinimumWidth(120)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def words(self) -> str:
        """What it says of the colours."""
        if self._found is None:
            return ""
        if self._found.method.is_signed:
            return "warm raises the score, cool lowers it"
        is_cam = self._found.method.name == "gradcam"
        return "warm raises the score" if is_cam else "warm moves the score most"

    def show_found(self, found: Explanation | None) -> None:
        """The scale of these places."""
        self._found = found
        words = "" if found is None else f"{self.words}, to {value_text(found.strongest)}"
        self.setAccessibleName(f"Colours: {words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(330, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        found = self._found
        if found is None:
            return
        painter, theme = QPainter(self), self._keeper.theme
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        high = value_text(found.strongest) + (" or more" if found.is_sharp else "")
        metrics = painter.fontMetrics()
        right = metrics.horizontalAdvance(high)
        painter.drawText(QRectF(0, 0, self.width(), self.height()), RIGHT, high)
        bar = QRectF(self.width() - right - 8 - 56, 6, 56, 10)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        if found.method.is_signed:
            ramp.setColorAt(0, theme.tile_negative)
            ramp.setColorAt(0.5, theme.tile_zero)
        else:
            ramp.setColorAt(0, theme.tile_zero)
        ramp.setColorAt(1, theme.tile_positive)
        painter.fillRect(bar, ramp)
        painter.setPen(theme.border)
        painter.drawRect(bar)
        painter.setPen(theme.secondary)
        low = "0" if not found.method.is_signed else f"−{value_text(found.strongest)}"
        start = QRectF(0, 0, bar.left() - 6, self.height())
        painter.drawText(start, RIGHT, low)
        used = metrics.horizontalAdvance(low) + 12
        room = QRectF(0, 0, max(0.0, start.width() - used), self.height())
        wordings = (self.words, "warm +, cool −" if found.method.is_signed else "warm +")
        fitting = (one for one in wordings if metrics.horizontalAdvance(one) <= room.width())
        painter.drawText(room, RIGHT, next(fitting, ""))
        painter.end()


def _about(found: Explanation | None) -> str:
    """ "of church (497), 12.1 at relu5_3: 14 x 14"."""
    if found is None:
        return ""
    rows, columns = found.places.shape
    return f"{found.words}, {value_text(found.score)}; {rows}×{columns} at {found.at.layer}"


def _largest(found: Explanation | None) -> str:
    if found is None:
        return ""
    rows, columns = found.places.shape
    peak = float(abs(found.places).max())
    return f"{rows}×{columns}, largest {value_text(peak)}"

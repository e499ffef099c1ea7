"""The list of methods: what each has found, small, and what it takes; Alt+1 to 6 choose."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.attribution.explanation import Explanation
from core.attribution.methods import METHOD_NAMES, MethodName
from core.retrieval.why_picture import heat_of
from gui.icons import paint_icon
from gui.panels.gradients.shown import MethodRow
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.heat import heat_image, paint_heat
from gui.widgets.keyboard import shows_keyboard

ROW, LOW_ROW = 58, 46
_MARGIN = 8


class MethodList(QWidget):
    """One row a method; a click chooses it, on what waits at its right it runs."""

    chosen = pyqtSignal(str)
    run_requested = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[MethodRow, ...] = ()
        self._current: MethodName = "gradcam"
        self._picture: QImage | None = None
        self._small: dict[int, tuple[Explanation, str, QImage]] = {}
        self._row = ROW
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.set_row_height(ROW)
        keeper.changed.connect(self.update)

    @property
    def current(self) -> MethodName:
        """The chosen method."""
        return self._current

    @property
    def rows(self) -> tuple[MethodRow, ...]:
        """What is listed."""
        return self._rows

    def set_row_height(self, height: int) -> None:
        """In a low window rows are lower."""
        self._row = height
        self.setFixedHeight(height * len(METHOD_NAMES))
        self._small.clear()
        self.update()

    def show_rows(self, rows: Sequence[MethodRow], picture: QImage | None) -> None:
        """Show the methods over a picture."""
        if picture is not self._picture:
            self._small.clear()
        self._rows, self._picture = tuple(rows), picture
        row = next((one for one in rows if one.name == self._current), None)
        if row is not None:
            self.setAccessibleName(f"Method: {row.title}, {row.note}")
        self.update()

    def choose(self, name: str) -> None:
        """Choose a method."""
        if name in METHOD_NAMES and name != self._current:
            self._current = METHOD_NAMES[METHOD_NAMES.index(name)]
            self.update()
            self.chosen.emit(name)

    def sizeHint(self) -> QSize:
        return QSize(200, self._row * len(METHOD_NAMES))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.pos().y() // self._row
        if event.button() != Qt.LeftButton or place >= len(self._rows):
            return
        row = self._rows[place]
        self.choose(row.name)
        if row.waits and row.found is None and event.pos().x() > self.width() - self._right(row):
            self.run_requested.emit(row.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Up: -1, Qt.Key_Down: 1}.get(Qt.Key(event.key()))
        names = list(METHOD_NAMES)
        if step is not None:
            at = names.index(self._current) + step
            self.choose(names[min(max(at, 0), len(names) - 1)])
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.run_requested.emit(self._current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for place, row in enumerate(self._rows):
            box = QRectF(0, place * self._row, self.width(), self._row)
            is_current = row.name == self._current
            if is_current:
                painter.fillRect(box, theme.selected_row)
                if shows_keyboard(self):
                    painter.setPen(theme.accent)
                    painter.drawRect(box.adjusted(0.5, 0.5, -1.5, -1.5))
            painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), theme.grid)
            side = self._row - 10
            small = QRectF(_MARGIN, box.top() + 5, side, side)
            self._paint_small(painter, small, place, row, theme)
            self._paint_words(painter, box, small.right() + 8, row, theme, is_current=is_current)
        painter.end()

    def _paint_words(
        self, painter: QPainter, box: QRectF, left: float, row: MethodRow, theme: Theme, *,
        is_current: bool,
    ) -> None:  # fmt: skip
        waits = row.waits and row.found is None
        right = self._right(row)
        room = QRectF(left, box.top(), box.width() - left - right - 4, box.height())
        middle = box.center().y()
        painter.setFont(text_font(12, semibold=is_current))
        painter.setPen(theme.text)
        name = QRectF(room.left(), middle - 17, box.width() - room.left() - right, 17)
        painter.drawText(name, LEFT, row.title)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        note = QRectF(room.left(), middle + 1, room.width(), 16)
        metrics = painter.fontMetrics()
        said = metrics.elidedText(row.note, Qt.ElideRight, int(note.width()))
        painter.drawText(note, LEFT, said)
        painter.setPen(theme.accent if waits else theme.secondary)
        time = QRectF(box.right() - right - 8, box.top(), right, box.height())
        painter.drawText(time, RIGHT, row.time)

    def _right(self, row: MethodRow) -> int:
        return QFontMetrics(text_font(11)).horizontalAdvance(row.time) + 10

    def _paint_small(
        self, painter: QPainter, box: QRectF, place: int, row: MethodRow, theme: Theme
    ) -> None:
        picture, found = self._picture, row.found
        if picture is None or found is None:
            painter.setPen(QPen(theme.edge, 1, Qt.DashLine))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            if row.waits:
                middle = QRectF(box.center().x() - 8, box.center().y() - 8, 16, 16)
                paint_icon(painter, "play", theme.secondary, middle)
            return
        kept = self._small.get(place)
        if kept is None or kept[0] is not found or kept[1] != theme.name:
            self._small[place] = kept = found, theme.name, small_map(picture, found, theme, 96)
        image = kept[2]
        source = QRectF(image.rect())
        side = min(source.width(), source.height())
        source = QRectF((source.width() - side) / 2, (source.height() - side) / 2, side, side)
        painter.drawImage(box, image, source)


def small_map(picture: QImage, found: Explanation, theme: Theme, side: int) -> QImage:
    """The picture with its places, its longer side `side` pixels."""
    scale = side / max(picture.width(), picture.height())
    width, height = (max(1, round(one * scale)) for one in (picture.width(), picture.height()))
    small = picture.scaled(width, height, Qt.IgnoreAspectRatio, Qt.SmoothTransformation)
    drawn = small.convertToFormat(QImage.Format_RGB32)
    heat = heat_image(
        heat_of(found, width, height, found.strongest), theme.tile_positive, theme.tile_negative
    )
    painter = QPainter(drawn)
    grey = small.convertToFormat(QImage.Format_Grayscale8)
    paint_heat(painter, QRectF(0, 0, width, height), grey, heat, 0.8, theme)
    painter.end()
    return drawn

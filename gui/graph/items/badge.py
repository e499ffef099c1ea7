"""The badge of a blob version: an eye, its name, and a button while the mouse is on it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPainterPath, QPen
from PyQt5.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from core.errors import RenameError
from core.net.definition import Net
from core.net.elision import elide_name
from core.net.rename import plan_rename
from core.net.rename_plan import RenamePlan
from gui.graph import metrics as m
from gui.graph.picture import BadgePicture
from gui.graph.style import GraphStyle

BUTTON_TEXT = "Own blob"
_PADDING = 9.0
_EYE_GAP = 5.0


def badge_width(label: str, style: GraphStyle) -> float:
    """Pixels the badge of `label` takes: 78, more for a long name, never over 180."""
    words = style.badge_text_width(label)
    return min(m.BADGE_MAXIMUM, max(m.BADGE_WIDTH, words + 2 * _PADDING + m.EYE_SIZE + _EYE_GAP))


class BadgeItem(QGraphicsItem):
    """Paints one BadgePicture; the whole badge is the target, also for Enter."""

    _badge: QRectF
    _button: QRectF
    _bounds: QRectF
    _label: str | None

    def __init__(
        self,
        badge: BadgePicture,
        style: GraphStyle,
        on_pressed: Callable[[BadgeItem], None],
        on_pointed: Callable[[BadgeItem, bool], None],
    ) -> None:
        super().__init__()
        self.badge = badge
        self.is_dimmed = False
        self.is_strong = False
        self._style = style
        self._on_pressed = on_pressed
        self._on_pointed = on_pointed
        self._is_hovered = False
        self._is_pressed = False
        self._has_button_below = False
        self._lay_out()
        self.setZValue(4)
        self.setTransformOriginPoint(0, m.BADGE_HEIGHT / 2)
        self.setAcceptHoverEvents(True)
        self.setFlag(QGraphicsItem.ItemIsFocusable)
        self._follow_wish()

    @property
    def is_active(self) -> bool:
        """Whether it stands out, under the mouse or with the keyboard."""
        return self._is_hovered or self.hasFocus()

    @property
    def width(self) -> float:
        """Of the badge alone."""
        return self._badge.width()

    def badge_frame(self) -> QRectF:
        """The badge without its button, in scene coordinates."""
        return QRectF(self.mapRectToScene(self._badge))

    def active_frame(self) -> QRectF:
        """The badge with the button that shows while it is pointed at, in scene coordinates."""
        frame = self._badge.united(self._button) if self.badge.wish else self._badge
        return QRectF(self.mapRectToScene(frame))

    def put_button(self, *, is_below: bool) -> None:
        """Right of the badge, or below it where the canvas ends."""
        if is_below != self._has_button_below:
            self.prepareGeometryChange()
            self._has_button_below = is_below
            self._lay_out()

    def set_badge(self, badge: BadgePicture) -> None:
        """Show another version of the same layer's top."""
        if badge != self.badge:
            self.prepareGeometryChange()
            self.badge = badge
            self._lay_out()
            self._follow_wish()
            self.update()

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        self.prepareGeometryChange()
        self._style = style
        self._lay_out()
        self.update()

    def show_scale(self, scale: float) -> None:
        """Grow where the graph is seen so small that the name would not be read."""
        self.setScale(m.label_growth(scale))

    def set_dimmed(self, is_dimmed: bool) -> None:
        """Step back while others are found."""
        if is_dimmed != self.is_dimmed:
            self.is_dimmed = is_dimmed
            self.update()

    def set_strong(self, is_strong: bool) -> None:
        """Full colour and a struck name in the selected chain, grey in the others."""
        if is_strong != self.is_strong:
            self.is_strong = is_strong
            self._label = None
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        has_button = self._is_hovered and bool(self.badge.wish)
        path.addRect(self._badge.united(self._button) if has_button else self._badge)
        return path

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        scale = self._style.scale_of(painter)
        if scale < m.FULL_FROM:
            return
        if self.is_dimmed:
            painter.setOpacity(0.3)
        line, text, fill = self._colours()
        painter.setPen(QPen(line, 1.5 if self.is_active else 1.0))
        painter.setBrush(fill)
        radius = m.BADGE_HEIGHT / 2
        painter.drawRoundedRect(self._badge.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        self._paint_label(painter, text)
        if self.is_active and self.badge.wish:
            self._paint_button(painter)

    def _paint_label(self, painter: QPainter, colour: QColor) -> None:
        name = "eye-off" if self.badge.state == "overwritten" else "eye"
        place = QRectF(_PADDING - 1, (m.BADGE_HEIGHT - m.EYE_SIZE) / 2, m.EYE_SIZE, m.EYE_SIZE)
        self._style.draw_icon(painter, name, colour, place)
        painter.setFont(self._font())
        painter.setPen(colour)
        left = _PADDING + m.EYE_SIZE + _EYE_GAP - 1
        row = QRectF(left, 0, self._badge.width() - left - 6, m.BADGE_HEIGHT)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), self._shown_label())

    def _paint_button(self, painter: QPainter) -> None:
        theme = self._style.theme
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.accent)
        painter.drawRoundedRect(self._button, 4, 4)
        top = self._button.top() + (m.BUTTON_HEIGHT - 14) / 2
        place = QRectF(self._button.left() + 7, top, 14, 14)
        self._style.draw_icon(painter, "unlink", theme.text_on_accent, place)
        painter.setFont(self._style.badge_font)
        painter.setPen(theme.text_on_accent)
        row = self._button.adjusted(26, 0, 0, 0)
        painter.drawText(row, int(Qt.AlignLeft | Qt.AlignVCenter), BUTTON_TEXT)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._point(is_hovered=True)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._point(is_hovered=False)

    def focusInEvent(self, event: object) -> None:
        self._on_pointed(self, True)
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self._on_pointed(self, False)
        self.update()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() != Qt.LeftButton or not self.badge.wish:
            return super().mousePressEvent(event)
        self._is_pressed = True
        event.accept()
        return None

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        was_pressed, self._is_pressed = self._is_pressed, False
        if was_pressed and self.shape().contains(event.pos()):
            self._on_pressed(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space)
        if is_enter and self.badge.wish:
            self._on_pressed(self)
            return
        super().keyPressEvent(event)

    def _point(self, *, is_hovered: bool) -> None:
        self.prepareGeometryChange()
        self._is_hovered = is_hovered
        self.setZValue(6 if is_hovered else 4)
        self._on_pointed(self, is_hovered)
        self.update()

    def _follow_wish(self) -> None:
        self.setCursor(Qt.PointingHandCursor if self.badge.wish else Qt.ArrowCursor)

    def _lay_out(self) -> None:
        width = badge_width(self.badge.label, self._style)
        self._badge = QRectF(0, 0, width, m.BADGE_HEIGHT)
        words = self._style.badge_text_width(BUTTON_TEXT)
        left, top = width + m.BUTTON_GAP, (m.BADGE_HEIGHT - m.BUTTON_HEIGHT) / 2
        if self._has_button_below:
            left, top = min(0.0, width - words - 35), m.BADGE_HEIGHT + 3
        self._button = QRectF(left, top, words + 35, m.BUTTON_HEIGHT)
        self._bounds = self._badge.united(self._button).adjusted(-2, -2, 2, 2)
        self._label = None

    def _shown_label(self) -> str:
        """The name as far as it fits, measured when first drawn."""
        if self._label is None:
            room = self._badge.width() - 2 * _PADDING - m.EYE_SIZE - _EYE_GAP + 2
            measure, label = QFontMetricsF(self._font()).horizontalAdvance, self.badge.label
            # a blob of its own is told from the one it shared, with which its name begins
            shared = label.removesuffix(self.badge.layer)
            self._label = elide_name(label, room, measure, [shared] if shared != label else [])
        return self._label

    def _font(self) -> QFont:
        if self.badge.state == "overwritten":
            is_strong = self.is_strong or self.is_active
            return self._style.struck_font if is_strong else self._style.badge_thin_font
        return self._style.badge_font

    def _colours(self) -> tuple[QColor, QColor, QColor]:
        """Line, text and fill."""
        theme = self._style.theme
        if self.badge.state == "own":
            return theme.ok_text, theme.ok_text, theme.ok_fill
        is_calm = self.badge.state == "overwritten" and not (self.is_strong or self.is_active)
        if is_calm:
            return theme.outline, theme.secondary, theme.panel
        if self.badge.state == "plain":
            return theme.edge, theme.secondary, theme.header
        return theme.mark, theme.mark_text, theme.mark_fill


def badge_sentence(net: Net | None, badge: BadgePicture) -> str:
    """What becomes of the version, then all that a click changes."""
    if badge.state == "own" and badge.label.endswith(" new"):
        return f"A rename gave layers of this block blobs of their own: {badge.label}."
    if badge.state == "own":
        return f"{badge.layer} has blob {badge.label} of its own."
    if net is None or not badge.wish:
        return f"net.blobs['{badge.label}'] holds it after a forward pass."
    if badge.state == "overwritten":
        fate = f"{badge.overwritten_by} overwrites it."
    else:
        fate = "Readable after a forward pass."
    try:
        plan = plan_rename(net, [badge.wish])
    except RenameError as error:
        return f"{fate} {error.sentence}"
    return f"{fate} Click: {plan_words(plan)}"


def plan_words(plan: RenamePlan) -> str:
    """Every layer that gets a blob, the blob, and how many names in how many layers change."""
    first, *others = plan.renames
    gets = [f"{first.layer} gets blob {first.new_blob}"]
    gets += [f"{rename.layer} gets {rename.new_blob}" for rename in others]
    n_names, n_layers = len(plan.edits), len(plan.touched_layers)
    counts = f"{n_names} {'name' if n_names == 1 else 'names'}"
    counts += f" in {n_layers} {'layer' if n_layers == 1 else 'layers'}"
    return f"{', '.join(gets)}. {counts}."

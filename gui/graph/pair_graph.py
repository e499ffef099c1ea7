"""Two nets side by side on one canvas: they scroll, zoom and fold together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PyQt5.QtCore import QPointF, QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QImage, QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.comparison.differences import NetSide
from core.comparison.rows import ComparisonRow, Status
from core.net.definition import Net
from gui.graph import metrics as m
from gui.graph.canvas import GraphCanvas
from gui.graph.drawing import DrawingRequest
from gui.graph.folding import FOLD_ABOVE, FoldKey, FoldPlan, plan_folds
from gui.graph.items.layer import LayerItem
from gui.graph.items.pair import SIGN_SIZE, Chip
from gui.graph.pair_drawing import SECOND, IndexPair, PairDrawing, PairRequest, draw_pair
from gui.graph.pair_scene import PairScene
from gui.graph.picture import BoxPicture
from gui.graph.style import GraphStyle
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, ThemedLabel

_MOST_OPENED = 12
_LEAST_SCALE = 0.4
RunElsewhere = Callable[[Callable[[], PairDrawing], Callable[[PairDrawing], None]], None]


class PairGraph(QWidget):
    """Shows and selects, and never edits."""

    layer_selected = pyqtSignal(bool, str)
    """Whether it is of the first net, and the layer's name."""
    drawn = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.run_elsewhere: RunElsewhere | None = None
        self._sides: tuple[NetSide, NetSide] | None = None
        self._rows: tuple[ComparisonRow, ...] = ()
        self._plans: tuple[FoldPlan, FoldPlan] | None = None
        self._opened: set[FoldKey] = set()
        self._is_folded = False
        self._shown: PairDrawing | None = None
        self._chosen: ComparisonRow | None = None
        self._shows_signs = True
        self._chips: Mapping[IndexPair, Chip] = {}
        self._number = 0
        self._needs_first_view = False
        self._is_zoomed = self._is_fitting = False
        self.scene = PairScene(GraphStyle(keeper.theme))
        self.canvas = GraphCanvas(self.scene)
        self.canvas.setAccessibleName("Graphs of both nets")
        self._arrange()
        self.canvas.item_clicked.connect(self._on_clicked)
        self.canvas.item_double_clicked.connect(self._on_double_clicked)
        self.canvas.walked.connect(self._walk)
        self.canvas.resized.connect(lambda _place: self._fit_across())
        self.canvas.zoom_changed.connect(lambda _scale: self._on_zoomed())
        self.fold.clicked.connect(lambda: self.set_folded(self.fold.isChecked()))
        self.fit_button.clicked.connect(self.fit)
        keeper.changed.connect(self._tint)
        self._tint()

    def show_names(self, first: str, second: str) -> None:
        """Name both nets over their graphs."""
        for label, name in zip(self._names, (first, second), strict=True):
            label.setText(name)

    def show_nets(self, first: NetSide, second: NetSide, rows: Sequence[ComparisonRow]) -> None:
        """Draw two nets; rows: all pairs in order. What differs is unfolded where it is little."""
        before = self._sides
        self._sides, self._rows = (first, second), tuple(rows)
        if before is None or before[0] is not first or before[1] is not second:
            self._plans = _folds_of_both(first.net, second.net)
            n_layers = max(len(first.net.layers), len(second.net.layers))
            can_fold = any(plan.groups for plan in self._plans)
            self._is_folded = can_fold and n_layers > FOLD_ABOVE
            self.fold.setEnabled(can_fold)
            self._opened = self._around_differences()
            self._needs_first_view = True
        self.fold.setChecked(self._is_folded)
        self._redraw()

    def show_signs(self, shows: bool) -> None:
        """Show + − ~ beside boxes, or not."""
        self._shows_signs = shows
        self._place_items()

    def show_chips(self, chips: Mapping[IndexPair, Chip]) -> None:
        """Words in the middle of links, by the indices of paired layers; of a fold, its last's."""
        self._chips = chips
        self._show_chips()

    def show_thumbnail(self, image: QImage | None) -> None:
        """Put the input image on both data boxes."""
        self.scene.show_thumbnail(image)

    def select(self, row: ComparisonRow | None) -> None:
        """Select a pair of layers and bring it into view; folds around it open."""
        self._chosen = row
        if row is None or self._sides is None:
            self.scene.show_selection(None)
            return
        hidden = self._hiding(row)
        if hidden - self._opened and self._is_folded:
            self._opened |= hidden
            self._redraw()
        else:
            self._mark_chosen()
            self._reveal()

    def set_folded(self, is_folded: bool) -> None:
        """Fold stages, blocks and chains of both nets, or none."""
        self._is_folded, self._opened = is_folded, set()
        self.fold.setChecked(is_folded)
        self._redraw()

    def fit(self) -> None:
        """Show both nets as a whole."""
        self.canvas.fit(1.0)
        self._is_zoomed = True

    def _arrange(self) -> None:
        keeper = self._keeper
        self._names = (ElidedLabel(), ElidedLabel())
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(10, 5, 8, 5)
        row.setSpacing(8)
        for letter, role, name in zip("AB", ("series_a", "series_b"), self._names, strict=True):
            name.setFont(text_font(12, semibold=True))
            row.addWidget(ThemedLabel(letter, role, semibold=True))
            row.addWidget(name, 1)
        self.fold = Button(keeper, "Fold", "fold")
        self.fold.setCheckable(True)
        keep("compared layers", fold=self.fold)
        self.fold.setToolTip("Fold stages, blocks and chains of both nets, or none")
        self.fit_button = Button(keeper, "Fit", "fit")
        self.fit_button.setToolTip("Show both nets as a whole")
        row.addWidget(self.fold)
        row.addWidget(self.fit_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)

    def _around_differences(self) -> set[FoldKey]:
        """The folds that hide layers that differ, where those are few."""
        hiding = [self._hiding(row) for row in self._rows if row.status.is_difference]
        found = set().union(*hiding) if hiding else set()
        return found if len(found) <= _MOST_OPENED else set()

    def _hiding(self, row: ComparisonRow) -> set[FoldKey]:
        plans = self._plans
        if plans is None:
            return set()
        layers = (row.pair.before, row.pair.after)
        return {
            group.key
            for plan, layer in zip(plans, layers, strict=True)
            if layer is not None
            for group in plan.around(layer.index)
        }

    def _redraw(self) -> None:
        sides, plans = self._sides, self._plans
        if sides is None or plans is None:
            return
        style = self.scene.graph_style
        first, second = (
            DrawingRequest(
                side.net, side.shapes, style, plan.folded(self._opened) if self._is_folded else ()
            )
            for side, plan in zip(sides, plans, strict=True)
        )
        request = PairRequest(first, second, tuple(map(_indices, self._rows)))
        self._number += 1
        number = self._number
        if self.run_elsewhere is None:
            self._take(number, draw_pair(request))
            return
        self.run_elsewhere(lambda: draw_pair(request), lambda shown: self._take(number, shown))

    def _take(self, number: int, shown: PairDrawing) -> None:
        if number != self._number:
            return
        self._shown = shown
        self.scene.show_drawing(shown.drawing)
        self._place_items()
        self._mark_chosen()
        self._fit_across()
        self._show_first_view()
        self.drawn.emit()

    def _place_items(self) -> None:
        """Signs beside boxes and links between them, anew."""
        if self._shown is None:
            return
        self.scene.place_links(self._shown)
        statuses = self._statuses() if self._shows_signs else {}
        self.scene.place_signs(statuses, self.canvas.scale_now)
        self._show_chips()

    def _statuses(self) -> dict[int, Status]:
        """What differs, by box; a fold that holds several kinds is changed."""
        found: dict[int, Status] = {}
        for row in self._rows:
            for key in self._keys_of(row) if row.status.is_difference else ():
                is_alike = found.get(key, row.status) is row.status
                found[key] = row.status if is_alike else Status.CHANGED
        return found

    def _show_chips(self) -> None:
        if self._shown is not None:
            self.scene.show_chips(self._chips, self._shown.drawing.picture.box_of)

    def _keys_of(self, row: ComparisonRow) -> list[int]:
        shown = self._shown
        if shown is None:
            return []
        box_of = shown.drawing.picture.box_of
        one, other = _indices(row)
        keys = (one, None if other is None else other + SECOND)
        return [box_of[key] for key in keys if key is not None and key in box_of]

    def _mark_chosen(self) -> None:
        keys = self._keys_of(self._chosen) if self._chosen is not None else []
        self.scene.show_selection(keys[0] if keys else None, keys[1:])
        self.scene.choose_link(keys)

    def _reveal(self, *, at_once: bool = False) -> None:
        if self._chosen is None:
            return
        frame = QRectF()
        for key in self._keys_of(self._chosen):
            frame = frame.united(self.scene.layer_items[key].frame())
        shown = self.canvas.shown_rect()
        is_in_view = shown.top() + 8 <= frame.top() and frame.bottom() <= shown.bottom() - 8
        if not frame.isEmpty() and not is_in_view:
            middle = self.canvas.shown_rect().center().x()
            self.canvas.glide_to(QPointF(middle, frame.center().y()), at_once=at_once)

    def _on_clicked(self, item: LayerItem, _modifiers: Qt.KeyboardModifiers) -> None:
        self._choose_box(item.box)

    def _choose_box(self, box: BoxPicture) -> None:
        """Of a fold, its last layer: that is the one whose distance it shows."""
        self.layer_selected.emit(box.key < SECOND, box.layers[-1])

    def _on_double_clicked(self, item: LayerItem) -> None:
        if item.box.group is not None:
            self._opened.add(item.box.group.key)
            self._redraw()

    def _walk(self, way: str) -> None:
        """Up and down go to the pair before and after, as the rows stand."""
        if way not in ("up", "down") or not self._rows:
            return
        shown = [row for row in self._rows if self._keys_of(row)]
        at = next((i for i, row in enumerate(shown) if row is self._chosen), -1)
        row = shown[min(len(shown) - 1, max(0, at + (1 if way == "down" else -1)))]
        layer = row.pair.before or row.pair.after
        if layer is not None:
            self.layer_selected.emit(row.pair.before is not None, layer.name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_first_view()

    def _show_first_view(self) -> None:
        """Both nets across, from the top; what is chosen in view."""
        if not (self._needs_first_view and self.isVisible() and self._shown is not None):
            return
        self._needs_first_view = self._is_zoomed = False
        self._fit_across()
        middle, frame = self.canvas.shown_rect().center().x(), self.scene.content_rect()
        top = frame.top() + self.canvas.shown_rect().height() / 2 - 24
        self.canvas.glide_to(QPointF(middle, top), at_once=True)
        self._reveal(at_once=True)

    def _fit_across(self) -> None:
        """As large as both fit side by side, until the user zooms."""
        frame = self.scene.content_rect()
        if self._is_zoomed or frame.isEmpty():
            return
        frame.setRight(frame.right() + SIGN_SIZE + 12)
        y = self.canvas.shown_rect().center().y()
        self._is_fitting = True
        scale = (self.canvas.viewport().width() - 24) / frame.width()
        if scale < m.FULL_FROM:  # names grow over the boxes' ends
            scale = (self.canvas.viewport().width() - 84) / frame.width()
        self.canvas.set_scale(min(1.0, max(_LEAST_SCALE, scale)))
        half = self.canvas.shown_rect().height() / 2 - 24
        y = max(frame.top() + half, min(y, frame.bottom() - half))
        self.canvas.glide_to(QPointF(frame.center().x(), y), at_once=True)
        self._is_fitting = False

    def _on_zoomed(self) -> None:
        self.scene.place_at_scale(self.canvas.scale_now)
        self._is_zoomed = self._is_zoomed or not self._is_fitting

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        style = GraphStyle(theme)
        self.scene.restyle(style)
        self.scene.setBackgroundBrush(theme.canvas)


def _folds_of_both(first: Net, second: Net) -> tuple[FoldPlan, FoldPlan]:
    """What folds in both nets to the same layers; else a box would stand beside several."""
    plans = plan_folds(first), plan_folds(second)
    known = [
        {(group.key, tuple(net.layers[i].name for i in group.layers)) for group in plan.groups}
        for plan, net in zip(plans, (first, second), strict=True)
    ]
    keys = {key for key, _ in known[0] & known[1]}
    kept = [
        FoldPlan(
            *(
                tuple(group for group in level if group.key in keys)
                for level in (plan.stages, plan.blocks, plan.chains)
            )
        )
        for plan in plans
    ]
    return kept[0], kept[1]


def _indices(row: ComparisonRow) -> IndexPair:
    before, after = row.pair.before, row.pair.after
    return before.index if before else None, after.index if after else None

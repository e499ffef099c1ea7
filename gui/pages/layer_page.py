"""The Layer page: layers around the selected one, and the views of it, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.pages.layer_strip import LayerStrip
from gui.pages.layer_views import FOLDER, MATRIX, VALUES_VIEW, LayerViewBar
from gui.pages.splitter import ShareSplitter
from gui.panels.activations.channel_view import LEAST_SIDE, SIDE, SMALL_SIDE
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.channels.matrix_view import MatrixView
from gui.panels.channels.strip import TopStrip
from gui.panels.histogram.panel import HistogramPanel
from gui.theme import ThemeKeeper

SHARE_OF_TILES = 0.55
SMALL_BELOW = 720
"""Pixels of height under which picture and channel are small, so that the histogram has room."""
LEAST_BELOW = 520
"""Of a low window under an opened list of notices."""
TOP_BELOW = 460
"""Pixels under which the top images leave their room to the histogram."""
BARE_BELOW = 400
"""Pixels under which picture and channel leave it too, rather than run into one another."""


class LayerPage(QWidget):
    """Strip and view bar; in Values tiles at the left, the chosen channel and its numbers right."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        activations: ActivationsPanel,
        histogram: HistogramPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.strip = LayerStrip(keeper)
        self.view_bar = LayerViewBar(keeper)
        self.top_strip = TopStrip(keeper)
        self.matrix = MatrixView(keeper)
        self._stack = QStackedWidget()
        self._views: dict[str, QWidget] = {}
        self._areas: dict[str, tuple[QWidget, ...]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.view_bar)
        column.addWidget(self._stack, 1)
        self.view_bar.shown.connect(self._show)
        self._add_values(activations, histogram)
        self.view_bar.over.chosen.connect(self._on_over)
        self.view_bar.form.chosen.connect(lambda _form: self._show_form())

    @property
    def view(self) -> str:
        """The key of the view that shows."""
        return self.view_bar.views.current

    @property
    def areas(self) -> tuple[QWidget, ...]:
        """What F6 walks through, in the view that shows."""
        bar = () if self.view_bar.isHidden() else (self.view_bar,)
        of_view = self._areas[self.view]
        if self.view == VALUES_VIEW and self._values.currentWidget() is self.matrix:
            of_view = (self.matrix.canvas, self.matrix.side)
        return (self.strip, *bar, *of_view)

    def add_view(
        self,
        key: str,
        view: QWidget,
        areas: Sequence[QWidget] = (),
        *,
        has_over: bool = False,
        tools: Sequence[QWidget] = (),
    ) -> None:
        """Offer a view; areas: its parts for F6, `view` itself for none named.

        tools: its controls in the view bar.
        """
        self._views[key] = view
        self._areas[key] = tuple(areas) or (view,)
        self._stack.addWidget(view)
        self.view_bar.add_view(key, has_over=has_over)
        self.view_bar.add_tools(key, tools)

    def show_view(self, key: str) -> None:
        """Show one of the views; one that is not there is passed over."""
        self.view_bar.views.choose(key)

    def show_matrix(self) -> None:
        """Show the matrix of images by channels, over the folder."""
        bar = self.view_bar
        bar.views.choose(VALUES_VIEW)
        bar.over.choose(FOLDER)
        bar.form.choose(MATRIX)

    def add_changes(self, panel: QWidget) -> None:
        """What stands in the place of channel and numbers while the net is changed."""
        self._right.addWidget(panel)

    def show_changes(self, *, are_there: bool) -> None:
        """Whether the net is changed by interventions."""
        self._right.setCurrentIndex(1 if are_there and self._right.count() > 1 else 0)

    @pyqtSlot(str)
    def _show(self, key: str) -> None:
        self._stack.setCurrentWidget(self._views[key])
        self._show_form()

    @pyqtSlot(str)
    def _on_over(self, over: str) -> None:
        """Tiles are of one image: over the folder the matrix comes first."""
        self._show_form()
        if over == FOLDER and self.view == VALUES_VIEW:
            self.view_bar.form.choose(MATRIX)

    def _show_form(self) -> None:
        is_over_folder = self.view == VALUES_VIEW and self.view_bar.is_over_folder
        self.view_bar.offer_form(is_there=is_over_folder)
        is_matrix = is_over_folder and self.view_bar.form.current == MATRIX
        self._values.setCurrentIndex(1 if is_matrix else 0)

    def _add_values(self, activations: ActivationsPanel, histogram: HistogramPanel) -> None:
        self._channel = activations.channel
        right = QWidget()
        self._beside = QVBoxLayout(right)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(0)
        self._beside.addWidget(activations.channel)
        self._beside.addWidget(self.top_strip)
        self._beside.addWidget(histogram, 1)
        self._right = QStackedWidget()
        self._right.addWidget(right)
        self.splitter = ShareSplitter(activations, self._right, SHARE_OF_TILES)
        values = QWidget()
        column = QVBoxLayout(values)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(activations.bar)
        column.addWidget(self.splitter, 1)
        self._values = QStackedWidget()
        self._values.addWidget(values)
        self._values.addWidget(self.matrix)
        self.add_view(VALUES_VIEW, self._values, (activations.bar, activations, histogram))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        height = event.size().height()
        small = SMALL_SIDE if height >= LEAST_BELOW else LEAST_SIDE
        self._channel.set_side(SIDE if height >= SMALL_BELOW else small)
        self.top_strip.set_small(is_small=height < SMALL_BELOW)
        self.top_strip.setVisible(height >= TOP_BELOW)
        self._channel.setVisible(height >= BARE_BELOW)
        self._beside.activate()  # at once: a paint between would have the old room for it

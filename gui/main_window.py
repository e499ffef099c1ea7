"""The window: menus, toolbar, docks and status line; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QByteArray, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QFontMetrics,
    QResizeEvent,
)
from PyQt5.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.graph.panel import GraphPanel
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.changes.panel import ChangesPanel
from gui.panels.histogram.panel import HistogramPanel
from gui.panels.inspector.panel import Inspector
from gui.panels.layers.table import LayerTable
from gui.panels.retrieval.panel import RetrievalPanel
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.image_picker import ImagePicker, RecipeLine
from gui.widgets.labels import RichLabel, ThemedLabel
from gui.widgets.notice_bar import NoticeBar
from gui.widgets.plain_text import plain_tip, plain_title, rich
from gui.widgets.status_line import StatusLine
from gui.widgets.tabs import FlatTabs

LEFT_WIDTH, RIGHT_WIDTH, BOTTOM_HEIGHT = 462, 332, 290
LEAST_PANEL_WIDTH = 360
COMPACT_BELOW, NARROW_BELOW = 1400, 1240
LAYOUT_VERSION = 1
FRAME_HEIGHT = 32
"""What a window manager adds at most above a window, in pixels; known only once it is shown."""


@dataclass(frozen=True)
class Panels:
    """Every panel of the window."""

    layer_table: LayerTable
    graph: GraphPanel
    inspector: Inspector
    changes: ChangesPanel
    activations: ActivationsPanel
    histogram: HistogramPanel
    retrieval: RetrievalPanel


class MainWindow(QMainWindow):
    """Holds the panels; dropped files and the wish to close go out."""

    files_dropped = pyqtSignal(list)

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.setObjectName("mainWindow")
        self.setWindowTitle("Blobscope")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(False)
        self.may_close: Callable[[], bool] = lambda: True
        self.actions_ = Actions(keeper, self)
        self.panels = self._make_panels()
        self.notice_bar = NoticeBar(keeper)
        self.status_line = StatusLine(keeper)
        self.image_picker = ImagePicker(keeper)
        self.recipe_line = RecipeLine(keeper)
        self.phase_box, self.engine_box, self.device_box = Choice(), Choice(), Choice()
        self.document_title = RichLabel(keeper, "", "secondary")
        self._tool_labels: list[ThemedLabel] = []
        self.menus = self.actions_.fill_menu_bar(self.menuBar())
        self.recent_menu = self._add_recent_menu()
        self._add_document_title()
        self._add_toolbar()
        self._add_centre()
        self._add_docks()
        self._add_status()
        self._hidden_by_maximise: list[QWidget] = []
        self._layout_before: QByteArray | None = None
        self.actions_["maximise"].toggled.connect(self._maximise)
        self.set_default_layout()

    def _make_panels(self) -> Panels:
        keeper = self._keeper
        return Panels(
            LayerTable(keeper),
            GraphPanel(keeper),
            Inspector(keeper),
            ChangesPanel(keeper),
            ActivationsPanel(keeper),
            HistogramPanel(keeper),
            RetrievalPanel(keeper),
        )

    def _add_recent_menu(self) -> QMenu:
        menu = QMenu("Open recent", self)
        self.menus["File"].insertMenu(self.actions_["open_demo"], menu)
        return menu

    def _add_document_title(self) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 12, 0)
        row.addWidget(self.document_title, 0, Qt.AlignVCenter)
        holder.setFixedHeight(self.menuBar().sizeHint().height() - 1)
        self.menuBar().setCornerWidget(holder, Qt.TopRightCorner)
        self._corner = holder

    def _add_toolbar(self) -> None:
        bar = QToolBar("Main", self)
        bar.setObjectName("mainToolbar")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setVisible(False)
        bar.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        bar.setIconSize(QSize(16, 16))
        self._add_left_tools(bar)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Preferred)
        bar.addWidget(spacer)
        for text, box in (
            ("Phase", self.phase_box),
            ("Engine", self.engine_box),
            ("Device", self.device_box),
        ):
            bar.addWidget(self._labelled(text, box))
        bar.addAction(self.actions_["keys"])
        self.addToolBar(Qt.TopToolBarArea, bar)
        self.setContextMenuPolicy(Qt.NoContextMenu)
        self.toolbar = bar
        for action_id in ("undo", "redo", "keys"):
            self._style_tool(action_id, Qt.ToolButtonIconOnly)

    def _add_left_tools(self, bar: QToolBar) -> None:
        for entry in ("open_model", "open_image", "|", "undo", "redo", "|", "extract",
                      "rename_all", "|"):  # fmt: skip
            if entry == "|":
                bar.addSeparator()
            else:
                bar.addAction(self.actions_[entry])
        bar.addWidget(self.image_picker)
        bar.addWidget(self.recipe_line)
        bar.addAction(self.actions_["forward"])

    def _style_tool(self, action_id: str, style: Qt.ToolButtonStyle) -> None:
        button = self.toolbar.widgetForAction(self.actions_[action_id])
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(style)

    def _labelled(self, text: str, box: QComboBox) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(6, 0, 2, 0)
        row.setSpacing(5)
        label = ThemedLabel(self._keeper, text, "secondary")
        label.setBuddy(box)
        self._tool_labels.append(label)
        box.setAccessibleName(text)
        box.setToolTip(plain_tip(text))
        box.setSizeAdjustPolicy(QComboBox.AdjustToContents)
        row.addWidget(label)
        row.addWidget(box)
        return holder

    def _add_centre(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice_bar)
        column.addWidget(self.panels.graph, 1)
        centre.setMinimumSize(240, 120)
        self.setCentralWidget(centre)

    def _add_docks(self) -> None:
        self.setCorner(Qt.BottomLeftCorner, Qt.LeftDockWidgetArea)
        self.setCorner(Qt.BottomRightCorner, Qt.RightDockWidgetArea)
        self.right_tabs = FlatTabs(self._keeper)
        self.right_tabs.add_panel(self.panels.inspector, "Inspector")
        self.right_tabs.add_panel(self.panels.changes, "Changes")
        self.bottom_tabs = FlatTabs(self._keeper)
        self.bottom_tabs.add_panel(self.panels.activations, "Activations", "grid")
        self.bottom_tabs.add_panel(self.panels.histogram, "Histogram", "bars")
        self.bottom_tabs.add_panel(self.panels.retrieval, "Retrieval", "search")
        for panel in (self.panels.activations, self.panels.histogram, self.panels.retrieval):
            panel.setMinimumWidth(LEAST_PANEL_WIDTH)  # else the widest rules over the docks
        self._maximise_button = IconButton(self._keeper, "fit", "Panel takes the whole window")
        self._maximise_button.clicked.connect(self.actions_["maximise"].toggle)
        self.bottom_tabs.set_corner(self._maximise_button)
        self.left_dock = self._dock("Layers", "layers", self.panels.layer_table)
        self.right_dock = self._dock("Inspector and changes", "inspector", self.right_tabs)
        self.bottom_dock = self._dock("Panels", "bottom", self.bottom_tabs)
        self.addDockWidget(Qt.LeftDockWidgetArea, self.left_dock)
        self.addDockWidget(Qt.RightDockWidgetArea, self.right_dock)
        self.addDockWidget(Qt.BottomDockWidgetArea, self.bottom_dock)
        for action_id, dock in (
            ("show_layers", self.left_dock),
            ("show_inspector", self.right_dock),
            ("show_bottom", self.bottom_dock),
        ):
            self.actions_[action_id].setChecked(True)
            self.actions_[action_id].toggled.connect(dock.setVisible)

    def _dock(self, title: str, name: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setFeatures(QDockWidget.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget())
        dock.setWidget(widget)
        return dock

    def _add_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self.status_line, 1)
        bar.setContentsMargins(0, 0, 0, 0)

    def set_default_layout(self) -> None:
        """The sizes of the design, as far as the window has room."""
        self.actions_["maximise"].setChecked(False)
        for action_id in ("show_layers", "show_inspector", "show_bottom"):
            self.actions_[action_id].setChecked(True)
        scale = min(1.0, max(0.72, self.width() / 1440))
        # the design's font has digits 7 pixels wide; wider ones push the parameters out of view
        digit = QFontMetrics(text_font(12)).horizontalAdvance("0" * 10) / 70
        wider = min(1.06, max(1.0, digit)) if scale == 1.0 else 1.0
        self.resizeDocks(
            [self.left_dock, self.right_dock],
            [round(LEFT_WIDTH * scale * wider), round(RIGHT_WIDTH * min(1.0, scale + 0.06))],
            Qt.Horizontal,
        )
        self.resizeDocks([self.bottom_dock], [BOTTOM_HEIGHT], Qt.Vertical)

    def fit_into(self, room: QRect) -> None:
        """Take the whole screen where the window at its size would reach beyond `room`.

        Qt keeps a size of another screen, or gives up where that was much larger.
        """
        if self.isMaximized() or self.isFullScreen():
            return
        frame = QSize(self.width(), self.height() + FRAME_HEIGHT)
        if frame.width() <= room.width() and frame.height() <= room.height():
            return
        self.resize(self.size().boundedTo(room.size() - QSize(0, FRAME_HEIGHT)))
        self.move(room.topLeft())
        self.setWindowState(self.windowState() | Qt.WindowMaximized)

    def layout_state(self) -> QByteArray:
        """Sizes of the docks for `restore_layout`; of a maximised panel, those before."""
        if self._layout_before is not None:
            return self._layout_before
        return self.saveState(LAYOUT_VERSION)

    def restore_layout(self, state: QByteArray) -> None:
        """Take sizes that were saved; others than ours are ignored."""
        if self.restoreState(state, LAYOUT_VERSION):
            for action_id, dock in (
                ("show_layers", self.left_dock),
                ("show_inspector", self.right_dock),
                ("show_bottom", self.bottom_dock),
            ):
                self.actions_[action_id].setChecked(not dock.isHidden())

    def show_panel(self, panel: QWidget) -> None:
        """Bring a panel's tab to the front."""
        for tabs, dock_action in (
            (self.right_tabs, "show_inspector"),
            (self.bottom_tabs, "show_bottom"),
        ):
            index = tabs.indexOf(panel)
            if index >= 0:
                self.actions_[dock_action].setChecked(True)
                tabs.setCurrentIndex(index)

    def show_document_title(self, name: str, is_edited: bool) -> None:
        """The file's name at the right of the menus and in the frame of the window."""
        mark = "(edited, not saved)" if is_edited else ""
        self.document_title.setText(rich("{} <b>{}</b>", name, mark) if mark else name)
        whole = f"{name} {mark}".rstrip()
        self.setWindowTitle(plain_title(f"{whole} - Blobscope") if name else "Blobscope")
        self._corner.adjustSize()
        self.menuBar().adjustSize()

    def _maximise(self, is_on: bool) -> None:
        others = [self.left_dock, self.right_dock, self.centralWidget()]
        if is_on:
            self._layout_before = self.layout_state()
            self._hidden_by_maximise = [w for w in others if not w.isHidden()]
            self.actions_["show_bottom"].setChecked(True)
            self.bottom_tabs.currentWidget().setFocus()
            for widget in self._hidden_by_maximise:
                widget.hide()
        else:
            for widget in self._hidden_by_maximise:
                widget.show()
            self._hidden_by_maximise = []
            if self._layout_before is not None:
                before, self._layout_before = self._layout_before, None
                self.restoreState(before, LAYOUT_VERSION)
        for action_id in ("show_layers", "show_inspector", "show_bottom"):
            self.actions_[action_id].setEnabled(not is_on)
        self._maximise_button.set_icon("restore" if is_on else "fit")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_compact = event.size().width() < COMPACT_BELOW
        is_narrow = event.size().width() < NARROW_BELOW
        self.image_picker.set_compact(is_narrow)
        style = Qt.ToolButtonIconOnly if is_narrow else Qt.ToolButtonTextBesideIcon
        for action_id in ("open_model", "open_image", "extract", "rename_all"):
            self._style_tool(action_id, style)
        self.recipe_line.set_compact(is_compact)
        for label in self._tool_labels:
            label.setVisible(not is_compact)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_close():
            event.accept()
        else:
            event.ignore()

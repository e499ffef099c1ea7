"""The window: menus, rail, subjects, notices, pages and status line; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from PyQt5.QtCore import QEvent, QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent, QStatusTipEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.dressing import when_dressed
from gui.frame.areas import FocusRing
from gui.frame.bell import BellPopup
from gui.frame.drop_overlay import DropOverlay, local_files
from gui.frame.engine_popup import EnginePopup
from gui.frame.layout_memory import LayoutMemory, Sides, layout_from_json, layout_to_json
from gui.frame.notice_strip import NoticeArea
from gui.frame.placement import FRAME_HEIGHT
from gui.frame.rail import Rail
from gui.frame.sees_popup import SeesPopup
from gui.frame.slide_bar import SlideBar
from gui.frame.subject_bar import SubjectBar
from gui.graph.panel import GraphPanel
from gui.pages.compare_page import ComparePage
from gui.pages.layer_page import LayerPage
from gui.pages.net_page import NetPage
from gui.pages.start_page import StartButton, StartPage
from gui.pages.training_page import TrainingPage
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.changes.panel import ChangesPanel
from gui.panels.histogram.panel import HistogramPanel
from gui.panels.histogram.small import SmallHistogram
from gui.panels.inspector.panel import Inspector
from gui.panels.layers.table import LayerTable
from gui.panels.retrieval.panel import RetrievalPanel
from gui.present.presenter import Presenter
from gui.present.view import PresentView
from gui.theme import ThemeKeeper
from gui.widgets.choice import Choice
from gui.widgets.keyboard import moved_by_key
from gui.widgets.labels import RichLabel
from gui.widgets.plain_text import plain_title, rich
from gui.widgets.precision_choice import COARSER_PRECISIONS, precision_title
from gui.widgets.status_line import StatusLine

LEAST_SIZE = QSize(1100, 640)
COMPARED_ENGINES = (
    *((name, f"{precision_title(name)} PyTorch") for name in COARSER_PRECISIONS),
    ("caffe", "your own Caffe"),
)
"""What the Compare page holds against float32 PyTorch."""
WITHOUT_NET = frozenset({"training", "compare"})
"""Pages that are of use while no net is open."""


@dataclass(frozen=True)
class Panels:
    """Every panel of the window."""

    layer_table: LayerTable
    graph: GraphPanel
    inspector: Inspector
    glance: SmallHistogram
    changes: ChangesPanel
    activations: ActivationsPanel
    histogram: HistogramPanel
    retrieval: RetrievalPanel


class MainWindow(QMainWindow):
    """Holds the pages and what stands around them; dropped files and the wish to close go out."""

    files_dropped = pyqtSignal(list)
    page_shown = pyqtSignal(str)
    last_session_button: StartButton
    """Of the start page; made with the other tools."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.setObjectName("mainWindow")
        self.setWindowTitle("Blobscope")
        self.setAcceptDrops(True)
        self.setMinimumSize(LEAST_SIZE)
        self.setContextMenuPolicy(Qt.NoContextMenu)
        self.may_close: Callable[[], bool] = lambda: True
        self.actions_ = Actions(keeper, self)
        self.panels = self._make_panels()
        self.rail = Rail(keeper)
        self.subjects = SubjectBar(keeper)
        self.slide_bar = SlideBar(keeper)
        self.notice_bar = NoticeArea(keeper)
        self.status_line = StatusLine(keeper)
        self.engine_popup = EnginePopup(keeper, self)
        self.bell_popup = BellPopup(keeper, self)
        self.sees_popup = SeesPopup(keeper, self)
        self.phase_box = Choice()
        self.document_title = RichLabel("", "secondary")
        self._page, self._has_net = "net", False
        self._layout = LayoutMemory()
        self._shown_width = 0
        self.menus = self.actions_.fill_menu_bar(self.menuBar())
        self.recent_menu = self._add_recent_menu()
        self._add_document_title()
        self._add_pages()
        self._add_frame()
        self.presenter = Presenter(
            self, self._stack, self.present,
            (self.menuBar(), self.rail, self.subjects, self.statusBar()), self.notice_bar,
            (self.net_page.left, self.net_page.right),
        )  # fmt: skip
        self.drop_overlay = DropOverlay(keeper, self)
        self.drop_overlay.watch(self.panels.retrieval)
        self.focus_ring = FocusRing(keeper, self)
        self._connect()
        self.set_default_layout()

    def _make_panels(self) -> Panels:
        keeper = self._keeper
        glance = SmallHistogram(keeper)
        return Panels(
            LayerTable(keeper),
            GraphPanel(keeper),
            Inspector(keeper, glance),
            glance,
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
        bar = self.menuBar()
        when_dressed(lambda: holder.setFixedHeight(bar.sizeHint().height() - 1))
        bar.setCornerWidget(holder, Qt.TopRightCorner)
        self._corner = holder

    def _add_pages(self) -> None:
        panels, keeper = self.panels, self._keeper
        self.net_page = NetPage(
            keeper, panels.layer_table, panels.graph, panels.inspector, panels.changes
        )
        self.layer_page = LayerPage(keeper, panels.activations, panels.histogram)
        self.training_page = TrainingPage(keeper)
        self.compare_page = ComparePage(keeper, COMPARED_ENGINES)
        self.pages: dict[str, QWidget] = {
            "net": self.net_page,
            "layer": self.layer_page,
            "retrieval": panels.retrieval,
            "training": self.training_page,
            "compare": self.compare_page,
        }
        self.start_page = StartPage(keeper)
        self.present = PresentView(keeper)
        self._stack = QStackedWidget()
        for page in (*self.pages.values(), self.start_page, self.present):
            self._stack.addWidget(page)

    def _add_frame(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.subjects)
        right.addWidget(self.slide_bar)
        right.addWidget(self.notice_bar)
        right.addWidget(self._stack, 1)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(right, 1)
        self.setCentralWidget(centre)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self.status_line, 1)
        bar.setContentsMargins(0, 0, 0, 0)

    def _connect(self) -> None:
        actions = self.actions_
        self.rail.page_chosen.connect(self.show_page)
        for page in self.pages:
            actions.on(f"page_{page}", partial(self.show_page, page))
        for action_id, side in (
            ("show_layers", self.net_page.left),
            ("show_inspector", self.net_page.right),
        ):
            actions[action_id].setChecked(True)
            actions[action_id].toggled.connect(lambda is_on, s=side: s.set_folded(not is_on))
            side.folded.connect(lambda is_folded, a=actions[action_id]: a.setChecked(not is_folded))
        actions.on("pick_layer", self.subjects.layer.open_picker)
        layers, left = self.panels.layer_table, self.net_page.left
        layers.fold_requested.connect(lambda: left.set_folded(True))
        layers.width_requested.connect(self.net_page.widen_left)
        self.status_line.engine_clicked.connect(self._open_engine_popup)
        self.status_line.bell_clicked.connect(self._open_bell)

    @property
    def page(self) -> str:
        """The page that is shown."""
        return self._page

    def show_page(self, page: str) -> None:
        """Show a page and mark it in the rail; without a net, what there is to open."""
        self._page = page
        has_it = self._has_net or page in WITHOUT_NET
        shown = self.pages[page] if has_it else self.start_page
        if self.presenter.is_on:
            self.presenter.show(shown)
        else:
            self._stack.setCurrentWidget(shown)
        self.rail.show_page(page)
        self.page_shown.emit(page)

    def show_net_there(self, has_net: bool) -> None:
        """Whether there is a net for the pages to show."""
        if has_net != self._has_net:
            self._has_net = has_net
            self.show_page(self._page if has_net or self._page in WITHOUT_NET else "net")

    def show_panel(self, panel: QWidget) -> None:
        """Show the page that a panel is on, with its side open and its tab in front."""
        for name, page in self.pages.items():
            if page is panel or page.isAncestorOf(panel):
                self.show_page(name)
        tabs = self.net_page.tabs
        if tabs.indexOf(panel) >= 0:
            self.net_page.right.set_folded(False)
            tabs.setCurrentIndex(tabs.indexOf(panel))

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """Enable the actions and pages that can be used now; the others say why not."""
        self.actions_.set_facts(facts)
        self.rail.set_facts(facts)

    def set_default_layout(self) -> None:
        """The sizes of the design."""
        self._take_layout(LayoutMemory(page=self.page))

    def layout_state(self) -> str:
        """Page, widths and folds for `restore_layout`."""
        self._note_sides()
        split = min(0.9, max(0.1, self.layer_page.splitter.share))
        kept = replace(
            self._layout, page=self.page, layer_split=split, layer_view=self.layer_page.view
        )
        return layout_to_json(kept)

    def restore_layout(self, state: str) -> None:
        """Take what `layout_state` gave; anything else is ignored."""
        memory = layout_from_json(state)
        if memory is not None:
            self._take_layout(memory)

    def fit_into(self, room: QRect) -> None:
        """Take the whole screen where the window at its size would reach beyond `room`.

        Qt keeps a size of another screen, or gives up where that was much larger.
        """
        if self.isMaximized() or self.isFullScreen():
            return
        frame = QSize(self.width(), self.height() + FRAME_HEIGHT)
        if frame.width() <= room.width() and frame.height() <= room.height():
            return
        self.setMinimumSize(self.minimumSize().boundedTo(room.size() - QSize(0, FRAME_HEIGHT)))
        self.resize(self.size().boundedTo(room.size() - QSize(0, FRAME_HEIGHT)))
        self.move(room.topLeft())
        self.setWindowState(self.windowState() | Qt.WindowMaximized)

    def show_document_title(self, name: str, is_edited: bool) -> None:
        """The file's name at the right of the menus and in the frame of the window."""
        mark = "(edited, not saved)" if is_edited else ""
        self.document_title.setText(rich("{} <b>{}</b>", name, mark) if mark else name)
        whole = f"{name} {mark}".rstrip()
        self.setWindowTitle(plain_title(f"{whole} - Blobscope") if name else "Blobscope")
        self._corner.adjustSize()
        self.menuBar().adjustSize()

    def _take_layout(self, memory: LayoutMemory) -> None:
        self._layout = memory
        if memory.page in self.pages:
            self.show_page(memory.page)
        self._show_sides()
        self.layer_page.splitter.set_share(memory.layer_split)
        self.layer_page.show_view(memory.layer_view)

    def _show_sides(self) -> None:
        sides = self._layout.sides(self.width())
        page = self.net_page
        page.left.set_folded(sides.is_left_folded)
        page.right.set_folded(sides.is_right_folded)
        page.set_side_widths(sides.left, sides.right)
        self._shown_width = self.width()

    def _note_sides(self) -> None:
        """Remember the sides for windows as wide as the one they were set in."""
        page = self.net_page
        left, right = page.side_widths
        sides = Sides(left, right, page.left.is_folded, page.right.is_folded)
        self._layout = self._layout.with_sides(self._shown_width or self.width(), sides)

    def _open_engine_popup(self) -> None:
        place = self.status_line.mapToGlobal(QPoint(6, 0))
        self.engine_popup.open_above(place)

    def _open_bell(self) -> None:
        self.bell_popup.open_above(self.status_line.mapToGlobal(QPoint(self.width() - 6, 0)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            self.status_line.set_tip(event.tip())
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        with moved_by_key():
            return bool(super().focusNextPrevChild(forward))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        before, now = self._shown_width, event.size().width()
        if (
            before
            and not self.presenter.is_on
            and self._layout.sides(before) is not self._layout.sides(now)
        ):
            self._note_sides()
            self._show_sides()
        self._shown_width = now

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            _accept_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        paths = local_files(event.mimeData())
        if paths:
            _accept_copy(event)
            self.files_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.setAccepted(bool(self.may_close()))


def _accept_copy(event: QDropEvent) -> None:
    """Take files as a copy: a file manager that was asked to move would delete them."""
    event.setDropAction(Qt.CopyAction)
    event.accept()

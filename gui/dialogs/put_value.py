"""What is to stand in the place of a channel or of a whole value: an image's, or a layer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.layer_list import LayerList
from gui.widgets.layer_rows import LayerRow
from gui.widgets.picture_choice import PictureChoice
from gui.widgets.segments import Segments

TITLE = "Put another value in its place"
CHANNEL, WHOLE = "channel", "whole"
NO_LAYER = "No other layer has a value of this shape."
DROP = "or drop one on this window"
WIDTH = 560


@dataclass(frozen=True)
class PutView:
    """What can be put where.

    layer, channel: of what is replaced; channel None for a value without channels. shape: of the
    whole value, in words. rows: of the values that fit. pictures: images at hand. now: what stands
    there now, in words, "" for what the net gives.
    """

    layer: str
    channel: int | None
    shape: str
    rows: tuple[LayerRow, ...]
    pictures: tuple[Path, ...]
    now: str = ""


class PutDialog(FramedDialog):
    """Each choice is carried out at once; the window stays open for the next."""

    image_requested = pyqtSignal()
    image_chosen = pyqtSignal(object)
    layer_chosen = pyqtSignal(str, str)
    scope_changed = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(keeper, TITLE, parent=parent)
        self._rows: Sequence[LayerRow] = ()
        self.scope = Segments(keeper, "In whose place")
        self.scope.add(CHANNEL, "channel")
        self.scope.add(WHOLE, "all")
        self.now = ThemedLabel("", "secondary")
        self.image_head = SectionHeader("Another image's value there")
        self.pictures = PictureChoice(keeper, store, "Image")
        self.open_button = Button(keeper, "Open image…", "image")
        self.layer_head = SectionHeader("Another layer's value")
        self.layers = LayerList(keeper)
        self.none = ThemedLabel(NO_LAYER, "secondary")
        self.setAcceptDrops(True)
        self.setFixedWidth(WIDTH)
        self._lay_out()
        self.scope.chosen.connect(lambda _key: self.scope_changed.emit())
        self.open_button.clicked.connect(lambda: self.image_requested.emit())
        self.pictures.taken.connect(self.image_chosen)
        self.layers.taken.connect(self.layer_chosen)

    @property
    def is_whole(self) -> bool:
        """Whether all of the value is replaced, not the chosen channel alone."""
        return self.scope.current == WHOLE

    def show_view(self, view: PutView) -> None:
        """Offer what fits."""
        has_channel = view.channel is not None
        self.scope.set_words(CHANNEL, f"channel {view.channel}" if has_channel else "channel")
        self.scope.set_words(WHOLE, f"all of {view.layer}")
        self.scope.set_shown(CHANNEL, is_shown=has_channel)
        self.now.setText(f"Now: {view.now}" if view.now else "Now: what the net gives")
        self.pictures.show_paths(view.pictures)
        self.layer_head.set_note(view.shape)
        if self._rows != view.rows:  # a list that is searched keeps its words
            self._rows = view.rows
            self.layers.show_rows(view.rows)
            self.layers.fit_height()
        self.layers.setVisible(bool(view.rows))
        self.none.setVisible(not view.rows)
        self.adjustSize()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.setDropAction(Qt.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _dropped(event)
        if paths:
            event.accept()
            self.image_chosen.emit(paths[0])

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.scope)
        top.addWidget(self.now, 1)
        self.body.addLayout(top)
        self.body.addWidget(self.image_head)
        self.body.addWidget(self.pictures)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.open_button)
        line.addWidget(ThemedLabel(DROP, "secondary"), 1)
        self.body.addLayout(line)
        self.body.addWidget(self.layer_head)
        self.body.addWidget(self.none)
        self.body.addWidget(self.layers)


def _dropped(event: QDropEvent) -> list[Path]:
    """The files of this computer that are dragged."""
    mime = event.mimeData()
    urls = [] if mime is None else mime.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]

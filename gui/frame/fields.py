"""The subjects of the window: net, layer, image, what the net sees of it, and gallery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QPoint, pyqtSignal
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QAction, QMenu, QWidget

from gui.frame.subject_field import SubjectField
from gui.icons import icon
from gui.theme import ThemeKeeper
from gui.widgets.layer_picker import LayerPicker
from gui.widgets.layer_rows import LayerRow
from gui.widgets.plain_text import add_plain

_GUESSED = "guessed"


class MenuField(SubjectField):
    """A subject whose list is a menu of the window's actions."""

    def __init__(
        self, keeper: ThemeKeeper, caption: str, width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(keeper, caption, width, parent)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.clicked.connect(lambda: self.open_list())

    @property
    def menu_entries(self) -> tuple[str, ...]:
        """What the list offers, in order."""
        return tuple(action.text() for action in self._menu.actions() if not action.isSeparator())

    def open_list(self) -> None:
        """Open the menu under the field."""
        self.fill()
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def fill(self) -> None:
        """Bring the menu up to date before it opens."""

    def add_actions(self, actions: Sequence[QAction | QMenu | None]) -> None:
        """Offer these actions and menus; None is a line between groups."""
        for action in actions:
            if action is None:
                self._menu.addSeparator()
            elif isinstance(action, QMenu):
                self._menu.addMenu(action)
            else:
                self._menu.addAction(action)


class ImageField(MenuField):
    """The image that forward passes read; its list has those of before."""

    image_chosen = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, width: int, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "Image", width, parent)
        self._images: tuple[Path, ...] = ()
        self._extra: tuple[QAction, ...] = ()
        self._path: Path | None = None
        self._place = ""
        self.show_image(None, None)

    @property
    def name(self) -> str:
        """The file name shown, "" for no image."""
        return self.value

    def show_image(self, path: Path | None, thumbnail: QImage | None) -> None:
        """Show an image by its file name and, once decoded, its thumbnail."""
        self._path = path
        self._show_name()
        self.show_picture(thumbnail)

    def show_place(self, words: str) -> None:
        """Which of how many images it is: "3 of 24"."""
        self._place = words
        self._show_name()

    def _show_name(self) -> None:
        path = self._path
        tip = str(path) if path else "Open, paste or drop an image to run the net on (Ctrl+I)"
        self.show_value(path.name if path else "", self._place if path else "", tip=tip)

    def offer_actions(self, actions: Sequence[QAction]) -> None:
        """What the list offers above the images of before."""
        self._extra = tuple(actions)

    def set_images(self, paths: Sequence[Path]) -> None:
        """What the list offers."""
        self._images = tuple(paths)

    def fill(self) -> None:
        self._menu.clear()
        colour = self._keeper.theme.text
        self._menu.addActions(self._extra)
        if self._images:
            self._menu.addSection("Recent images")
        for path in self._images:
            action = add_plain(self._menu, path.name, str(path))
            action.setIcon(icon("image", colour))
            action.triggered.connect(lambda _checked=False, p=path: self.image_chosen.emit(p))


class SeesField(SubjectField):
    """How a picture becomes the net's input; a click opens the recipe."""

    def __init__(self, keeper: ThemeKeeper, width: int, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "What the net sees", width, parent)
        self._line = ""
        self.show_nothing_as("nothing yet")

    @property
    def line(self) -> str:
        """The whole recipe in words."""
        return self._line

    def set_line(self, short: str, line: str, *, is_guessed: bool = False) -> None:
        """Show a recipe in a few characters; the tooltip holds all of it."""
        self._line = line
        self.show_value(short, tip=f"Preprocessing: {line or 'none'} (Ctrl+P)")
        self.show_note(_GUESSED if is_guessed and short else "", "Net sees")


class LayerField(SubjectField):
    """The layer and version that is looked at; its list finds any other."""

    layer_chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, width: int, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "Layer", width, parent)
        self.picker = LayerPicker(keeper, self)
        self.rows_wanted: Callable[[], Sequence[LayerRow]] = tuple
        self._name = ""
        self.picker.value_chosen.connect(lambda layer, _top: self.layer_chosen.emit(layer))
        self.clicked.connect(lambda: self.open_picker())

    def show_layer(self, name: str, blob: str, family: str | None, tip: str = "") -> None:
        """Show a layer, the blob version that it writes, and the sign of its family."""
        self._name = name
        self.show_value(name, f"· {blob}" if blob else "", tip or "Select a layer (Ctrl+L)")
        self.show_family(family)

    def open_picker(self) -> None:
        """Open the list of layers under the field."""
        rows = self.rows_wanted()
        if rows:
            place = self.mapToGlobal(QPoint(0, self.height()))
            self.picker.open_at(place, rows, (self._name, ""))

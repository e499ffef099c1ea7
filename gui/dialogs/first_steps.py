"""First steps: what to do in which order, what each page is for, and the words that stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gui.actions import ROWS
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.scroll_column import ScrollColumn


class Step(NamedTuple):
    """What it is, in words, and the actions of the menus that do it, by id."""

    name: str
    words: str
    actions: tuple[str, ...] = ()


STEPS = (
    Step("1  Open a net", "Open or drop a prototxt; a caffemodel that lies beside it is offered. "
         "The demo is a small trained net with images to search.", ("open_model", "open_demo")),
    Step("2  See its graph", "A bracket joins layers that write one blob in place. A crossed eye "
         "marks a value that pycaffe can't return after a forward pass; a click on the badge gives "
         "it a blob of its own. Verify proves that nothing else changed.",
         ("page_net", "rename_all", "verify")),
    Step("3  Open an image", "Forward runs the net on it. Look at What the net sees: where it says "
         "guessed, no file says how the image is to be prepared, so choose a preset.",
         ("open_image", "forward", "recipe")),
    Step("4  Look into a layer", "Every channel, what it sees of the image, histograms before and "
         "after a ReLU, weights, gradients, and all layers in one table.", ("page_layer",)),
    Step("5  Search images", "Choose a folder and let a layer read it. A click on an image ranks "
         "all others; images in folders by kind, or a table of labels, give AP and mAP. Sweep "
         "measures every layer.", ("index_folder", "page_retrieval")),
    Step("6  Train and compare", "Training goes from a folder for each class to a proof of what "
         "was gained. Compare sets two prototxts, weights, or engines against each other.",
         ("page_training", "page_compare")),
    Step("Anywhere", "Everything can be reached by keys; a control that can't act says why when "
         "the mouse rests on it. The bell keeps what was said.", ("keys",)),
)  # fmt: skip
WORDS = (
    Step("fc7@1", "The value that the second writer of blob fc7 leaves there; fc7@0 is the "
         "first's."),
    Step("filler values", "What a net without weights runs on. Its scores mean nothing."),
    Step("recipe", "How an image becomes the input: size, crop, order of the channels, mean, "
         "scale."),
    Step("gallery", "A folder of images, described by a layer and a pooling; kept, so that it is "
         "read only once."),
    Step("AP, mAP", "How well a ranking puts images of the query's label first, 100 % at best; "
         "the mean over all queries."),
)  # fmt: skip


def ways(step: Step) -> tuple[str, ...]:
    """Where the menus have it, with its keys: "File, Open model (Ctrl+O)"."""
    rows = {row.id: row for row in ROWS}
    found = []
    for name in step.actions:
        row = rows[name]
        keys = [QKeySequence(key).toString(QKeySequence.NativeText) for key in row.shortcuts]
        said = f"{row.menu}, {row.text.rstrip('…')}"
        found.append(f"{said} ({keys[0]})" if keys else said)
    return tuple(found)


class FirstStepsDialog(FramedDialog):
    """Steps with where to find them, then the words of the window."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "First steps", parent=parent)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 12, 0)
        for title, steps in (("In this order", STEPS), ("Words", WORDS)):
            column.addWidget(SectionHeader(title))
            column.addLayout(self._grid(steps))
        column.addStretch(1)
        self.body.addWidget(ScrollColumn(content))
        self.resize(720, 620)

    def _grid(self, steps: Sequence[Step]) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(8)
        for y, step in enumerate(steps):
            grid.addWidget(ThemedLabel(step.name, semibold=True), y, 0, Qt.AlignTop)
            labels = [ThemedLabel(step.words)]
            if step.actions:
                labels.append(ThemedLabel("; ".join(ways(step)), "secondary", pixels=11))
            cell = QVBoxLayout()
            cell.setSpacing(2)
            for label in labels:
                label.setWordWrap(True)
                cell.addWidget(label)
            grid.addLayout(cell, y, 1)
        grid.setColumnMinimumWidth(0, 150)
        grid.setColumnStretch(1, 1)
        return grid

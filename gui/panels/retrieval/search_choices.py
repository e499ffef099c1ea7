"""How the gallery is searched: expansion, re-ranking and the rest, and the images of one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtGui import QStandardItemModel
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.retrieval.backends.contract import EXACT, BackendChoice
from core.retrieval.expansion import Expansion
from core.retrieval.fusion import FUSION_WORDS, UNLIKE_WEIGHT, Fusion
from core.retrieval.reranking import Diffusion, KReciprocal
from core.retrieval.search_steps import NOTHING, SearchSteps
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.labels import ElidedLabel, SectionHeader, ThemedLabel
from gui.widgets.plain_text import plain_tip

_NAME_WIDTH = 76
NEAREST, AUGMENTED, EXPANDED, RERANKED = "backend", "augmentation", "expansion", "reranking"
OPTIONS: dict[str, tuple[str, tuple[tuple[str, Any, str], ...]]] = {
    NEAREST: (
        "Nearest",
        (
            ("exact", EXACT, "Every descriptor is compared"),
            ("approximate", BackendChoice("faiss"),
             "A few of many lists of like descriptors are looked through (faiss IVF-Flat); how "
             "much this finds is measured and said"),
        ),
    ),
    EXPANDED: (
        "Expansion",
        (
            ("none", None, "The query as it is"),
            ("average of 5", Expansion(5), "The mean of the query and its 5 best answers"),
            ("average of 10", Expansion(10), "The mean of the query and its 10 best answers"),
            ("10 by rank", Expansion(10, "rank"), "Its 10 best answers, the first weigh most"),
            ("alpha 3, 10", Expansion(10, "alpha"),
             "Its 10 best answers, weighed by their cosine to the power of 3"),
        ),
    ),
    RERANKED: (
        "Re-ranking",
        (
            ("none", None, "The order of the cosines"),
            ("k-reciprocal", KReciprocal(), "By neighbours that are mutual (Zhong et al., 2017)"),
            ("diffusion", Diffusion(),
             "By spreading over the graph of neighbours (Iscen et al., 2017)"),
        ),
    ),
    AUGMENTED: (
        "Augmented",
        (
            ("none", 0, "The descriptors as they are"),
            ("by 5 images", 5, "Each descriptor with its 5 nearest, the first weigh most"),
            ("by 10 images", 10, "Each descriptor with its 10 nearest, the first weigh most"),
            ("by 20 images", 20, "Each descriptor with its 20 nearest, the first weigh most"),
        ),
    ),
}  # fmt: skip
_QDRANT_TIP = (
    "A server of yours searches, to which the descriptors are brought first; how much it finds is "
    "measured and said"
)
_FUSIONS: tuple[tuple[str, Fusion], ...] = (("mean", "mean"), ("nearest of them", "max"))


@dataclass(frozen=True)
class SearchView:
    """What the ranking is of: the steps, the images that are one query, those it is not like.

    told: what is known of the search, as of its recall. why_not: why an option can't be chosen, by
    its key and value.
    """

    steps: SearchSteps = NOTHING
    together: tuple[Path, ...] = ()
    fusion: Fusion = "mean"
    unlike: tuple[Path, ...] = ()
    told: str = ""
    why_not: tuple[tuple[str, Any, str], ...] = ()


class SearchChoices(QWidget):
    """A choice goes out as a wish; the fields say what the ranking is of."""

    steps_requested = pyqtSignal(object)
    server_wanted = pyqtSignal()
    """The address of a server to search on is to be asked for."""
    fusion_requested = pyqtSignal(str)
    dropped = pyqtSignal(object)
    """The path of an image that is to count no more, for or against."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = SearchView()
        self._server = ""
        self.title = SectionHeader("Search")
        self.fields: dict[str, Choice] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.title)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        grid.setColumnStretch(1, 1)
        for row, (key, (name, _)) in enumerate(OPTIONS.items()):
            field = Choice()
            field.setAccessibleName(name)
            _let_shrink(field)
            field.activated.connect(partial(self._ask_for, key))
            self.fields[key] = field
            grid.addWidget(ThemedLabel(name, "secondary"), row, 0)
            grid.addWidget(field, row, 1)
        column.addLayout(grid)
        self.told = ThemedLabel("", "secondary", pixels=11)
        self.told.setWordWrap(True)
        column.addWidget(self.told)
        self.fusion_field = Choice()
        self.fusion_field.setAccessibleName("How several images are one query")
        _let_shrink(self.fusion_field)
        for words, fusion in _FUSIONS:
            self.fusion_field.addItem(words, fusion)
            tip = f"Scored by the {FUSION_WORDS[fusion]}" if fusion == "mean" else (
                "Each image scored by the nearest of them (maximum of cosines)"
            )  # fmt: skip
            place = self.fusion_field.count() - 1
            self.fusion_field.setItemData(place, plain_tip(tip), Qt.ToolTipRole)
        self._together = _Members(keeper, "One query with", self.fusion_field)
        self._unlike = _Members(keeper, f"Not like (Rocchio, {UNLIKE_WEIGHT:g})", None)
        for members in (self._together, self._unlike):
            members.dropped.connect(self.dropped)
            column.addWidget(members)
        self.fusion_field.activated.connect(
            lambda _place: self.fusion_requested.emit(self.fusion_field.currentData())
        )
        self.show_search(SearchView())

    @property
    def shown(self) -> SearchView:
        """What the fields say."""
        return self._shown

    def show_server(self, address: str) -> None:
        """Offer a server that was named before; "" where none was."""
        self._server = address
        self.show_search(self._shown)

    def show_search(self, view: SearchView) -> None:
        """Show what the ranking is of."""
        self._shown = view
        why_not = {(key, value): why for key, value, why in view.why_not}
        for key, (_, options) in OPTIONS.items():
            more = self._servers() if key == NEAREST else ()
            self._fill(key, (*options, *more), getattr(view.steps, key), why_not)
        self.told.setText(view.told)
        self.told.setVisible(bool(view.told))
        with QSignalBlocker(self.fusion_field):
            fusions = [fusion for _, fusion in _FUSIONS]
            self.fusion_field.setCurrentIndex(fusions.index(view.fusion))
        self._together.show_paths(view.together, "counts with the query")
        self._unlike.show_paths(view.unlike, "counts against the query")

    def _servers(self) -> tuple[tuple[str, BackendChoice, str], ...]:
        """A row for each server that is known, and one that asks for another."""
        known = dict.fromkeys(filter(None, (self._shown.steps.backend.server, self._server)))
        ask = "another Qdrant server..." if known else "Qdrant server..."
        rows = [(f"Qdrant at {urlsplit(one).netloc}", one) for one in known]
        return tuple(
            (words, BackendChoice("qdrant", one), f"{one or 'Asks for its address'}. {_QDRANT_TIP}")
            for words, one in (*rows, (ask, ""))
        )

    def _fill(
        self,
        key: str,
        options: Sequence[tuple[str, Any, str]],
        current: Any,
        why_not: dict[tuple[str, Any], str],
    ) -> None:
        field = self.fields[key]
        with QSignalBlocker(field):
            field.clear()
            for place, (words, value, tip) in enumerate(options):
                field.addItem(words, value)
                kind = value.name if isinstance(value, BackendChoice) else value
                why = why_not.get((key, kind), "")
                field.setItemData(place, plain_tip(why or tip), Qt.ToolTipRole)
                model = field.model()
                item = model.item(place) if isinstance(model, QStandardItemModel) else None
                if item is not None:
                    item.setEnabled(not why)
            values = [value for _, value, _ in options]
            place = values.index(current) if current in values else -1
            field.setCurrentIndex(place)
        field.setToolTip(plain_tip(options[place][2] if place >= 0 else ""))

    def _ask_for(self, key: str, place: int) -> None:
        wanted = replace(self._shown.steps, **{key: self.fields[key].itemData(place)})
        shown = self._shown
        self.show_search(shown)  # until it is ranked so
        if wanted.backend == BackendChoice("qdrant"):
            self.server_wanted.emit()
            return
        if wanted != shown.steps:
            self.steps_requested.emit(wanted)


def _let_shrink(field: Choice) -> None:
    """A field of a narrow column is as wide as there is room, however long its options are."""
    field.setMinimumContentsLength(2)
    field.setSizeAdjustPolicy(Choice.AdjustToMinimumContentsLengthWithIcon)


class _Members(QWidget):
    """A heading, and a line for each image with a button that takes it out; hidden without any."""

    dropped = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, words: str, field: QWidget | None) -> None:
        super().__init__()
        self._keeper = keeper
        self._lines: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(1)
        heading = QHBoxLayout()
        heading.setSpacing(6)
        heading.addWidget(ThemedLabel(words, "secondary"))
        if field is None:
            heading.addStretch(1)
        else:
            heading.addWidget(field, 1)
        self._column.addLayout(heading)

    def show_paths(self, paths: Sequence[Path], role: str) -> None:
        """Show these images; role: what they do, for the buttons."""
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = [self._line(path, role) for path in paths]
        for line in self._lines:
            self._column.addWidget(line)
        self.setVisible(bool(paths))

    def _line(self, path: Path, role: str) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(2)
        name = ElidedLabel(path.name)
        name.setToolTip(plain_tip(str(path)))
        button = IconButton(self._keeper, "cross", f"Take out {path.name}, which {role}")
        button.setAccessibleName(f"Take out {path.name}")
        button.clicked.connect(lambda: self.dropped.emit(path))
        row.addWidget(name, 1)
        row.addWidget(button)
        return line

"""The middle of the Data step: what was found of the images, kind by kind, with pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from core.training.data_check import DECIDED, CheckedImage, DataCheck, Finding, Kind
from core.words import plural
from gui.icons import pixmap
from gui.panels.training.file_pictures import FilePictures, PictureFile
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, LinkLabel, PictureLabel, ThemedLabel
from gui.widgets.scroll_column import ScrollColumn

NO_IMAGES = (
    "Choose the images that a net is to learn from. They are checked first: broken, cut off, "
    "doubled or rare ones are shown. Nothing is deleted."
)
TITLES: dict[Kind, str] = {
    "unreadable": "Unreadable",
    "cut off": "Cut off, grey part",
    "not three channels": "Not three channels",
    "tiny": "Tiny",
    "narrow": "Narrow",
    "same picture": "The same picture twice",
    "near-duplicates": "Near-duplicates",
    "few images": "Too few images",
    "imbalance": "Imbalance",
}
_MOST_FILES = 400
"""Of one finding that are shown; the report has the rest."""


class FindingCard(QWidget):
    """A finding: how grave it is, what it is, its files, and what can be decided."""

    decided = pyqtSignal(object, bool)
    """(kind, whether its files stay)."""
    file_opened = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._icon, self._role = "warning", "warning_text"
        self.finding: Finding | None = None
        self._picture = PictureLabel()
        self.title = ThemedLabel(semibold=True)
        self.count = ThemedLabel(role="warning_text", semibold=True)
        self.sentence = ElidedLabel(mode=Qt.ElideRight)
        self.more = LinkLabel("")
        self.link = LinkLabel("")
        self.pictures = FilePictures(keeper, store)
        self._is_open = False
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self.title)
        row.addWidget(self.count)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.more)
        row.addWidget(self.link)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 9)
        column.setSpacing(6)
        column.addLayout(row)
        inner = QHBoxLayout()
        inner.setContentsMargins(24, 0, 0, 0)
        inner.addWidget(self.pictures)
        column.addLayout(inner)
        self.more.clicked.connect(self._turn)
        self.link.clicked.connect(self._decide)
        self.pictures.file_opened.connect(self.file_opened)
        self.pictures.arranged.connect(self._say_more)
        keeper.changed.connect(self._tint)

    def show_finding(self, finding: Finding, images: Mapping[str, CheckedImage]) -> None:
        """Show a finding; images: of the check, by name."""
        self.finding = finding
        is_grave = finding.kind == "unreadable"
        self._icon = "error" if is_grave else "warning"
        self._role = "error_text" if is_grave else "warning_text"
        self.count.set_role(self._role)
        self.title.setText(TITLES[finding.kind])
        self.count.setText(_count_words(finding))
        self.sentence.setText(finding.sentence)
        n_files = finding.n_files
        self.pictures.setVisible(n_files > 0)
        self.pictures.show_groups(_shown(finding, images))
        self._say_more()
        self.link.setVisible(finding.kind in DECIDED)
        self.link.setText(_decision(finding))
        self.setAccessibleName(f"{TITLES[finding.kind]}: {n_files}, {finding.sentence}")
        self._tint()

    def _turn(self) -> None:
        self._is_open = not self._is_open
        self.pictures.set_open(self._is_open)
        self._say_more()

    @pyqtSlot()
    def _say_more(self) -> None:
        self.more.setText("Show fewer" if self._is_open else "Show all")
        self.more.setVisible(self._is_open or self.pictures.n_more > 0)

    def _decide(self) -> None:
        if self.finding is not None:
            self.decided.emit(self.finding.kind, self.finding.is_left_out)

    @pyqtSlot()
    def _tint(self) -> None:
        colour = getattr(self._keeper.theme, self._role)
        self._picture.setPixmap(pixmap(self._icon, colour, 16, self.devicePixelRatioF()))


class ChecksPanel(QWidget):
    """The sentence above, and below a card for each finding."""

    choose_requested = pyqtSignal()
    report_requested = pyqtSignal()
    decided = pyqtSignal(object, bool)
    file_opened = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self.setObjectName("checks")
        self.setAttribute(Qt.WA_StyledBackground)
        self.cards: list[FindingCard] = []
        self.empty = EmptyState(keeper, "curve", NO_IMAGES, "A folder for each class…")
        self._head = QWidget()
        self._head.setObjectName("checksHead")
        self._head.setAttribute(Qt.WA_StyledBackground)
        self._head.setFixedHeight(36)
        self.sentence = ElidedLabel(mode=Qt.ElideRight)
        self.report = LinkLabel("Report…")
        self.report.setToolTip("Save the check with its pictures as one HTML file")
        row = QHBoxLayout(self._head)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(10)
        row.addWidget(ThemedLabel("Checks", semibold=True))
        row.addWidget(self.sentence, 1)
        row.addWidget(self.report)
        self._list = QWidget()
        self._list.setObjectName("checksList")
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.area = ScrollColumn()
        self.area.setWidget(self._list)
        self.area.setAccessibleName("Findings")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.area, 1)
        column.addWidget(self.empty, 1)
        self.empty.clicked.connect(self.choose_requested)
        self.report.clicked.connect(self.report_requested)
        self.show_none()

    def show_none(self) -> None:
        """Nothing is chosen yet."""
        self._show_cards((), {})
        for widget in (self._head, self.area):
            widget.hide()
        self.empty.show()

    def show_progress(self, words: str) -> None:
        """A check runs."""
        self._show_cards((), {})
        self._show_head(words)
        self.report.hide()

    def say(self, words: str) -> None:
        """The sentence above the findings."""
        self._show_head(words)

    def show_check(self, check: DataCheck, words: str) -> None:
        """Show all that was found."""
        self._show_head(words)
        self.report.show()
        self._show_cards(check.findings, {one.image.name: one for one in check.images})

    def _show_head(self, words: str) -> None:
        self.sentence.setText(words)
        self._head.show()
        self.area.show()
        self.empty.hide()

    def _show_cards(self, findings: Sequence[Finding], images: Mapping[str, CheckedImage]) -> None:
        while len(self.cards) < len(findings):
            card = FindingCard(self._keeper, self._store)
            card.decided.connect(self.decided)
            card.file_opened.connect(self.file_opened)
            line = QFrame()
            line.setObjectName("checksLine")
            line.setFixedHeight(1)
            card.layout().addWidget(line)
            self._column.insertWidget(len(self.cards), card)
            self.cards.append(card)
        for place, card in enumerate(self.cards):
            card.setVisible(place < len(findings))
            if place < len(findings):
                card.show_finding(findings[place], images)


def _count_words(finding: Finding) -> str:
    if finding.kind == "same picture" and all(len(group) == 2 for group in finding.groups):
        return plural(len(finding.groups), "pair")
    if finding.kind in ("same picture", "near-duplicates"):
        return plural(len(finding.groups), "group")
    return f"{finding.n_files:,}" if finding.n_files else ""


def _decision(finding: Finding) -> str:
    """What a click on the link does with the files."""
    if finding.kind == "same picture":
        return "Keep all" if finding.is_left_out else "Keep one of each"
    return f"Keep {finding.n_files:,}" if finding.is_left_out else "Leave out"


def _shown(finding: Finding, images: Mapping[str, CheckedImage]) -> list[list[PictureFile]]:
    groups, n_left = [], _MOST_FILES
    for group in finding.groups:
        groups.append([_picture(name, images.get(name)) for name in group[:n_left]])
        n_left -= len(groups[-1])
    return groups


def _picture(name: str, image: CheckedImage | None) -> PictureFile:
    if image is None:  # a row of a table whose file is missing
        return PictureFile(name, None)
    path: Path | None = image.image.path if not image.problem else None
    size = f"{image.size[0]} × {image.size[1]}" if image.size[0] else ""
    words = ", ".join(filter(None, (image.image.label, size, image.problem or image.flaw)))
    return PictureFile(name, path, words)

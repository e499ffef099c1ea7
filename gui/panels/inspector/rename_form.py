"""The inspector's form that gives a layer a blob of its own, with the check beside the field."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from core.net.blob_names import default_blob_name, what_is_wrong_with
from core.net.definition import Net
from core.words import plural
from gui.panels.inspector.words import RenameOffer
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.labels import LinkLabel, ThemedLabel, breakable
from gui.widgets.plain_text import plain_tip

_LINK_GAP = 10


class RenameForm(QWidget):
    """Asks for renames; says at every key what is wrong with the name."""

    rename_requested = pyqtSignal(str, str)
    rename_chain_requested = pyqtSignal(str)
    rename_all_requested = pyqtSignal()
    preview_requested = pyqtSignal(str, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._net: Net | None = None
        self._offer: RenameOffer | None = None
        self.question = ThemedLabel("", "secondary")
        self.question.setWordWrap(True)
        self.field = QLineEdit()
        self.field.setAccessibleName("Name of the new blob")
        self.button = Button(keeper, "Rename", is_primary=True)
        self.problem = ThemedLabel("", "error_text", pixels=11)
        self.problem.setWordWrap(True)
        self.chain_link = LinkLabel("")
        self.all_link = LinkLabel("")
        self.preview_link = LinkLabel("Preview text")
        self.preview_link.setToolTip("Show what the rename changes in the text")
        self._dots = [ThemedLabel("·", "secondary") for _ in range(2)]
        self._arrange()
        self._connect()

    def show_offer(self, net: Net, offer: RenameOffer) -> None:
        """Offer a rename with its default name."""
        is_same = self._offer == offer and self._net is net
        self._net, self._offer = net, offer
        if is_same:
            return
        self.question.setText(breakable(f"Give {offer.target} a blob of its own:"))
        self._fit_links()
        self.field.setText(default_blob_name(net, offer.target))
        self._check()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_links()

    def focus_field(self) -> None:
        """Put the cursor into the name."""
        self.field.setFocus()
        self.field.selectAll()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.button.setMinimumWidth(78)
        for link in self._all_links:
            link.setFont(text_font(11))
        links = QHBoxLayout()
        links.setSpacing(5)
        for widget in (self.chain_link, self._dots[0], self.all_link, self._dots[1]):
            links.addWidget(widget)
        links.addWidget(self.preview_link)
        links.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.question)
        # links in a wide font must not make the inspector scroll sideways
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addLayout(links)
        self.problem.hide()

    def _fit_links(self) -> None:
        """Say what the links do in as many words as there is room for."""
        if self._offer is None:
            return
        chain, everything = self._offer.n_in_chain, self._offer.n_in_net
        self.chain_link.setToolTip(
            plain_tip(f"Give every layer of the chain its blob: {_blobs(chain)}")
        )
        self.all_link.setToolTip(
            plain_tip(f"Give every in-place layer of the net its blob: {everything}")
        )
        for wording in (
            (f"Whole chain ({_blobs(chain)})", f"All in net ({everything})", "Preview text"),
            (f"Whole chain ({chain})", f"All in net ({everything})", "Preview text"),
            (f"Whole chain ({chain})", f"All in net ({everything})", "Preview"),
            (f"Chain ({chain})", f"All ({everything})", "Preview"),
        ):
            for link, words in zip(self._all_links, wording, strict=True):
                link.setText(words)
            if sum(link.sizeHint().width() + _LINK_GAP for link in self._all_links) <= self.width():
                return

    @property
    def _all_links(self) -> tuple[LinkLabel, ...]:
        return (self.chain_link, self.all_link, self.preview_link)

    def _connect(self) -> None:
        self.field.textEdited.connect(self._check)
        self.field.returnPressed.connect(self._rename)
        self.button.clicked.connect(lambda: self._rename())
        self.chain_link.clicked.connect(self._rename_chain)
        self.all_link.clicked.connect(self.rename_all_requested)
        self.preview_link.clicked.connect(self._preview)

    def _check(self) -> None:
        """Say what is wrong with the name, at every key."""
        if self._net is not None and self._offer is not None:
            name = self.field.text()
            self._say(what_is_wrong_with(self._net, self._offer.target, name) or "")

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.button.setEnabled(not problem)
        self.preview_link.setEnabled(not problem)

    def _rename(self) -> None:
        if self._offer is not None and self.button.isEnabled():
            self.rename_requested.emit(self._offer.target, self.field.text())

    def _rename_chain(self) -> None:
        if self._offer is not None:
            self.rename_chain_requested.emit(self._offer.blob)

    def _preview(self) -> None:
        if self._offer is not None and self.preview_link.isEnabled():
            self.preview_requested.emit(self._offer.target, self.field.text())


def _blobs(count: int) -> str:
    return plural(count, "blob")

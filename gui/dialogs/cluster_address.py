"""Which machines read a folder: the address of a cluster, checked as it is typed."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QLineEdit, QWidget

from core.errors import AppError
from core.retrieval.cluster.indexing import cluster_address
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel

_NOTE = (
    "auto: the Ray cluster that this machine is part of. HOST:6379: that one. local: Ray on this "
    "machine alone. Every machine finds the images by the same path, and has Blobscope's packages "
    "with the extra “cluster”. Whoever reaches a Ray cluster runs programs on it: keep it "
    "behind a firewall."
)


class ClusterAddressDialog(FramedDialog):
    """`chosen` carries the address, "" for this machine."""

    chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, known: str, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "Read folders on a cluster", accept_text="Use", parent=parent)
        words = "Cluster address:"
        self.body.addWidget(ThemedLabel(keeper, words))
        self.field = QLineEdit(known)
        self.field.setPlaceholderText("empty: this machine, without Ray")
        self.field.setAccessibleName(words)
        self.body.addWidget(self.field)
        note = ThemedLabel(keeper, _NOTE, "secondary")
        note.setWordWrap(True)
        self.body.addWidget(note)
        self.resize(480, 220)
        self.field.textChanged.connect(lambda _text: self._check())
        self.accepted.connect(lambda: self.chosen.emit(cluster_address(self.field.text())))
        self._check()

    def _check(self) -> None:
        try:
            cluster_address(self.field.text())
            self.show_problem("")
        except AppError as error:
            self.show_problem(str(error))

"""Which machines read a folder: the address of a cluster."""

from __future__ import annotations

from PyQt5.QtWidgets import QWidget

from core.retrieval.cluster.indexing import cluster_address
from gui.dialogs.address import AddressDialog
from gui.theme import ThemeKeeper

_NOTE = (
    "auto: the Ray cluster that this machine is part of. HOST:6379: that one. local: Ray on this "
    "machine alone. Every machine finds the images by the same path, and has Blobscope's packages "
    "with the extra “cluster”. Whoever reaches a Ray cluster runs programs on it: keep it "
    "behind a firewall."
)


class ClusterAddressDialog(AddressDialog):
    """Of a Ray cluster; an empty one is this machine."""

    def __init__(self, keeper: ThemeKeeper, known: str, parent: QWidget | None = None) -> None:
        super().__init__(
            keeper, "Read folders on a cluster", "Use", "Cluster address:", known, _NOTE,
            cluster_address, parent,
        )  # fmt: skip
        self.field.setPlaceholderText("empty: this machine, without Ray")

"""Where a server is that galleries are searched on."""

from __future__ import annotations

from PyQt5.QtWidgets import QWidget

from core.retrieval.backends.contract import KEY_VARIABLE, default_server, server_address
from gui.dialogs.address import AddressDialog
from gui.theme import ThemeKeeper


class ServerAddressDialog(AddressDialog):
    """Of a Qdrant server; without a known one the usual address is offered."""

    def __init__(self, keeper: ThemeKeeper, known: str, parent: QWidget | None = None) -> None:
        super().__init__(
            keeper,
            "Search on a Qdrant server",
            "Search",
            "Address of the server's REST port:",
            known or default_server(),
            f"An API key is read from the variable {KEY_VARIABLE} and written nowhere. The gallery "
            "is uploaded only after you say so.",
            server_address,
            parent,
        )

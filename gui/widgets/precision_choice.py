"""What PyTorch computes in: every precision, of which those can be chosen that the device has."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QStandardItemModel
from PyQt5.QtWidgets import QWidget

from gui.widgets.choice import Choice
from gui.widgets.plain_text import plain_tip

_MEANINGS = {
    "float32": "float32, Caffe's own",
    "tf32": "TF32, products of 10 bits",
    "bfloat16": "bfloat16, faster and coarser",
    "float16": "float16, of small range",
}
_SHORT = {"tf32": "TF32"}
COARSER_PRECISIONS = ("bfloat16", "float16", "tf32")
"""Those that are held against float32."""


class PrecisionChoice(Choice):
    """Its data is the name of a precision; one that can't be had says why in its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Precision")
        for name, meaning in _MEANINGS.items():
            self.addItem(meaning, name)
        self.offer({})

    def choose(self, name: str) -> None:
        """Show a precision as chosen, float32 for one that nobody knows."""
        self.setCurrentIndex(max(0, self.findData(name)))

    def offer(self, why_not: Mapping[str, str]) -> None:
        """Those of a device. why_not: why it can't run in one, "" where it can, by its name.

        Of what is not named nobody knows yet; float32 is sure to run.
        """
        for place, (name, meaning) in enumerate(_MEANINGS.items()):
            unknown = "" if name == "float32" else "is offered once the engine has started"
            reason = why_not.get(name, unknown)
            self.setItemText(place, f"{precision_title(name)} {reason}" if reason else meaning)
            self.setItemData(place, plain_tip(reason), Qt.ToolTipRole)
            model = self.model()
            if isinstance(model, QStandardItemModel):
                model.item(place).setEnabled(not reason)


def precision_title(name: str) -> str:
    """What users call it."""
    return _SHORT.get(name, name)

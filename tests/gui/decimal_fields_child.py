"""Types numbers into the window's own fields under the locale it was started with; prints JSON.

A program of its own, since Qt takes the locale when it starts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAbstractSpinBox, QApplication

from core.images.preprocess import Preprocess
from gui.app import make_application
from gui.dialogs.recipe import RecipeDialog
from gui.panels.retrieval.controls import RecipeBar
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.widgets.number_fields import DecimalField, WholeNumberField
from gui.workbench import Workbench

application = make_application()
keeper = ThemeKeeper("light")
bar = RecipeBar(keeper)
dialog = RecipeDialog(keeper, Preprocess(width=8, height=8), (1, 3, 8, 8), "nowhere")


def gem(text: str) -> tuple[float, str]:
    field = bar.p_field
    field.lineEdit().selectAll()
    QTest.keyClicks(field.lineEdit(), text)
    QTest.keyClick(field.lineEdit(), Qt.Key_Return)
    return field.value(), field.text()


def pasted(text: str) -> float:
    QApplication.clipboard().setText(text)
    bar.p_field.lineEdit().selectAll()
    bar.p_field.lineEdit().paste()
    bar.p_field.interpretText()
    return bar.p_field.value()


def scale(text: str) -> object:
    dialog.scale.setText(text)
    return dialog.recipe().scale


def strangers() -> list[str]:
    """Number fields of the whole window and its dialogs that would misread a point."""
    bench = Workbench(keeper, Settings(Path(sys.argv[1]) / "settings.json"), autosaves=None)
    roots = [bench.window, dialog, bar]
    fields = [field for root in roots for field in root.findChildren(QAbstractSpinBox)]
    found = [
        f"{type(field).__name__} {field.accessibleName()}"
        for field in fields
        if not isinstance(field, DecimalField | WholeNumberField)
        or field.locale().decimalPoint() != "."
    ]
    assert len(fields) > 3, "no fields were found"
    bench.close()
    return found


print(
    json.dumps(
        {
            "strangers": strangers(),
            "p": [gem("1.7"), gem("2,5"), gem("17")],
            "pasted": [pasted("1,3"), pasted("4.2")],
            "scale": [scale("0.017"), scale("0,017"), scale("0.5, 0.25, 1"), scale("0,5; 1; 2")],
        }
    )
)

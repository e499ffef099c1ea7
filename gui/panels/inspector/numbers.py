"""The inspector's section on the numbers that colour the graph, and where they come from."""

from __future__ import annotations

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from core.layer_numbers import LayerNumbers
from gui.theme import ThemeKeeper
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import SectionHeader


class NumbersSection(QWidget):
    """Hides as a whole while no numbers are shown."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = SectionHeader("Where the numbers come from")
        self.facts = FactList(keeper)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.header)
        column.addWidget(self.facts)
        self.hide()

    def show_numbers(self, numbers: LayerNumbers | None, layer: str) -> None:
        """Numbers, and that of the selected layer; None for none."""
        self.setVisible(numbers is not None)
        if numbers is None:
            return
        found = numbers.by_layer
        facts = [Fact(name, words) for name, words in numbers.facts]
        if layer:
            has_one = layer in found
            unit = f" {numbers.unit}" if numbers.unit else ""
            words = f"{numbers.write(found[layer])}{unit}" if has_one else numbers.missing
            role = "text" if has_one else "secondary"
            facts.insert(0, Fact(numbers.name, words, role=role, is_strong=has_one))
        facts.append(Fact("Layers", f"{len(found):,} with a number"))
        self.facts.show_facts(facts)

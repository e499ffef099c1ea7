"""Questions with a few buttons, answered later, without a nested loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractButton, QMessageBox, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.plain_text import rich

OnAnswer = Callable[[str], None]


class Questioner:
    """Asks over a window; tests put their own in its place."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        self._keeper = keeper
        self._parent = parent

    def ask(
        self, title: str, body: str, choices: Sequence[tuple[str, str]], on_answer: OnAnswer
    ) -> None:
        """Show a question.

        choices: (id, text) of each button, the repair first; Esc answers the last one's id.
        """
        box = QMessageBox(self._parent)
        box.setWindowTitle("Blobscope")
        box.setTextFormat(Qt.RichText)
        box.setText(rich("<b>{}</b>", title))
        box.setInformativeText(rich("{}", body))
        answers: dict[QAbstractButton, str] = {}
        for index, (answer, text) in enumerate(choices):
            button = Button(self._keeper, text, is_primary=index == 0)
            button.setObjectName(answer)
            box.addButton(button, QMessageBox.ActionRole)
            answers[button] = answer
        last = box.buttons()[-1]
        box.setEscapeButton(last)
        box.finished.connect(
            lambda _code: on_answer(answers.get(box.clickedButton(), choices[-1][0]))
        )
        box.finished.connect(box.deleteLater)
        box.open()

"""The bar of a slide show under the subjects: what plays, how fast, and what was left out."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QWidget

from core.words import plural
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.labels import ThemedLabel
from gui.widgets.panel_bar import PanelBar

HEIGHT = 34
RATES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
AS_FAST = 0.0


class SlideBar(PanelBar):
    """Space plays and waits, arrows step, Esc ends it."""

    play_toggled = pyqtSignal()
    stepped = pyqtSignal(int)
    ended = pyqtSignal()
    rate_chosen = pyqtSignal(float)
    """Pictures a second; 0 for as fast as it goes."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Slide show")
        self.play = IconButton(keeper, "pause", "Play or wait (Space)")
        self.before = IconButton(keeper, "left", "The picture before (Left)")
        self.after = IconButton(keeper, "right", "The next picture (Right)")
        self.end = IconButton(keeper, "cross", "End the slide show (Esc)")
        self.what = ThemedLabel("", semibold=True)
        self.place = ThemedLabel("", "secondary")
        self.told = ThemedLabel("", "secondary")
        self.rate = Choice()
        for rate in RATES:
            self.rate.addItem("1 in 2 s" if rate < 1 else f"{rate:g} a second", rate)
        self.rate.addItem("as fast as it goes", AS_FAST)
        self.rate.setCurrentIndex(1)
        for widget in (self.play, self.before, self.after, self.what, self.place):
            self.row.addWidget(widget)
        self.add_field("Speed", self.rate)
        self.row.addWidget(self.told)
        self.add_stretch()
        self.row.addWidget(self.end)
        self.play.clicked.connect(lambda: self.play_toggled.emit())
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.end.clicked.connect(lambda: self.ended.emit())
        self.rate.activated.connect(lambda _index: self.rate_chosen.emit(self.chosen_rate))
        self.hide()

    @property
    def chosen_rate(self) -> float:
        """Pictures a second; 0 for as fast as it goes."""
        return float(self.rate.currentData())

    def show_state(self, name: str, place: str, *, is_playing: bool, has_steps: bool) -> None:
        """What plays, and where it is."""
        self.what.setText(f"{'Playing' if is_playing else 'Waiting'}: {name}")
        self.place.setText(place)
        self.play.set_icon("pause" if is_playing else "play")
        self.before.setVisible(has_steps)
        self.after.setVisible(has_steps)

    def show_figures(self, per_second: float | None, n_dropped: int) -> None:
        """How many pictures a second the panels follow, and how many were left out."""
        pace = "" if per_second is None else f"{per_second:.1f} a second shown"
        left = f"{plural(n_dropped, 'picture')} left out" if n_dropped else ""
        self.told.setText(", ".join(filter(None, (pace, left))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key_Left: -1, Qt.Key_Right: 1}
        if event.key() == Qt.Key_Space:
            self.play_toggled.emit()
        elif event.key() in steps and not event.modifiers() & ~Qt.KeypadModifier:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key_Escape:
            self.ended.emit()
        else:
            super().keyPressEvent(event)

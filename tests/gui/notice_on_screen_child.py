"""Shows one notice after the other in a window on a real screen; prints how much of each is seen.

A program of its own, since the tests around it run Qt without a screen.
"""

from __future__ import annotations

import sys

from PyQt5.QtCore import QPoint, QRect, QTimer
from PyQt5.QtWidgets import QApplication

from gui.main_window import MainWindow
from gui.notices import Notice, Notices
from gui.theme import ThemeKeeper

KINDS = ("error", "ok", "error")
STEP_MILLISECONDS, LONGEST_MILLISECONDS = 50, 4000


class Watcher:
    """Waits for each notice to be painted, then takes it away and shows the next."""

    def __init__(self) -> None:
        self.keeper = ThemeKeeper("light")
        self.keeper.choose("light")
        self.window = MainWindow(self.keeper)
        self.notices = Notices()
        bar = self.window.notice_bar
        self.notices.changed.connect(lambda: bar.show_notices(self.notices.current))
        self.kinds = list(KINDS)
        self.waited = 0
        self.window.resize(1100, 800)
        self.window.show()
        self.timer = QTimer(interval=STEP_MILLISECONDS)
        self.timer.timeout.connect(self.look)
        QTimer.singleShot(500, self.begin)

    def begin(self) -> None:
        self.waited = 0
        self.notices.show(Notice(self.kinds[0], "Something happened", "This is why.", key="it"))
        self.timer.start()

    def look(self) -> None:
        self.waited += STEP_MILLISECONDS
        share = self.share()
        if share < 0.5 and self.waited < LONGEST_MILLISECONDS:
            return
        print(round(share, 2), flush=True)
        self.timer.stop()
        self.notices.dismiss("it")
        self.kinds.pop(0)
        QTimer.singleShot(300, self.begin if self.kinds else QApplication.quit)

    def share(self) -> float:
        """How much of the bar has the colour of the notice, on the screen."""
        bar = self.window.notice_bar
        place = QRect(bar.mapToGlobal(QPoint(0, 0)), bar.size())
        image = (
            QApplication.primaryScreen()
            .grabWindow(0, place.x(), place.y(), place.width(), place.height())
            .toImage()
        )
        fill = self.keeper.theme.kind_fill(self.kinds[0]).rgb()
        points = [(x, y) for x in range(0, image.width(), 4) for y in range(0, image.height(), 4)]
        return sum(image.pixel(x, y) == fill for x, y in points) / max(1, len(points))


application = QApplication(sys.argv)
watcher = Watcher()
sys.exit(application.exec())

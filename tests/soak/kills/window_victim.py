"""A window to be killed, offscreen: a user clicks in it without pause and it says what is done.

`python -m tests.soak.kills.window_victim edits|save|session|restart FOLDER OUT MILLISECONDS`; its
home is in the environment. "restart" only starts, says how many lost edits are offered, and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt5.QtCore import QTimer

from core.engines.base import EngineSpec
from gui.app import make_application
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench
from tests.soak.kills.files import N_LAYERS
from tests.soak.kills.victim import say
from tests.soak.user import wait_until

READY_SECONDS = 60.0


class Clicker:
    """Gives the next in-place layer a blob of its own at every click, and saves where asked."""

    def __init__(self, bench: Workbench, what: str, out: Path) -> None:
        self._bench, self._what, self._out = bench, what, out
        self._next = 0
        self._is_saving = False
        history = bench.renaming.history
        if what == "edits":
            history.indexChanged.connect(lambda number: say("has", number))
        else:
            bench.saving.saved.connect(self._note_saved)
            bench.sessions.saved.connect(self._note_saved)

    def click(self) -> None:
        """One more layer, where the one before is done."""
        bench = self._bench
        n_done = bench.renaming.history.index()
        if self._is_saving or n_done < self._next or self._next >= N_LAYERS:
            return
        if self._what != "edits" and f"_relu{n_done - 1}" in bench.document.text:
            self._is_saving = True
            save = bench.saving.save if self._what == "save" else bench.sessions.save
            save(self._out)
            return
        self._click_next()

    def _click_next(self) -> None:
        bench = self._bench
        bench.document.select(f"relu{self._next}")
        bench.window.actions_["rename"].trigger()
        self._next += 1

    def _note_saved(self, _path: Path) -> None:
        say("has", self._bench.renaming.history.index())
        self._is_saving = False
        self._click_next()


def make_bench(folder: Path) -> Workbench:
    """A window on the fake engine with the settings and the unsaved edits of its home."""
    keeper = ThemeKeeper("light")
    keeper.choose("light")
    return Workbench(
        keeper, Settings(), spec=EngineSpec("fake"), cache=folder / "none", demo_folder=folder
    )


def run(what: str, folder: Path, out: Path, milliseconds: int) -> None:
    """Click until killed."""
    app = make_application()
    bench = make_bench(folder)
    bench.start([] if what == "restart" else [folder / "net.prototxt"])
    if what == "restart":
        wait_until(lambda: bench.lanes.is_idle, READY_SECONDS)
        say("offers", int(bench.notices.has("autosave")))
        bench.close()
        return
    wait_until(lambda: bench.document.net is not None and bench.lanes.is_idle, READY_SECONDS)
    clicker = Clicker(bench, what, out)
    say("began", 0)
    clicks = QTimer()
    clicks.timeout.connect(clicker.click)
    clicks.start(milliseconds)
    app.exec_()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))

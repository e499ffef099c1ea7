"""Times clicks in the window of the tree it is started in: `NET OTHER_NET ROUNDS`; prints JSON.

Uses of the window only what it has had for long, so that former trees can be measured as well.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

QUIET_SECONDS = 0.12
BUSY_SECONDS = 0.001
DEADLINE_SECONDS = 120.0


class Clicks:
    """A window on the fake engine, and how long it takes until what was asked for is drawn."""

    def __init__(self, folder: Path) -> None:
        from core.engines.base import EngineSpec
        from gui.app import make_application
        from gui.crash import CrashHook
        from gui.settings import Settings
        from gui.theme import ThemeKeeper
        from gui.workbench import Workbench

        self._app = make_application()
        self._keeper = ThemeKeeper("light")
        self._keeper.choose("light")
        self._bench: Any = Workbench(
            self._keeper, Settings(folder / "settings.json"), CrashHook(folder / "crashes"),
            EngineSpec("fake"), folder / "galleries", autosaves=folder / "unsaved",
        )  # fmt: skip
        self._window: Any = self._bench.window
        self._window.resize(1440, 900)
        self._bench.start()
        self._until_drawn(lambda: None)
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    def measure(self, net: Path, other: Path) -> None:
        """Everything once."""
        panels, document = self._window.panels, self._bench.document
        self._open(other)
        self.seconds["open"].append(self._open(net))
        names = [layer.name for layer in document.net.layers]
        for share in (3, 2):
            name = names[len(names) // share]
            self._time("select a layer", lambda name=name: document.select(name))
        fold = panels.graph.bar.fold
        self._time("unfold", fold.click)
        self._time("fold", fold.click)
        for panel in (panels.activations, panels.retrieval, panels.graph):
            self._until_drawn(lambda panel=panel: self._window.show_panel(panel))
        for panel in (panels.activations, panels.retrieval, panels.graph):
            self._time("page", lambda panel=panel: self._window.show_panel(panel))
        for theme in ("dark", "light"):
            self._time("theme", lambda theme=theme: self._keeper.choose(theme))

    def close(self) -> None:
        """End window and engine."""
        self._bench.document.saved_text = self._bench.document.text
        self._window.close()
        self._bench.close()

    def _open(self, path: Path) -> float:
        seconds = self._until_drawn(lambda: self._bench.opening.open_paths([path]))
        if self._bench.document.path != path:
            raise SystemExit(f"{path} was not opened")
        return seconds

    def _time(self, what: str, do: Callable[[], object]) -> None:
        self.seconds[what].append(self._until_drawn(do))

    def _until_drawn(self, do: Callable[[], object]) -> float:
        """Seconds until the last event that took any time, with no job and none after it."""
        start = busy = time.perf_counter()
        do()
        while True:
            before = time.perf_counter()
            self._app.processEvents()
            now = time.perf_counter()
            if now - before > BUSY_SECONDS or not self._bench.lanes.is_idle:
                busy = now
            if now - busy > QUIET_SECONDS:
                return busy - start
            if now - start > DEADLINE_SECONDS:
                raise SystemExit("the window did not come to rest")
            time.sleep(0.0005)


def main(words: list[str]) -> None:
    """`NET OTHER_NET ROUNDS`."""
    with tempfile.TemporaryDirectory() as folder:
        clicks = Clicks(Path(folder))
        for _ in range(int(words[2])):
            clicks.measure(Path(words[0]), Path(words[1]))
        clicks.close()
    print(json.dumps(clicks.seconds))


if __name__ == "__main__":
    main(sys.argv[1:])

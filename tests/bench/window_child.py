"""Opens the window on files, as main.py does, and prints when what was there: `FILE ...`.

Prints one JSON line: moments in seconds of the monotonic clock, which all processes share, the
longest time the window did not answer, and what was imported.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_SECONDS = 120.0
BEAT_MILLISECONDS = 2


def main(paths: list[Path]) -> None:
    """Show the window, open `paths`, and wait until graph and weights are there."""
    from PyQt5.QtCore import QTimer

    from gui.app import make_application, make_workbench
    from gui.settings import Settings

    app = make_application()
    bench = make_workbench(app, Settings())
    beats = [0.0, 0.0]

    def beat() -> None:
        now = time.monotonic()
        if beats[0]:
            beats[1] = max(beats[1], now - beats[0])
        beats[0] = now

    def wait(is_there: Callable[[], bool], what: str) -> float:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not is_there():
            app.processEvents()
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not come within {DEADLINE_SECONDS:.0f} s")
        app.processEvents()
        return time.monotonic()

    bench.start()
    handle = bench.window.windowHandle()
    moments = {"window_shown": wait(handle.isExposed, "the window")}
    imported = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "caffe"})
    if paths:
        timer = QTimer()
        timer.timeout.connect(beat)
        timer.start(BEAT_MILLISECONDS)
        moments["opening_asked"] = time.monotonic()
        bench.opening.open_paths(paths)
        document = bench.document
        moments["net_shown"] = wait(lambda: document.net is not None, "the net")
        if len(paths) > 1:
            moments["weights_bound"] = wait(lambda: document.binding is not None, "the weights")
        timer.stop()
    print(json.dumps({"moments": moments, "longest_wait": beats[1], "imported": imported}))
    sys.stdout.flush()
    bench.close()


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])

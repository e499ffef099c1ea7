"""Starts the window: application, fonts, theme, crash hook, workbench."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtGui import QGuiApplication, QIcon
from PyQt5.QtWidgets import QApplication

from core import __version__
from gui.collecting import Collector
from gui.crash import CrashHook
from gui.icons import pixmap
from gui.settings import Settings
from gui.theme import ThemeKeeper, system_prefers_dark
from gui.widgets.number_fields import use_decimal_points
from gui.workbench import Workbench

LARGE_BLOCK_BYTES = 1 << 20
_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


def make_application() -> QApplication:
    """The QApplication, or the one that is there already."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    give_large_blocks_back()
    if os.environ.get("QT_QPA_PLATFORM") != "offscreen":  # its 100 dpi are nobody's screen
        QCoreApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
    QCoreApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    use_decimal_points()
    app = QApplication(["blobscope"])
    app.setApplicationName("Blobscope")
    app.setOrganizationName("Blobscope")
    app.setApplicationVersion(__version__)
    return app


def give_large_blocks_back() -> None:
    """Let arrays and pictures that are freed go back to the system at once (glibc).

    Left alone it takes the size of the first large block that is freed for a size that will be
    needed again (mallopt(3), M_MMAP_THRESHOLD): in a window that is open for hours 150 MB and more
    of freed arrays stayed, held in place by small things between them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # other C libraries of Linux have none
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def make_workbench(
    app: QApplication, settings: Settings, *, hook: CrashHook | None = None
) -> Workbench:
    """Theme first, then every object of the window."""
    keeper = ThemeKeeper("light")
    keeper.note_system(system_prefers_dark())
    keeper.choose(settings.theme)
    bench = Workbench(keeper, settings, hook)
    app.setWindowIcon(_window_icon(keeper))
    return bench


def run(paths: Sequence[Path] = (), demo: bool = False) -> int:
    """Open the window on `paths`, or on the demo, and return 0 when it is closed."""
    app = make_application()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal; Qt's loop is deaf to it
    hook, collector = CrashHook(), Collector()
    hook.install()
    collector.start()
    try:
        bench = make_workbench(app, Settings(), hook=hook)
        bench.start([Path(path) for path in paths], demo=demo)
        gc.freeze()  # the window lives as long as the process: nothing of it need be looked at
        app.exec_()
        if not bench.close():
            # All is saved; a thread that waits for a dead disk would keep the process for ever.
            os._exit(0)
    finally:
        collector.stop()
        hook.remove()
    return 0


def _window_icon(keeper: ThemeKeeper) -> QIcon:
    return QIcon(pixmap("layout", keeper.theme.mark, 64))

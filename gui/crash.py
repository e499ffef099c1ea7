"""What happens to a bug: a crash report on the disk and a notice, and the window stays."""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

from PyQt5.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QStandardPaths

from core import __version__
from core.errors import AppError
from core.files import write_file
from core.log import log_path

_LOG = logging.getLogger(__name__)

N_KEPT = 20
Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def crash_folder() -> Path:
    """Where crash reports go."""
    base = QStandardPaths.writableLocation(QStandardPaths.AppLocalDataLocation)
    return Path(base or Path.home()) / "crashes"


def write_crash_report(error: BaseException, folder: Path) -> Path | None:
    """Write versions and traceback to a file of its own; None where the disk refuses."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    lines = [
        f"Blobscope {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}",
        f"Log: {log_path() or 'none'}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"crash-{stamp}.txt"
        write_file(path, "\n".join(lines).encode("utf-8", "backslashreplace"))
        for old in sorted(folder.glob("crash-*.txt"))[:-N_KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, AppError):
        return None
    return path


class CrashHook:
    """Stands in for sys.excepthook: PyQt5 ends the process on an exception in a slot without it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._before: Hook = sys.excepthook
        self.on_bug: Callable[[BaseException, Path | None], None] = lambda error, report: None

    def install(self) -> None:
        """Take over; must happen before the first window."""
        self._before = sys.excepthook
        sys.excepthook = self._caught

    def remove(self) -> None:
        """Give sys.excepthook back."""
        sys.excepthook = self._before

    def report(self, error: BaseException) -> None:
        """Write the report and tell the window."""
        _LOG.error("A bug", exc_info=error)
        self.on_bug(error, write_crash_report(error, self._folder or crash_folder()))

    def _caught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        sys.stderr.write("".join(traceback.format_exception(kind, error, trace)))
        self.report(error)

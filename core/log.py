"""The log: what Blobscope did, in a small rotating file of the user's, never on the terminal."""

from __future__ import annotations

import logging
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core import __version__
from core.errors import AppError
from core.reading import open_regular
from core.words import on_one_line

_LOG = logging.getLogger(__name__)

LEVEL_VARIABLE = "BLOBSCOPE_LOG_LEVEL"
"""debug (with every line that an engine's child prints), info (the default), warning or error."""

MAX_BYTES = 1 << 20
N_OLD_FILES = 3
_PACKAGES = ("core", "gui", "main")
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING,
           "error": logging.ERROR}  # fmt: skip


def log_folder(environment: Mapping[str, str], home: Path, system: str) -> Path:
    """Where the log goes without --log: the user's folder for such files on this system."""
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Blobscope"
    if system == "darwin":
        return home / "Library" / "Logs" / "Blobscope"
    named = environment.get("XDG_STATE_HOME", "")
    # The XDG specification says to ignore a relative path, which would mean any folder.
    base = Path(named) if Path(named).is_absolute() else home / ".local" / "state"
    return base / "blobscope"


def start_logging(path: Path | None = None) -> None:
    """Write the log to `path`, or to the user's folder; a log begun before ends.

    Raises AppError where `path` can't be written. Without one the program works unlogged.
    """
    stop_logging()
    try:
        where = path or log_folder(os.environ, Path.home(), sys.platform) / "blobscope.log"
        if path is None:
            where.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(where, maxBytes=MAX_BYTES, backupCount=N_OLD_FILES, encoding="utf-8")
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        if path is None:
            return
        reason = error.strerror if isinstance(error, OSError) else None
        raise AppError(f"The log {path} can't be written: {reason or error}.") from error
    handler.setFormatter(_OneLine(_FORMAT))
    logging.raiseExceptions = False  # else a full disk would print a traceback for each line
    level = _LEVELS.get(os.environ.get(LEVEL_VARIABLE, "").lower(), logging.INFO)
    for name in _PACKAGES:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False  # a library may have given the root logger the terminal
    about = (__version__, platform.python_version(), platform.platform())
    _LOG.info("Blobscope %s, Python %s, %s: %s", *about, shlex.join(sys.argv[1:]))


def stop_logging() -> None:
    """Close the log's file."""
    for name in _PACKAGES:
        logger = logging.getLogger(name)
        for handler in [one for one in logger.handlers if isinstance(one, _LogFile)]:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def log_path() -> Path | None:
    """The file that is written now."""
    handlers = logging.getLogger(_PACKAGES[0]).handlers
    return next((Path(one.baseFilename) for one in handlers if isinstance(one, _LogFile)), None)


def last_lines(path: Path, n_lines: int = 2000) -> str:
    """The end of a log; AppError where it can't be read."""
    with open_regular(path, what="The log") as file:
        file.seek(max(0, file.n_bytes - 2 * MAX_BYTES))
        text = file.read(2 * MAX_BYTES).decode("utf-8", "replace")
    return "".join(text.splitlines(keepends=True)[-n_lines:])


class _LogFile(RotatingFileHandler):
    """A log that several windows and commands may share."""

    def doRollover(self) -> None:
        """Begin a new file; where another process holds one open, which Windows minds, go on."""
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()


class _OneLine(logging.Formatter):
    """A record begins with its time; the lines of a traceback with a bar."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = on_one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]
        return "\n".join(f"    | {on_one_line(line)}" for line in lines)

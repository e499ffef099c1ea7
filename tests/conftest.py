"""What every test shares: one screenless Qt, optional test material, real Caffe, no leaks."""

from __future__ import annotations

import itertools
import locale
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="blobscope-tests-")
os.environ.setdefault("XDG_RUNTIME_DIR", os.environ["XDG_STATE_HOME"])

import numpy as np
import pytest

import core.engines.process
from core import log
from core.engines.launch import launch_of
from core.engines.values import EngineSpec
from core.images.decoders.pool import shared_pool
from tests.real_caffe.provision import provisioned_command
from tests.warm.children import WarmChildren

# Tests that fork take none of the threads along that ask the decoders.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=shared_pool.cache_clear)

REPOSITORY = Path(__file__).resolve().parents[1]
SCRATCH = Path(os.environ["XDG_STATE_HOME"])
"""Of this process: the log of the one who tests is theirs, and so are their trials of engines."""
LEAK_DEADLINE_SECONDS = 5.0
CACHES = itertools.count()
SIGNALS = signal.valid_signals()
WARM = WarmChildren(core.engines.process._spawn)
WARM_FOLDERS = (
    "attribution", "commands", "hostile", "jobs", "stories", "surveys", "training", "warm",
)  # fmt: skip
"""Whose engines are copies; other tests are of how an engine starts, what it takes and how it ends,
or start few of them."""
LONGEST = ("test_hostile_inputs.py", "test_random_walk.py", "test_legible.py")
"""Files that take minutes: begun first, so that no core waits for them at the end."""


def pytest_unconfigure() -> None:
    """Nothing of a run stays on the disk."""
    shutil.rmtree(SCRATCH, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, the others as they are."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before its fixtures, of a module or a session too."""
    WARM.is_wanted = item.path.parent.name in WARM_FOLDERS


@pytest.fixture(scope="session", autouse=True)
def _warm_children() -> Iterator[None]:
    """Engines of some tests are copies of a child that has loaded its libraries."""
    WARM.environment = launch_of(EngineSpec("fake")).environment
    core.engines.process._spawn = WARM.spawn
    yield
    core.engines.process._spawn = WARM.start
    WARM.close()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Lets reports with file names that are no Unicode travel from a worker of pytest-xdist."""
    return _encodable((yield))


def _encodable(found: Any) -> Any:
    if isinstance(found, str):
        return found.encode("utf-8", "backslashreplace").decode()
    if isinstance(found, dict):
        return {key: _encodable(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return type(found)(_encodable(value) for value in found)
    return found


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of main.py."""
    return REPOSITORY


@pytest.fixture(scope="session")
def material() -> Callable[[str], Path]:
    """Finds one file or folder of the optional test material, or skips and says what is missing.

    Looked for in the folder that BLOBSCOPE_TEST_MATERIAL names, else in ../shared/data.
    """
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"

    def find(relative: str) -> Path:
        path = folder / relative
        if not path.exists():
            pytest.skip(f"no test material {relative}: set BLOBSCOPE_TEST_MATERIAL to its folder")
        return path

    return find


@pytest.fixture(scope="session")
def caffe_python() -> tuple[str, ...]:
    """The command of a Python with real Caffe; skips without one.

    BLOBSCOPE_CAFFE_PYTHON names it, else what tests/real_caffe/provision.py has put in the cache.
    """
    named = os.environ.get("BLOBSCOPE_CAFFE_PYTHON", "")
    command = tuple(shlex.split(named)) or provisioned_command()
    if not command:
        pytest.skip(
            "no real Caffe: set BLOBSCOPE_CAFFE_PYTHON to the command of a Python that imports "
            "caffe, or run tests/real_caffe/provision.py"
        )
    probe = subprocess.run(
        [*command, "-c", "import caffe"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if probe.returncode != 0:
        pytest.fail(f"`{shlex.join(command)}` does not import caffe:\n{probe.stderr[-2000:]}")
    return command


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KB of its own; skips where nothing may be mounted."""
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no disk can be mounted: run as root, on Linux")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True, timeout=30)


@pytest.fixture(scope="module", autouse=True)
def _environment_of_a_file() -> Iterator[None]:
    """What a fixture of a file, or a library that it loads, writes there goes with the file."""
    with _environment_restored():
        yield


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a test, or a library that it loads, writes into the environment goes with it."""
    with _environment_restored():
        yield


@contextmanager
def _environment_restored() -> Iterator[None]:
    """With no trials of engines that an earlier test has made."""
    before = dict(os.environ)
    os.environ["BLOBSCOPE_CACHE"] = str(SCRATCH / f"cache_{next(CACHES)}")
    yield
    if os.environ != before:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@pytest.fixture(autouse=True)
def _no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a thread running, a window shown or the process changed."""
    before = _process_state()
    threads_before = _python_threads()
    windows_before = {id(window) for window in _shown_windows()}
    yield
    threads = _threads_left(threads_before)
    windows = [window for window in _shown_windows() if id(window) not in windows_before]
    if threads:
        pytest.fail(f"left threads running: {', '.join(thread.name for thread in threads)}")
    if windows:
        pytest.fail(f"left windows open: {', '.join(type(w).__name__ for w in windows)}")
    changed = [name for name, value in _process_state().items() if value != before[name]]
    if changed:
        pytest.fail(f"left changed: {', '.join(changed)}")


@pytest.fixture(autouse=True)
def _log_ended(_no_leaks: None) -> Iterator[None]:
    """Ends the log that a test has begun, as commands and the window do."""
    before = log.log_path()
    yield
    if log.log_path() != before:
        log.stop_logging()


def _process_state() -> dict[str, object]:
    """What the tests of a process share, besides the environment, and could trip over."""
    return {
        "the current folder": Path.cwd(),
        "sys.excepthook": sys.excepthook,
        "sys.unraisablehook": sys.unraisablehook,
        "threading.excepthook": threading.excepthook,
        "signal handlers": tuple(map(signal.getsignal, SIGNALS)),
        "sys.path": tuple(sys.path),
        "numpy.geterr()": np.geterr(),
        "the way of writing numbers": locale.setlocale(locale.LC_NUMERIC),
        "the log's file": log.log_path(),
        "loggers": [
            (logger.level, logger.propagate, logger.disabled)
            for logger in (logging.getLogger(), *map(logging.getLogger, log._PACKAGES))
        ],
    }


def _threads_left(before: set[threading.Thread]) -> list[threading.Thread]:
    deadline = time.monotonic() + LEAK_DEADLINE_SECONDS
    started = _python_threads() - before
    for thread in started:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread for thread in started if thread.is_alive()]


def _python_threads() -> set[threading.Thread]:
    """Threads made by Python; a QThread's stand-in here outlives it and cannot be joined.

    Without those of the decoders that all jobs share, which outlive a job so that the next finds
    them started.
    """
    shared = shared_pool().threads
    return {
        thread
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread) and thread not in shared
    }


def _shown_windows() -> list[object]:
    """Top-level widgets on screen; empty until a test has imported Qt's widgets."""
    widgets = sys.modules.get("PyQt5.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return [window for window in widgets.QApplication.topLevelWidgets() if window.isVisible()]

"""What one test changes, no later test finds, or it fails: the rules of tests/conftest.py."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other plugins, which take seconds to load and have hooks of their own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


LEAVING = """
import os
import pytest

@pytest.fixture(scope="module")
def loaded():
    os.environ["BLOBSCOPE_LIBRARY"] = "loaded by a file"

def test_of_a_file(loaded):
    os.environ["BLOBSCOPE_TEST"] = "set by a test"
    del os.environ["BLOBSCOPE_REMOVED"]
    os.mkdir(os.environ["BLOBSCOPE_CACHE"])

def test_of_the_same_file():
    assert os.environ["BLOBSCOPE_LIBRARY"] == "loaded by a file"
    assert "BLOBSCOPE_TEST" not in os.environ
    assert os.environ["BLOBSCOPE_REMOVED"] == "there"
    assert not os.path.exists(os.environ["BLOBSCOPE_CACHE"])
"""
FINDING = """
import os

def test_of_another_file():
    assert "BLOBSCOPE_LIBRARY" not in os.environ
"""


def test_the_environment_is_given_back(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scikit-learn writes KMP_* when it is loaded, which engines started later took along."""
    monkeypatch.setenv("BLOBSCOPE_REMOVED", "there")
    pytester.makeconftest("from tests.conftest import _environment, _environment_of_a_file")
    pytester.makepyfile(test_a=LEAVING, test_b=FINDING)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


CHANGING = """
import logging
import sys
import threading

def test_hooks():
    sys.unraisablehook = threading.excepthook = print

def test_log():
    logging.getLogger("core").propagate = False

def test_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
"""


def test_who_leaves_the_process_changed_fails(pytester: pytest.Pytester) -> None:
    """A walk through the window left hooks by which no later test saw what a finaliser raises."""
    pytester.makeconftest("from tests.conftest import _no_leaks")
    pytester.makepyfile(CHANGING)
    hooks = sys.unraisablehook, threading.excepthook
    try:
        done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    finally:
        sys.unraisablehook, threading.excepthook = hooks
        logging.getLogger("core").propagate = True
    done.assert_outcomes(passed=3, errors=2)
    done.stdout.fnmatch_lines(
        ["*left changed: sys.unraisablehook, threading.excepthook", "*left changed: loggers"]
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [("os.kill(os.getpid(), 9)", "worker 'gw"), ("time.sleep(900)", "Timeout (0:00:0")],
)
def test_a_test_that_dies_or_hangs_is_named_and_the_run_ends(
    pytester: pytest.Pytester, repository: Path, fault: str, said: str
) -> None:
    """By the settings of the project; a run of an hour was lost to one that died."""
    settings = (repository / "pyproject.toml").read_text()
    pytester.makepyprojecttoml(settings.replace("timeout = 900", "timeout = 3"))
    for number in range(6):  # as many files as leave some to who comes after
        pytester.makepyfile(**{f"test_{number}": "def test_a(): pass\ndef test_b(): pass\n"})
    dying = f"import os\nimport time\ndef test_a(): pass\ndef test_dies(): {fault}\n"
    pytester.makepyfile(test_1=dying)
    done = pytester.runpytest_subprocess(
        "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider",
        "-p", "xdist", "-p", "pytestqt.plugin", ".", timeout=120,
    )  # fmt: skip
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert said in done.stdout.str() + done.stderr.str()
    done.stdout.fnmatch_lines(["FAILED test_1.py::test_dies*"])

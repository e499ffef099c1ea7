"""What one test changes, no later test finds, or it fails: the rules of tests/conftest.py."""

from __future__ import annotations

import logging
import sys
import threading

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

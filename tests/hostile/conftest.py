"""Windows as in the tests of the window."""

from __future__ import annotations

from tests.gui.conftest import (
    _end_lent_engine,
    bench,
    keeper,
    make_bench,
    pytest_runtest_logstart,
    qtbot,
    user,
)

__all__ = [
    "_end_lent_engine", "bench", "keeper", "make_bench", "pytest_runtest_logstart", "qtbot", "user",
]  # fmt: skip

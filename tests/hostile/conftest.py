"""Windows as in the tests of the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gui.conftest import (
    FakeUser,
    _end_lent_engine,
    pytest_runtest_logstart,
    qtbot,
    windows_in,
)

__all__ = ["_end_lent_engine", "pytest_runtest_logstart", "qtbot"]


@pytest.fixture(scope="module")
def lasting_bench(
    qapp: object, _end_lent_engine: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[object]:
    """One window, with a running fake engine, for all that is opened."""
    with windows_in(tmp_path_factory.mktemp("window"), FakeUser()) as make:
        yield make(is_shown=True)

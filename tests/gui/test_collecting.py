"""What lies in a cycle goes in the window's thread, whoever works beside it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PyQt5.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.collecting import Collector
from gui.jobs import Lanes

N_WATCHED = 50


class Watched:
    """Refers to itself, and notes the thread in which it is let go of."""

    def __init__(self, ends: list[int]) -> None:
        self.itself: Watched | None = self
        self.ends = ends

    def __del__(self) -> None:
        self.ends.append(threading.get_ident())


@pytest.fixture
def lanes(qtbot: QtBot) -> Iterator[Lanes]:
    made = Lanes()
    yield made
    assert made.close()


def test_cycles_go_in_the_window_thread_while_a_job_makes_objects(
    lanes: Lanes, qtbot: QtBot
) -> None:
    ends: list[int] = []
    for _ in range(N_WATCHED):
        Watched(ends)
    kept: list[list[int]] = []
    lanes.compute.start(lambda: kept.extend([] for _ in range(200_000)), key="many")
    qtbot.waitUntil(lambda: lanes.is_idle and len(ends) == N_WATCHED)
    assert set(ends) == {threading.get_ident()}


def test_what_a_job_was_to_tell_goes_with_its_end(lanes: Lanes, qtbot: QtBot) -> None:
    ends: list[int] = []
    watched = Watched(ends)
    watched.itself = None
    run = lanes.compute.start(int, key="one", on_result=lambda _value, held=watched: None)
    del watched
    qtbot.waitUntil(lambda: lanes.is_idle)
    assert ends == [threading.get_ident()]
    assert run.is_ended, "it is held until here, as its lane may"


def test_what_has_lived_long_goes_too(qapp: QObject) -> None:
    ends: list[int] = []
    old = [Watched(ends)]
    gc.collect()
    old.clear()
    collector, held = Collector(), []
    for _ in range(3 * gc.get_threshold()[1] * gc.get_threshold()[2]):
        held.append([[] for _ in range(gc.get_threshold()[0] + 1)])
        collector.collect_what_is_due()
    assert len(ends) == 1


def test_everything_is_looked_at_no_oftener_than_its_share_of_the_time(qapp: QObject) -> None:
    looked: list[dict[str, int]] = []
    collector, held = Collector(), []
    gc.callbacks.append(lambda phase, info: looked.append({"begins": phase == "start", **info}))
    try:
        for _ in range(6 * gc.get_threshold()[1] * gc.get_threshold()[2]):
            held.append([[] for _ in range(gc.get_threshold()[0] + 1)])
            collector.collect_what_is_due()
    finally:
        gc.callbacks.pop()
    assert sum(one["begins"] and one["generation"] == 2 for one in looked) == 1
    assert sum(one["begins"] and one["generation"] == 1 for one in looked) > 10


def test_python_collects_again_when_it_stops(qapp: QObject) -> None:
    assert not gc.isenabled(), "the tests of the window run with it"
    gc.enable()
    collector = Collector()
    collector.start()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    gc.disable()

"""An engine that is killed while it starts is started again, and never given up for it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec
from core.engines.host import EngineHost, NetToRun
from core.engines.registry import start_engine
from core.errors import EngineCancelled, EngineCrashed, EngineError, EngineStoppedFromOutside
from tests.engines.conftest import SMALL_NET
from tests.engines.test_caffe_link import FAKE, IMAGE, NET, program

SMALL_IMAGE = {"data": np.ones((1, 3, 12, 10), np.float32)}


class Killer:
    """Starts engines, and kills the first of them after some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.timers: list[threading.Timer] = []

    def __call__(self, spec: EngineSpec) -> EngineProcess:
        process = start_engine(spec)
        if not self.timers:
            timer = threading.Timer(self._seconds, kill_wholly, (process,))
            self.timers.append(timer)
            timer.start()
        return process


def kill_wholly(process: EngineProcess) -> None:
    """Return when the child is dead, or replaced by another: a signal takes a moment to arrive."""
    pid = process.pid
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while process.pid == pid and process.is_alive and time.monotonic() < until:
        time.sleep(0.005)


def check_after_a_kill(spec: EngineSpec, text: str, image: dict, seconds: float) -> None:
    """The first request works or says that the engine stopped; the second one has to work."""
    net, said = NetToRun(text, Path("net.prototxt"), engine=spec), ""
    killer = Killer(seconds)
    with EngineHost(killer) as host:
        try:
            with host.opened(net) as engine:
                engine.run(image)
        except EngineCrashed as error:  # it had greeted before it was killed
            said = error.sentence
        killer.timers[0].join()
        with host.opened(net) as engine:
            assert engine.run(image).n_images == 1
    assert not said or said.startswith("The engine stopped")


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_a_kill_while_the_engine_starts_costs_nothing_but_time(seconds: float) -> None:
    check_after_a_kill(EngineSpec("fake"), SMALL_NET, SMALL_IMAGE, seconds)


@pytest.mark.parametrize("seconds", [0.0, 0.8])
def test_a_kill_while_torch_is_imported_is_not_remembered(seconds: float) -> None:
    spec = EngineSpec("torch", options=(("threads", "1"),))
    check_after_a_kill(spec, SMALL_NET, SMALL_IMAGE, seconds)


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6])
def test_a_kill_while_caffe_starts_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("FAKE_CAFFE", "")
    spec = EngineSpec("caffe", (sys.executable,))
    check_after_a_kill(spec, NET, IMAGE, seconds)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_two_deaths_are_told_however_late_it_is_asked(tmp_path: Path, seconds: float) -> None:
    with start_engine(EngineSpec("fake", dying_first(tmp_path, 2))) as process:
        time.sleep(seconds)
        with pytest.raises(EngineCrashed, match="something ended it while it started"):
            process.versions()
        assert n_starts(tmp_path) == 2


def dying_first(tmp_path: Path, n_deaths: int) -> tuple[str, ...]:
    """A Python that is killed the first times it starts; `starts` has a line for each start."""
    starts = shlex.quote(str(tmp_path / "starts"))
    text = (
        f"#!/bin/sh\necho one >> {starts}\n"
        f"[ $(wc -l < {starts}) -gt {n_deaths} ] || kill -9 $$\n"
        f'exec {shlex.quote(sys.executable)} "$@"\n'
    )
    return program(tmp_path / "python", text)


def n_starts(tmp_path: Path) -> int:
    return len((tmp_path / "starts").read_text(encoding="utf-8").splitlines())


def test_one_that_is_killed_twice_says_so_and_starts_when_asked_again(tmp_path: Path) -> None:
    with start_engine(EngineSpec("fake", dying_first(tmp_path, 2))) as process:
        with pytest.raises(EngineCrashed) as caught:
            process.versions()
        assert "something ended it while it started" in caught.value.sentence
        assert "SIGKILL" in caught.value.details
        assert n_starts(tmp_path) == 2
        assert process.open(SMALL_NET).run(SMALL_IMAGE).n_images == 1
        assert n_starts(tmp_path) == 3


def test_a_foreign_python_that_is_killed_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("FAKE_CAFFE", "")
    with start_engine(EngineSpec("caffe", dying_first(tmp_path, 1))) as process:
        assert process.open(NET).run(IMAGE).n_images == 1
    (tmp_path / "starts").unlink()
    with start_engine(EngineSpec("caffe", dying_first(tmp_path, 2))) as process:
        with pytest.raises(EngineStoppedFromOutside, match="Something ended"):
            process.open(NET)
        assert process.open(NET).run(IMAGE).n_images == 1


def test_one_that_never_comes_up_is_not_started_for_ever(tmp_path: Path) -> None:
    with start_engine(EngineSpec("fake", dying_first(tmp_path, 1000))) as process:
        for _ in range(2):
            with pytest.raises(EngineError, match="something ended it"):
                process.open(SMALL_NET)
        assert n_starts(tmp_path) == 3


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_a_cancel_while_it_starts_stays_a_cancel(seconds: float) -> None:
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        began = time.monotonic()
        with pytest.raises(EngineCancelled):
            process.open(SMALL_NET)
        assert time.monotonic() - began < 5
        timer.join()
        assert not process.is_alive
        with pytest.raises(EngineCancelled):
            process.open(SMALL_NET)

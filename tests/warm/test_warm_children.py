"""A copied child is a process of its own that ends as a started one does."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import replace

import pytest

from core.engines.launch import launch_of
from core.engines.process import EngineProcess
from core.engines.values import EngineSpec
from core.errors import EngineCancelled
from tests.conftest import WARM
from tests.warm.children import WarmChild

FAKE = EngineSpec("fake")
NET = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 } }
"""


def test_copies_know_nothing_of_one_another() -> None:
    with EngineProcess(EngineSpec("torch")) as one, EngineProcess(EngineSpec("torch")) as two:
        assert isinstance(one._process, WarmChild)
        assert one.pid != two.pid
        one.open(NET)
        one.kill()
        with pytest.raises(EngineCancelled):
            one.open(NET)
        assert two.open(NET).cannot_run == ()
        assert (one._process.wait(30), two.is_alive) == (-signal.SIGKILL, True)


def test_a_copy_ends_with_its_streams() -> None:
    process = EngineProcess(FAKE)
    process.versions()
    child = process._process
    assert (child.poll(), process.is_alive) == (None, True)
    process.close()
    assert child.wait(30) == 0


def test_one_that_is_not_as_all_others_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = launch_of(FAKE)
    other = replace(launch, environment={**launch.environment, "OMP_NUM_THREADS": "7"})
    for child in (WARM.spawn("fake", other), spawned_in_the_cold(monkeypatch)):
        assert isinstance(child, subprocess.Popen)
        child.communicate()
        assert child.returncode == 0


def spawned_in_the_cold(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(WARM, "is_wanted", False)
    return WARM.spawn("fake", launch_of(FAKE))

"""Nets of several jobs in one child: each job holds its own, equal ones share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.errors import EngineError

IMAGE = {"data": np.ones((1, 3, 12, 10), np.float32)}
PROB = Value("prob", "prob")


@pytest.fixture
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        yield made


@pytest.fixture
def net(small_net: str) -> NetToRun:
    return NetToRun(small_net, Path("net.prototxt"), engine=EngineSpec("fake"))


def other(net: NetToRun) -> NetToRun:
    return NetToRun(net.text.replace('"small"', '"other"'), net.path, engine=net.engine)


def test_equal_nets_are_one_and_stay_while_anyone_holds_them(
    host: EngineHost, net: NetToRun
) -> None:
    with host.opened(net) as first:
        with host.opened(net) as second:
            assert second is first
        with host.opened(other(net)), host.opened(other(net)):
            pass
        assert first.forward(IMAGE, [PROB])[PROB].shape == (1, 5)


def test_another_job_never_closes_a_net_that_is_held(host: EngineHost, net: NetToRun) -> None:
    with host.opened(net) as held:
        for seed in range(4):
            with host.opened(NetToRun(net.text, net.path, seed=seed, engine=net.engine)) as mine:
                mine.forward(IMAGE, [PROB])
        assert held.forward(IMAGE, [PROB])[PROB].shape == (1, 5)


def test_nets_that_nobody_holds_are_let_go(host: EngineHost, net: NetToRun) -> None:
    with host.opened(net) as old:
        pass
    with host.opened(other(net)):
        pass
    with pytest.raises(EngineError, match="closed in the engine"):
        old.forward(IMAGE, [PROB])


def test_a_dead_child_is_replaced_and_its_nets_forgotten(host: EngineHost, net: NetToRun) -> None:
    with host.opened(net) as before:
        pass
    host.process(net.engine).kill()
    with host.opened(net) as after:
        assert after is not before
        assert after.forward(IMAGE, [PROB])[PROB].shape == (1, 5)


def test_many_threads_open_and_close_at_once(host: EngineHost, net: NetToRun) -> None:
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        mine = NetToRun(net.text, net.path, seed=seed % 3, engine=net.engine)
        try:
            for _ in range(5):
                with host.opened(mine) as engine:
                    assert engine.forward(IMAGE, [PROB])[PROB].shape == (1, 5)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_closed_host_opens_nothing(net: NetToRun) -> None:
    host = EngineHost()
    host.close()
    with pytest.raises(EngineError), host.opened(net):
        pass


def test_weights_written_anew_are_opened_anew(
    host: EngineHost, net: NetToRun, tmp_path: Path
) -> None:
    weights = tmp_path / "net.caffemodel"
    weights.write_bytes(b"")
    with_weights = NetToRun(net.text, net.path, weights, engine=net.engine)
    with host.opened(with_weights) as before, host.opened(with_weights) as same:
        assert same is before
        weights.write_bytes(b"\0")
        with host.opened(with_weights) as after:
            assert after is not before

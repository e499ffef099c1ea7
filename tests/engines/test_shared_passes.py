"""Passes whose arrays lie in shared memory: the same bits, for every caller, whatever ends."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.engines import process as process_module
from core.engines.base import Engine, EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.errors import EngineCancelled, EngineCrashed
from core.images.pixels import Pixels
from core.measures.measure import KEEP, Pool
from core.shared_arrays import SharedArrays
from tests.engines.conftest import SMALL_NET

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere frames carry arrays")

SHAPE = "shape { dim: 1 dim: 3 dim: 12 dim: 10 }"
NET = SMALL_NET.replace(
    f'input: "data"\ninput_{SHAPE}',
    f'layer {{ name: "data" type: "Input" top: "data" input_param {{ {SHAPE} }} }}',
)
PROB, CONV = Value("prob", "prob"), Value("conv1", "conv1")
WANTS = {CONV: (KEEP, Pool("gap")), PROB: (KEEP,), Value("data", "data"): (KEEP,)}


def image(seed: int, n_images: int = 1) -> dict[str, np.ndarray]:
    values = np.random.default_rng(seed).standard_normal((n_images, 3, 12, 10))
    return {"data": values.astype(np.float32)}


@pytest.fixture
def piped(any_spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineProcess]:
    """An engine that gets its arrays through the pipe."""
    monkeypatch.setattr(process_module, "may_share_memory", lambda spec: False)
    with start_engine(any_spec) as process:
        assert not process._talk._shared.files
        yield process


def test_values_are_those_of_the_pipe_bit_for_bit(
    any_process: EngineProcess, piped: EngineProcess
) -> None:
    assert any_process._talk._shared.files
    engines = [process.open(NET) for process in (any_process, piped)]
    for seed, n_images in enumerate((1, 8, 2, 8, 1)):
        one, other = (engine.measure(image(seed, n_images), WANTS) for engine in engines)
        assert one.keys() == other.keys()
        for key, array in one.items():
            assert array.tobytes() == other[key].tobytes(), key
            assert array.shape == other[key].shape
            assert array.flags.owndata


def test_pixels_become_their_values_on_the_way(
    any_process: EngineProcess, piped: EngineProcess
) -> None:
    planes = np.random.default_rng(4).integers(0, 256, (2, 3, 12, 10), np.uint8)
    mean = np.array([104, 117, 123], np.float32)[:, None, None]
    scale = np.array([0.5, 1, 3], np.float32)[:, None, None]
    by_hand = (planes.astype(np.float32) - mean) * scale
    for process in (any_process, piped):
        engine = process.open(NET)
        for _ in range(2):  # the second frame is put together as the first one was
            found = engine.measure({"data": Pixels(planes, mean, scale)}, WANTS)
            wanted = engine.measure({"data": by_hand}, WANTS)
            for key, array in wanted.items():
                assert array.tobytes() == found[key].tobytes(), key


def test_what_a_run_keeps_and_what_a_caller_got_outlive_later_passes(
    any_process: EngineProcess,
) -> None:
    engine = any_process.open(NET)
    data = Value("data", "data")
    engine.run(image(1))
    prob, conv = engine.read(PROB), engine.read(CONV)
    kept = engine.measure(image(1), WANTS)
    copies = {key: array.copy() for key, array in kept.items()}
    engine.measure(image(2), WANTS)
    np.testing.assert_array_equal(engine.read(data), image(1)["data"])
    assert engine.read(PROB).tobytes() == prob.tobytes()
    assert engine.read(CONV).tobytes() == conv.tobytes()
    for key, array in kept.items():
        assert array.tobytes() == copies[key].tobytes()


def test_threads_that_ask_at_once_each_get_their_own_values(any_process: EngineProcess) -> None:
    """Two nets, three sizes, four threads: what one asks for never reaches another."""
    engines = [any_process.open(NET, seed=seed) for seed in (0, 1)]
    sizes = (1, 3, 5)
    alone = {
        (net, n_images): engine.forward(image(n_images, n_images), [CONV, PROB])
        for net, engine in enumerate(engines)
        for n_images in sizes
    }

    def ask(turn: int) -> None:
        net, n_images = turn % 2, sizes[turn % 3]
        found = engines[net].forward(image(n_images, n_images), [CONV, PROB])
        for value, array in alone[net, n_images].items():
            assert found[value].tobytes() == array.tobytes()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(ask, turn) for turn in range(36)]:
            done.result()


def open_files() -> set[str]:
    """What this process has open, as it is called; the listing itself left out."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(f"{path.name} {path.readlink()}")
    return found


def memory_files() -> set[str]:
    """Those of memory that something still looks at."""
    gc.collect()
    return {name for name in open_files() if "memfd:blobscope" in name}


@pytest.mark.parametrize("how", ["killed", "crashed", "cancelled", "closed"])
def test_no_memory_is_left_of_a_child_whatever_ends_it(how: str) -> None:
    before, in_folder = memory_files(), sorted(Path("/dev/shm").iterdir())
    options = {"crashed": (("crash_at", "pool1"),), "cancelled": (("hang_at", "pool1"),)}
    process = start_engine(EngineSpec("fake", options=options.get(how, ())))
    engine = process.open(NET)
    engine.forward(image(1, 8), [CONV])
    assert memory_files() > before
    caught: list[BaseException] = []
    if how == "killed":
        os.kill(process.pid, signal.SIGKILL)
    if how == "cancelled":
        thread = threading.Thread(target=_ask, args=(engine, caught))
        thread.start()
        while process.running != "pool1":
            thread.join(0.01)
        process.kill()
        thread.join(10)
    elif how != "closed":
        _ask(engine, caught)
    process.close()
    wanted = {"killed": EngineCrashed, "crashed": EngineCrashed, "cancelled": EngineCancelled}
    assert [type(error) for error in caught] == ([wanted[how]] if how in wanted else [])
    caught.clear()  # their tracebacks look at the memory
    assert memory_files() == before
    assert sorted(Path("/dev/shm").iterdir()) == in_folder


def _ask(engine: Engine, caught: list[BaseException]) -> None:
    try:
        engine.forward(image(2, 8), [PROB])
    except (EngineCrashed, EngineCancelled) as error:
        caught.append(error)


def test_a_new_child_has_memory_of_its_own_after_a_kill() -> None:
    with start_engine(EngineSpec("fake")) as process:
        wanted = process.open(NET).forward(image(3), [PROB])[PROB]
        os.kill(process.pid, signal.SIGKILL)
    with start_engine(EngineSpec("fake")) as process:
        found = process.open(NET).forward(image(3), [PROB])[PROB]
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("is_refused", [True, False], ids=["no more files", "an old system"])
def test_where_the_system_has_no_such_memory_the_pipe_serves(
    is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, flags: int = 0) -> int:
        raise OSError(24, "Too many open files")

    if is_refused:
        monkeypatch.setattr(os, "memfd_create", refuse)
    else:
        monkeypatch.delattr(os, "memfd_create")
    assert not SharedArrays.create().files
    with start_engine(EngineSpec("fake")) as process:
        assert process.open(NET).forward(image(1), [PROB])[PROB].shape == (1, 5)

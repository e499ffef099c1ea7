"""A child that crashes, hangs, talks nonsense or is cancelled never harms us."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import Engine, EngineProcess, EngineSpec, Value
from core.engines.registry import available_engines, open_engine, start_engine
from core.errors import (
    EngineCancelled,
    EngineCrashed,
    EngineError,
    EngineUnavailableError,
    UnsupportedLayerError,
)

IMAGE = {"data": np.ones((1, 3, 12, 10), np.float32)}
PROB = Value("prob", "prob")


def start_fake(**options: str) -> EngineProcess:
    return start_engine(EngineSpec("fake", options=tuple(options.items())))


def wait_until(claim: object, timeout_seconds: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not claim():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_starting_returns_before_the_child_is_ready() -> None:
    start = time.monotonic()
    with start_engine(EngineSpec("torch")) as process:
        assert time.monotonic() - start < 1.0
        assert process.is_alive
        assert process.pid != os.getpid()
    assert not process.is_alive


def test_a_crash_names_the_layer_and_shows_the_fatal_line(small_net: str) -> None:
    with start_fake(crash_at="pool1") as process:
        engine = process.open(small_net)
        with pytest.raises(EngineCrashed) as caught:
            engine.run(IMAGE)
        assert caught.value.running == "pool1"
        assert caught.value.exit_code == 134
        assert "pool1" in caught.value.sentence
        assert caught.value.details.startswith("F0101 12:00:00.0 1 fake.cpp:1] Check failed")
        assert not process.is_alive
        with pytest.raises(EngineCrashed):
            engine.run(IMAGE)


def test_a_new_child_works_after_a_crash(small_net: str) -> None:
    with start_fake(crash_at="conv1") as process, pytest.raises(EngineCrashed):
        process.open(small_net).run(IMAGE)
    with start_fake() as process:
        assert process.open(small_net).run(IMAGE).n_images == 1


def test_a_child_that_is_killed_from_outside_is_a_crash(fake_process: EngineProcess) -> None:
    fake_process.versions()
    os.kill(fake_process.pid, signal.SIGKILL)
    with pytest.raises(EngineCrashed) as caught:
        fake_process.call({"op": "hello"})
    assert "SIGKILL" in caught.value.details


def test_kill_cancels_a_call_that_waits_in_another_thread(small_net: str) -> None:
    with start_fake(hang_at="conv1") as process:
        engine = process.open(small_net)
        caught: list[BaseException] = []
        thread = threading.Thread(target=_run_and_catch, args=(engine, caught))
        thread.start()
        wait_until(lambda: process.running == "conv1")
        process.kill()
        thread.join(10)
        assert isinstance(caught[0], EngineCancelled)
        with pytest.raises(EngineCancelled):
            engine.run(IMAGE)


def test_close_does_not_wait_for_a_child_that_hangs(small_net: str) -> None:
    process = start_fake(hang_at="conv1")
    engine = process.open(small_net)
    caught: list[BaseException] = []
    thread = threading.Thread(target=_run_and_catch, args=(engine, caught))
    thread.start()
    wait_until(lambda: process.running == "conv1")
    start = time.monotonic()
    process.close()
    assert time.monotonic() - start < 3.0
    thread.join(10)
    assert isinstance(caught[0], EngineCancelled)


def _run_and_catch(engine: Engine, caught: list[BaseException]) -> None:
    try:
        engine.run(IMAGE)
    except EngineError as error:
        caught.append(error)


def test_closing_twice_is_fine_and_asking_afterwards_is_an_error(small_net: str) -> None:
    process = start_fake()
    process.close()
    process.close()
    with pytest.raises(EngineError, match="closed"):
        process.open(small_net)


def test_stray_prints_do_not_disturb_the_protocol(small_net: str) -> None:
    with start_fake(print_at="conv1") as process:
        assert PROB in process.open(small_net).forward(IMAGE, [PROB])


def test_an_unforeseen_exception_leaves_the_child_alive(small_net: str) -> None:
    with start_fake(fail_at="pool1") as process:
        engine = process.open(small_net)
        with pytest.raises(EngineError, match="pool1") as caught:
            engine.run(IMAGE)
        assert "told to fail" in caught.value.sentence
        assert "Traceback" in caught.value.details
        assert engine.forward(IMAGE, [Value("conv1", "conv1")])


def test_unsupported_layers_are_named_where_they_are_needed(small_net: str) -> None:
    with start_fake(refuse="Dropout") as process:
        engine = process.open(small_net)
        assert [layer.name for layer in engine.cannot_run] == ["drop2"]
        with pytest.raises(UnsupportedLayerError) as caught:
            engine.forward(IMAGE, [PROB])
        assert caught.value.layers == (("drop2", "Dropout"),)
        assert process.is_alive


def test_a_text_that_can_not_be_parsed_is_refused(fake_process: EngineProcess) -> None:
    from core.errors import NetError

    with pytest.raises(NetError, match="line 1"):
        fake_process.open("layer {")
    assert fake_process.is_alive


def test_a_command_that_does_not_exist_is_unavailable() -> None:
    with pytest.raises(EngineUnavailableError, match="no_such_python"):
        start_engine(EngineSpec("fake", command=("/no_such_python",)))


def test_an_engine_nobody_knows_is_unavailable() -> None:
    with (
        start_engine(EngineSpec("tensorflow")) as process,
        pytest.raises(EngineUnavailableError, match="tensorflow"),
    ):
        process.devices()


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("print('Welcome to the GPU machine!', flush=True); input()", "Welcome"),
        (
            "import sys; sys.stdout.buffer.write(b'BSW1' + b'\\xff' * 12); sys.stdout.flush()",
            "over",
        ),
        ("import sys; print('no module named caffe', file=sys.stderr); sys.exit(1)", "no module"),
    ],
    ids=["garbage on stdout", "huge header", "dies at once"],
)
def test_a_program_that_is_no_engine_is_unavailable(
    tmp_path: Path, program: str, shown: str
) -> None:
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    with start_engine(EngineSpec("fake", command=(sys.executable, str(script)))) as process:
        with pytest.raises(EngineUnavailableError) as caught:
            process.versions()
        assert shown in caught.value.details


def test_the_child_ends_when_its_stdin_closes(small_net: str) -> None:
    """As when the window dies: even in the middle of a layer."""
    process = start_fake(hang_at="conv1")
    engine = process.open(small_net)
    thread = threading.Thread(target=_run_and_catch, args=(engine, []))
    thread.start()
    wait_until(lambda: process.running == "conv1")
    process._stdin.close()
    wait_until(lambda: not process.is_alive)
    thread.join(10)
    process.close()


def test_it_starts_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_net: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with open_engine(EngineSpec("fake"), small_net) as engine:
        assert engine.forward(IMAGE, [PROB])[PROB].shape == (1, 5)


def test_the_doctor_sees_what_torch_runs_on() -> None:
    status = available_engines()[0]
    assert status.name == "torch"
    assert status.is_available
    assert dict(status.versions)["torch"]
    assert status.devices[0].id == "cpu"
    assert "CPU" in status.sentence

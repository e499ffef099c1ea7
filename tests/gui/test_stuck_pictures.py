"""Pictures on disks that do not answer, in the window: nobody waits for them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.images.decoders.process import DecoderProcess

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")
NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
"""


@contextmanager
def decoders_that_stop(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """In the block a decoder stops where it begins with a file; the list is of those that did."""
    stopped: list[int] = []
    ask = DecoderProcess.ask

    def stop_and_ask(self: DecoderProcess, *words: object) -> object:
        os.kill(self.pid, signal.SIGSTOP)
        stopped.append(self.pid)
        return ask(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(DecoderProcess, "ask", stop_and_ask)
        yield stopped


def test_closing_waits_for_no_picture(
    bench, qtbot, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    with decoders_that_stop(monkeypatch) as stopped:
        bench.opening.open_image(photos / "red" / "0.png")
        qtbot.waitUntil(lambda: bool(stopped))
        started = time.monotonic()
        assert bench.close()  # every thread has ended
        assert time.monotonic() - started < 3


def test_a_look_at_a_stuck_picture_can_be_cancelled(
    bench, qtbot, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    panel = bench.window.panels.activations
    bench.window.show_panel(panel)
    bench.document.select("conv1")
    with decoders_that_stop(monkeypatch) as stopped:
        bench.opening.open_image(photos / "red" / "0.png")
        qtbot.waitUntil(lambda: len(stopped) == 2)  # the thumbnail and the pass
        bench.lanes.cancel_all()
        qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=1500)
    bench.document.select("data")
    bench.document.select("conv1")
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert not panel.empty_state.isVisible()

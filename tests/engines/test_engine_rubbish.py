"""Whatever a child writes, the parent has an EngineError for it, and lives on."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core import frames
from core.activations.summary import summarise_values
from core.engines import process as process_module
from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.operations import PROTOCOL, Greeting, Opened, SummaryHeader
from core.engines.registry import start_engine
from core.engines.values import Device, EngineLayer, Obstacle, PassResult
from core.errors import AppError, EngineCrashed, EngineError

PROB = Value("prob", "prob")
IMAGE = {"data": np.ones((1, 3, 4, 4), np.float32)}
ARRAY = np.linspace(0, 1, 12, dtype=np.float32).reshape(1, 3, 2, 2)
JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 1 << 70, float("nan"), float("inf"), "", "x" * 10_000, "\ud800", "\x00",
    [], [[]], [None], [-1, 2], {}, {"a": {}}, [["<f4", [1]]], {"kind": "PythonLayersRefused"},
)  # fmt: skip
LAYERS = (
    EngineLayer("data", "Input", (), ("data",), ((1, 3, 4, 4),)),
    EngineLayer("prob", "Softmax", ("data",), ("prob",), (None,), Obstacle("it can't", "why")),
)


def exchange() -> list[tuple[dict[str, Any], list[np.ndarray]]]:
    """What a child says in a short life: greeting, net, pass, value, statistics, error."""
    (summary,) = summarise_values([ARRAY], bins=4)
    header = SummaryHeader(summary.statistics, summary.histogram.counters())
    histogram = [summary.histogram.edges, summary.histogram.counts]
    opened = Opened(1, "cpu", LAYERS, {"data": (1, 3, 4, 4)}, ("a warning",), ())
    error = {"kind": "UnsupportedLayerError", "layers": [["a", "B"]], "engine": "torch"}
    plain = [Greeting(PROTOCOL, {"fake": "1"}, (Device("cpu", "CPU", None),), ("Softmax",)), opened]
    frames_ = [(msgspec.to_builtins(one), []) for one in plain]
    frames_.append(({"running": "prob"}, []))
    frames_.append((msgspec.to_builtins(PassResult(0.5, 1, 12)), []))
    frames_ += [({}, [ARRAY]), ({}, [ARRAY])]
    frames_.append(({"summaries": [msgspec.to_builtins(header)]}, histogram))
    frames_.append(({"error": error}, []))
    return frames_


def talk(process: EngineProcess) -> None:
    """Everything a caller asks; raises AppError at the worst."""
    process.versions()
    engine = process.open("net")
    assert engine.shape_of(PROB) is None or len(engine.shape_of(PROB)) >= 0
    engine.run(IMAGE)
    assert engine.read(PROB).dtype.kind == "f"
    assert set(engine.forward(IMAGE, [PROB])) == {PROB}
    (summary,) = engine.statistics([PROB]).values()
    assert summary.histogram.n_values is not None
    engine.read(PROB)


class Child:
    """Stands in for subprocess.Popen: has said all it will ever say."""

    def __init__(self, said: bytes) -> None:
        self.stdin, self.stdout, self.stderr = io.BytesIO(), io.BytesIO(said), None
        self.pid = 0

    def poll(self) -> int:
        return 1

    def wait(self, timeout: float) -> int:
        return 1

    def kill(self) -> None:
        pass


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch):
    """Talk to a child that says these bytes; the error that this ends in, None where it is none."""

    def hear(said: bytes) -> AppError | None:
        monkeypatch.setattr(process_module, "_spawn", lambda name, launch: Child(said))
        try:
            with EngineProcess(EngineSpec("fake")) as process:
                talk(process)
        except AppError as error:
            found = error
        else:
            return None
        assert found.sentence
        return found

    return hear


def said(told: list[tuple[dict[str, Any], list[np.ndarray]]]) -> bytes:
    stream = io.BytesIO()
    for header, arrays in told:
        frames.write_frame(stream, header, arrays)
    return stream.getvalue()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a header."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((*path, key))
        if isinstance(inner, (dict, list, tuple)):
            found += places(inner, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    changed = json.loads(json.dumps(value))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return changed


def test_the_talk_as_it_should_be_ends_in_its_error(hears) -> None:
    error = hears(said(exchange()))
    assert error is not None
    assert "can't run 1 layer" in error.sentence


def test_every_field_of_every_reply_may_hold_anything(hears) -> None:
    good = exchange()
    n_cases = 0
    for number, (header, arrays) in enumerate(good):
        for path in places(header):
            for junk in JUNK:
                told = [*good[:number], (put(header, path, junk), arrays), *good[number + 1 :]]
                hears(said(told))
                n_cases += 1
    assert n_cases > 500


def test_arrays_may_be_of_any_number_type_and_shape(hears) -> None:
    good = exchange()
    odd = [ARRAY.astype(bool), ARRAY.astype(np.int64), np.float32(1), ARRAY[:0], ARRAY[0, 0, 0]]
    for number, (header, arrays) in enumerate(good):
        for others in ([], [ARRAY] * 3, *([one] for one in odd), *([one, one] for one in odd)):
            told = [*good[:number], (copy.deepcopy(header), others), *good[number + 1 :]]
            error = hears(said(told))
            if len(others) != len(arrays):
                assert isinstance(error, EngineError)


def test_bytes_may_be_flipped_cut_doubled_or_random(hears) -> None:
    rng = random.Random(4)
    good = said(exchange())
    for _ in range(1500):
        mutated = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(mutated))
            kind = rng.randrange(4)
            if kind == 0:
                mutated[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del mutated[at : at + rng.randrange(1, 64)]
            elif kind == 2:
                mutated[at:at] = mutated[at : at + rng.randrange(1, 64)]
            else:
                mutated[at : at + 4] = struct.pack("<I", rng.choice([0, 1, 1 << 16, 0xFFFFFFFF]))
        hears(bytes(mutated))
    for length in (0, 1, 15, 16, 17, 1000):
        assert isinstance(hears(rng.randbytes(length)), EngineError)


@pytest.mark.parametrize(
    "program",
    [
        "import os\nwhile True: os.write(1, os.urandom(65536))",
        "import os, struct\nos.write(1, struct.pack('<4sIQ', b'BSW1', 1 << 20, 0))\n"
        "for _ in range(40): os.write(1, b' ' * 1024)",
        "import os, struct\nos.write(1, struct.pack('<4sIQ', b'BSW1', 0xFFFFFFFF, 1 << 60))\n"
        "import time; time.sleep(600)",
        "import os, struct\ntext = b'[' * 1000000\n"
        "os.write(1, struct.pack('<4sIQ', b'BSW1', len(text), 0) + text)\nimport time\n"
        "time.sleep(600)",
        'import os, struct\ntext = b\'{"arrays": [["<f4", [4000000000]]]}\'\n'
        "os.write(1, struct.pack('<4sIQ', b'BSW1', len(text), 16000000000) + text)",
    ],
    ids=["random for ever", "a cut header", "a huge header", "deep nesting", "a huge array"],
)
def test_real_children_that_talk_rubbish_end_soon(tmp_path: Path, program: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    began = time.monotonic()
    spec = EngineSpec("fake", command=(sys.executable, str(path)))
    with start_engine(spec) as process, pytest.raises(EngineError):
        process.versions()
    assert time.monotonic() - began < 30


def test_a_header_that_never_ends_can_be_cancelled(tmp_path: Path) -> None:
    import threading

    path = tmp_path / "program.py"
    path.write_text(
        "import os, struct, time\nos.write(1, struct.pack('<4sIQ', b'BSW1', 1 << 20, 0))\n"
        "while True: os.write(1, b' '); time.sleep(0.05)",
        encoding="utf-8",
    )
    with start_engine(EngineSpec("fake", command=(sys.executable, str(path)))) as process:
        timer = threading.Timer(0.5, process.kill)
        timer.start()
        with pytest.raises(EngineError):
            process.versions()
        timer.join()


def test_a_child_that_talked_rubbish_is_not_believed_again(tmp_path: Path, hears) -> None:
    good = exchange()
    told = [*good[:4], ({}, [ARRAY.astype(np.int64)]), *good[5:]]
    assert isinstance(hears(said(told)), EngineCrashed)

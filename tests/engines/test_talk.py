"""What two sides say to one another, where the same words come again with other arrays."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from core import frames
from core.engines import child as engine_child
from core.engines.operations import Done, Take, Want
from core.engines.talk import Talk
from core.engines.values import Value
from core.measures.measure import KEEP, Pool
from core.shared_arrays import SharedArrays

Sides = tuple[Talk, Talk]
PROB = Value("prob", "prob")
TAKES = [
    Take(1, ("data",), (Want(PROB, KEEP),)),
    Take(2, ("data",), (Want(PROB, KEEP),)),
    Take(1, ("data",), (Want(PROB, Pool("gem", p=3.0)),)),
    Take(1, ("data",), (Want(PROB, Pool("gem", p=2.0)),)),
    Take(1, ("label",), (Want(PROB, KEEP),)),
    *(Take(net, (), ()) for net in range(3, 40)),
]


@pytest.fixture(params=["shared memory", "pipes"])
def sides(request: pytest.FixtureRequest) -> Iterator[Sides]:
    """A parent's and a child's side, in one process."""
    if request.param == "shared memory" and sys.platform != "linux":
        pytest.skip("elsewhere frames carry arrays")
    shared = SharedArrays.create() if request.param == "shared memory" else SharedArrays()
    there = [os.dup(file) for file in shared.files]
    (ins, out), (back_in, back_out) = os.pipe(), os.pipe()
    streams = [os.fdopen(back_in, "rb"), os.fdopen(out, "wb"),
               os.fdopen(ins, "rb"), os.fdopen(back_out, "wb")]  # fmt: skip
    parent = Talk(streams[0], streams[1], shared)
    child = Talk(streams[2], streams[3], SharedArrays.of_parent(there) if there else SharedArrays())
    yield parent, child
    for side in (parent, child):
        side.close()
    for stream in streams:
        stream.close()


def numbers(seed: int, shape: tuple[int, ...], dtype: str = "<f4") -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


def test_each_frame_arrives_whatever_was_said_before(sides: Sides) -> None:
    """Requests that differ in one word, sizes and types that change, twice over in any order."""
    parent, child = sides
    rng = np.random.default_rng(0)
    kinds = [((2, 3), "<f4"), ((3, 2), "<f4"), ((2, 3), "<i8"), ((1, 1), "<f4"), ((0, 2), "<f8")]
    for turn in range(200):
        request = TAKES[rng.integers(len(TAKES))]
        arrays = [numbers(turn + i, *kinds[rng.integers(5)]) for i in range(rng.integers(3))]
        parent.say(request, arrays)
        heard = child.hear()
        assert heard.header["op"] == "measure"
        assert heard.header["net"] == request.net
        assert heard.header["inputs"] == list(request.inputs)
        assert len(heard.header["wants"]) == len(request.wants)
        for want, written in zip(request.wants, heard.header["wants"], strict=True):
            assert written[1].get("p") == getattr(want.measure, "p", None)
        assert [one.tobytes() for one in heard.arrays] == [one.tobytes() for one in arrays]
        assert [one.dtype for one in heard.arrays] == [one.dtype for one in arrays]
        child.say(Done(), arrays[::-1])
        back = parent.hear()
        assert "op" not in back.header
        assert [one.tobytes() for one in back.arrays] == [one.tobytes() for one in arrays[::-1]]
        assert [one.shape for one in back.arrays] == [one.shape for one in arrays[::-1]]


@pytest.mark.parametrize("sides", ["shared memory"], indirect=True)
def test_the_same_words_are_understood_once(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, child = sides
    parent.say(TAKES[0], [numbers(0, (2, 3))])
    first = child.hear()
    monkeypatch.setattr(frames, "read_body", None)
    monkeypatch.setattr(frames, "frame_of", None)
    parent.say(TAKES[0], [numbers(1, (2, 3))])
    second = child.hear()
    assert second.words == first.words
    np.testing.assert_array_equal(second.arrays[0], numbers(1, (2, 3)))


def test_an_error_between_two_answers_is_heard_as_one(sides: Sides) -> None:
    parent, child = sides
    for turn in range(3):
        child.say(Done(), [numbers(turn, (4,))])
        np.testing.assert_array_equal(parent.hear().arrays[0], numbers(turn, (4,)))
        child.say({"error": {"kind": "EngineError", "sentence": f"no {turn}"}})
        heard = parent.hear()
        assert heard.header["error"]["sentence"] == f"no {turn}"
        assert not heard.arrays


def test_layers_are_noted_or_told_without_waking_the_caller_for_each(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = sides
    monkeypatch.setattr(engine_child, "_TOLD_EVERY_SECONDS", 1000.0)
    writer = engine_child.ChildReplies(child)
    layers = ["conv", "relu", "fc"]
    heard = []
    for name in (*layers, *layers):  # the second pass is like the first
        writer.announce(name)
        heard.append(parent.noted())
    child.say({"reply": 1})
    if heard != ["conv", "relu", "fc"] * 2:
        assert [parent.hear().header["running"] for _ in layers] == layers
    assert parent.hear().header == {"reply": 1}

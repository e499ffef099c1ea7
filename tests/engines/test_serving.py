"""What the child's server tells a session of the passes that have begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from core.engines import operations
from core.engines.begun import BegunPass
from core.engines.operations import Want
from core.engines.serving import Server
from core.engines.session import Backend, OnLayer, OpenRequest, Session
from core.engines.talk import Heard
from core.engines.values import Device, PassResult, Value
from core.errors import EngineError
from core.net.definition import NetState


class Told(Session):
    """Writes down what it is told."""

    layers, inputs = (), {"data": (1,)}

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def begin(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> BegunPass[list[np.ndarray]]:
        number = int(inputs["data"][0])
        self.words.append(f"begin {number}")
        return BegunPass(
            lambda: [np.array([number])], lambda: self.words.append(f"give up {number}")
        )

    def make_way(self) -> None:
        self.words.append("make way")

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        self.words.append("measure")
        return []

    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        raise NotImplementedError

    def read(self, value: Value) -> np.ndarray:
        raise NotImplementedError


class OneSession(Backend):
    """Opens nothing but sessions that write down what they are told."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def versions(self) -> dict[str, str]:
        return {}

    def devices(self) -> tuple[Device, ...]:
        return ()

    def open(self, request: OpenRequest) -> Session:
        return Told(self._words)


class Asking:
    """Asks a server as the other side of its pipe does."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._server = Server(OneSession(self.words), lambda layer_name: None)
        self.net = self(operations.Open("", None, "cpu", 0, NetState(), {}))[0].net

    def __call__(self, request: operations.Request, *arrays: np.ndarray) -> tuple[Any, Any]:
        return self._server.answer(
            Heard(msgspec.to_builtins(request), arrays, msgspec.json.encode(request))
        )

    def begin(self, number: int) -> int:
        answer, _ = self(operations.Begin(self.net, ("data",), ()), np.array([number]))
        return int(answer.number)


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_passes_are_ended_and_given_up_beside_those_that_run(asking: Asking) -> None:
    first, second, third = (asking.begin(number) for number in (1, 2, 3))
    asking(operations.GiveUp(asking.net, second))
    _, (found,) = asking(operations.End(asking.net, first, ()))
    assert found.tolist() == [1]
    assert asking.words == ["begin 1", "begin 2", "begin 3", "give up 2"]
    with pytest.raises(EngineError, match="given up"):
        asking(operations.End(asking.net, second, ()))
    asking(operations.GiveUp(asking.net, second))
    _, (found,) = asking(operations.End(asking.net, third, ()))
    assert found.tolist() == [3]
    assert asking.words[4:] == []


def test_they_make_way_before_anything_else_is_asked(asking: Asking) -> None:
    number = asking.begin(1)
    asking(operations.Take(asking.net, (), ()))
    assert asking.words == ["begin 1", "make way", "measure"]
    _, (found,) = asking(operations.End(asking.net, number, ()))
    assert found.tolist() == [1]

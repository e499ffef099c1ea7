"""One small net to run in real Caffe and in our engine: its text, its inputs, its seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Input:
    """An input blob: its shape and what fills it, a kind of `seeded_values.make_values`."""

    blob: str
    shape: Shape
    kind: str = "normal"


@dataclass(frozen=True)
class Case:
    """A net about one layer type; `parameters` says how to fill "layer/index" other than usual.

    is_undefined: real Caffe reads or writes beyond its memory, so ours must refuse.
    """

    name: str
    type: str
    prototxt: str
    inputs: tuple[Input, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    is_undefined: bool = False

    @property
    def digest(self) -> str:
        """Eight letters that change with anything that decides the values."""
        told = repr((self.prototxt, self.inputs, sorted(self.parameters.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:8]


class Grid:
    """Collects the cases of one family."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def add(
        self,
        type_: str,
        name: str,
        parameters: str,
        *shapes: Sequence[int] | tuple[Sequence[int], str],
        n_tops: int = 1,
        is_in_place: bool = False,
        filled: dict[str, str] | None = None,
        after: str = "",
        is_undefined: bool = False,
    ) -> None:
        """A layer "l" over inputs x0, x1...; a shape may stand with the kind of its values.

        n_tops: y0, y1...; -1 for none. In place: the first top is x0. after: more layers.
        """
        inputs = tuple(_input(i, written) for i, written in enumerate(shapes))
        tops = [f"y{i}" for i in range(n_tops)]
        if is_in_place:
            tops[0] = "x0"
        blobs = [f'bottom: "{given.blob}"' for given in inputs]
        blobs += [f'top: "{top}"' for top in tops]
        text = "".join(input_layer(given) for given in inputs)
        text += f'layer {{ name: "l" type: "{type_}" {" ".join(blobs)}\n  {parameters} }}\n'
        self.add_net(type_, name, text + after, inputs, filled, is_undefined=is_undefined)

    def add_net(
        self,
        type_: str,
        name: str,
        text: str,
        inputs: Sequence[Input],
        filled: dict[str, str] | None = None,
        *,
        is_undefined: bool = False,
    ) -> None:
        """A net written out."""
        name = f"{type_}/{name}"
        self.cases.append(Case(name, type_, text, tuple(inputs), filled or {}, is_undefined))


def input_layer(given: Input) -> str:
    """The Input layer of one blob."""
    dims = " ".join(f"dim: {size}" for size in given.shape)
    return (
        f'layer {{ name: "{given.blob}" type: "Input" top: "{given.blob}"\n'
        f"  input_param {{ shape {{ {dims} }} }} }}\n"
    )


def _input(index: int, written: Sequence[int] | tuple[Sequence[int], str]) -> Input:
    if len(written) == 2 and isinstance(written[1], str):
        shape, kind = written
        return Input(f"x{index}", tuple(shape), kind)  # type: ignore[arg-type]
    return Input(f"x{index}", tuple(written))  # type: ignore[arg-type]

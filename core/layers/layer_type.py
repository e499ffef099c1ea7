"""What is known of a layer type, and the words in which its file describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.layers.reach import ReachRule
from core.net.definition import Layer

Shape = tuple[int, ...]
Family = Literal[
    "convolution",
    "activation",
    "pooling",
    "normalisation",
    "inner product",
    "merge / split",
    "data / input",
    "loss / output",
    "other",
]


class ShapeRefused(Exception):
    """Caffe would refuse these shapes or parameters; the text is a sentence for the user."""


@dataclass(frozen=True)
class Geometry:
    """What a layer makes of its bottoms: shapes of tops and parameters, and the work in numbers.

    tops: one for each blob the layer can write; None where the shape is known only when it runs.
    views: indices of tops in memory that another blob owns, as that of a Concat of one blob.
    assumption: a sentence when a shape rests on a guess, as for a database nobody opened.
    """

    tops: tuple[Shape | None, ...]
    parameters: tuple[Shape, ...] = ()
    macs: int = 0
    operations: int = 0
    operation_name: str = ""
    views: tuple[int, ...] = ()
    assumption: str = ""


@dataclass(frozen=True)
class ParameterDefault:
    """A parameter Caffe fills in when the file leaves it out; `message` holds it."""

    name: str
    value: str
    message: str


@dataclass(frozen=True)
class Arity:
    """How many blobs a layer takes or gives; None: any number."""

    least: int = 0
    most: int | None = None

    def allows(self, count: int) -> bool:
        """Whether Caffe accepts `count` blobs."""
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return (
            f"exactly {self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        )


Rule = Callable[[Layer, Sequence[Shape]], Geometry]
RowRule = Callable[[Layer, Sequence[Shape], str], str]
"""From a layer, its bottoms' shapes and the phase: "" where each row of axis 0 stays by itself,
else what is done to the rows, as "joins its bottoms along axis 0"."""
ONE = Arity(1, 1)
ANY = Arity()


@dataclass(frozen=True)
class LayerType:
    """A layer type: its family for colours, its defaults and the rule for its shapes.

    rows: whether row i of its tops comes from row i of its bottoms alone; every type has to say.
    reach: which values of its bottoms can move a value of its tops; every type has to say.
    shares_storage: its tops are views of its bottom, so they cost no memory of their own.
    may_run_in_place: it gives the same values there; refuses_in_place: Caffe aborts there.
    is_spoilt_in_place: Caffe runs it there, but overwrites values before it reads them.
    origin: "caffe" for BVLC's own types, "fork" for those of other branches.
    """

    type: str
    family: Family
    infer: Rule | None = None
    rows: RowRule = field(kw_only=True)
    reach: ReachRule = field(kw_only=True)
    bottoms: Arity = ANY
    tops: Arity = ANY
    may_run_in_place: bool = False
    refuses_in_place: bool = False
    is_spoilt_in_place: bool = False
    shares_storage: bool = False
    defaults: tuple[ParameterDefault, ...] = ()
    origin: Literal["caffe", "fork"] = "caffe"
    is_known: bool = True


def defaults(message: str, **values: str | int | float | bool) -> tuple[ParameterDefault, ...]:
    """Defaults of one parameter message, written as a prototxt would."""
    return tuple(
        ParameterDefault(name, str(v).lower() if isinstance(v, bool) else f"{v}", message)
        for name, v in values.items()
    )

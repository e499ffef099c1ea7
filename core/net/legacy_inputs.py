"""The `input:` fields of a file as the Input layer that Caffe makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from core.net.definition import Problem
from core.net.message import Field, Message, Scalar

INPUT_LAYER = "input"
"""What Caffe calls the layer that it makes of them."""
_N_DIMS = 4


@dataclass(frozen=True)
class LegacyInputs:
    """Names of the inputs, the V2 view of their layer, and shapes Caffe would read from nowhere."""

    names: tuple[Scalar, ...]
    view: Message
    problems: tuple[Problem, ...]


def read_legacy_inputs(root: Message) -> LegacyInputs | None:
    """The implicit Input layer; None without `input:` fields, or with ones that have no shape.

    `input_shape` wins over `input_dim`; shapes beyond the last input are dropped. After
    BVLC/caffe src/caffe/util/upgrade_proto.cpp, UpgradeNetInput.
    """
    names, dims = root.scalars("input"), root.scalars("input_dim")
    shapes = root.messages("input_shape")
    if not names or not (shapes or dims):
        return None
    problems = _missing_shapes(names, len(shapes)) if shapes else _missing_dims(names, len(dims))
    if not shapes:
        groups = (dims[i * _N_DIMS : (i + 1) * _N_DIMS] for i in range(len(names)))
        shapes = tuple(_shape(group, root) for group in groups if group)
    return LegacyInputs(names, _view(names, shapes[: len(names)], root), problems)


def _missing_shapes(names: tuple[Scalar, ...], n_shapes: int) -> tuple[Problem, ...]:
    if n_shapes >= len(names):
        return ()
    name = names[n_shapes]
    sentence = f"Input '{name.value}' has no input_shape, though other inputs do."
    return (Problem(sentence, INPUT_LAYER, name.span.line),)


def _missing_dims(names: tuple[Scalar, ...], n_dims: int) -> tuple[Problem, ...]:
    if n_dims >= _N_DIMS * len(names):
        return ()
    name = names[n_dims // _N_DIMS]
    sentence = f"Input '{name.value}' has {n_dims % _N_DIMS} of the 4 input_dim that Caffe reads."
    return (Problem(sentence, INPUT_LAYER, name.span.line),)


def _shape(dims: tuple[Scalar, ...], root: Message) -> Message:
    fields = tuple(Field("dim", dim, dim.span, dim.span) for dim in dims)
    return Message(fields, dims[0].span, root.source)


def _view(names: tuple[Scalar, ...], shapes: tuple[Message, ...], root: Message) -> Message:
    span = names[0].span
    param = Message(
        tuple(Field("shape", shape, shape.span, shape.span) for shape in shapes), span, root.source
    )
    fields = (
        Field("name", Scalar(INPUT_LAYER, "string", span), span, span),
        Field("type", Scalar("Input", "string", span), span, span),
        Field("input_param", param, span, span),
    )
    return Message(fields, span, root.source)

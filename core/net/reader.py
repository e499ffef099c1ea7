"""Reading a prototxt into a Net, with phase rules applied."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from core.net.conformity import Conformity, check_fields, with_enum_words
from core.net.definition import AUTOMATIC_TOP, Layer, Net, NetState, Problem, scalar_spans
from core.net.legacy_inputs import read_legacy_inputs
from core.net.message import Message
from core.net.parser import parse
from core.net.solver import open_prototxt
from core.net.text import read_prototxt
from core.net.tokens import BYTE_ORDER_MARK
from core.net.upgrade import (
    WrittenLayer,
    dialect_of,
    written_layers,
)
from core.net.v1_fields import message_field
from core.net.versions import trace_versions

__all__ = ["DEFAULT_STATE", "load_net", "read_net", "read_prototxt"]

DEFAULT_STATE = NetState()
MOST_REMEMBERED = 2_000_000
"""Characters of a text whose parsed form is kept for the next phase; real files stay below."""


def load_net(path: Path, *, state: NetState = DEFAULT_STATE) -> Net:
    """Read a prototxt file, or the net that a solver file names.

    Raises NetError when it can't be opened or is no text, PrototxtError when it can't be parsed.
    """
    file = open_prototxt(path, state)
    return read_net(file.text, path=file.path, state=file.state)


def read_net(text: str, *, path: Path | None = None, state: NetState = DEFAULT_STATE) -> Net:
    """Read prototxt text as the net Caffe would build in `state`.

    What Caffe would refuse is listed in `Net.problems`; only text that can't be parsed raises
    (PrototxtError).
    """
    parsed = _remembered if len(text) <= MOST_REMEMBERED else _parsed
    root, conformity = parsed(text, path)
    problems = [*conformity.refused]
    if text.startswith(BYTE_ORDER_MARK):
        problems.insert(0, Problem("The file starts with a byte order mark.", "", 1))
    state = replace(state, stages=(*state.stages, *root.message("state").words("stage")))
    layers: list[Layer] = _input_layers(root, problems)
    inactive: list[Layer] = []
    for written in _fold_padding(list(written_layers(root)), problems):
        layer = _make_layer(written)
        rules = _rules(written, layer, problems)
        (layers if _is_included(*rules, state) else inactive).append(layer)
    if root.has("layer") and root.has("layers"):
        sentence = "The file has both `layer` and `layers` blocks, which Caffe refuses."
        problems.append(Problem(sentence, "", 1))
    numbered = tuple(replace(layer, index=i) for i, layer in enumerate(layers))
    traced = trace_versions(numbered)
    return Net(
        name=root.word("name"),
        dialect=dialect_of(root),
        text=text,
        state=state,
        root=root,
        layers=numbered,
        inactive=tuple(inactive),
        versions=traced.versions,
        bottom_versions=traced.bottom_versions,
        problems=(*problems, *traced.problems),
        unknown=tuple(conformity.unknown),
    )


def _parsed(text: str, path: Path | None) -> tuple[Message, Conformity]:
    root = parse(text, path)
    conformity = check_fields(root)
    return (with_enum_words(root) if conformity.has_numbered_enums else root), conformity


_remembered = lru_cache(maxsize=2)(_parsed)
"""An edit is checked in every phase and stage of one text, which is then parsed once."""


def _input_layers(root: Message, problems: list[Problem]) -> list[Layer]:
    inputs = read_legacy_inputs(root)
    if inputs is None:
        return []
    problems.extend(inputs.problems)
    return [
        Layer(
            name="input",
            type="Input",
            bottoms=(),
            tops=tuple(name.value for name in inputs.names),
            bottom_spans=(),
            top_spans=scalar_spans(inputs.names),
            name_span=None,
            span=None,
            message=inputs.view,
        )
    ]


def _make_layer(written: WrittenLayer) -> Layer:
    bottoms, tops = written.block.scalars("bottom"), written.block.scalars("top")
    top_names = tuple(top.value for top in tops)
    top_spans = scalar_spans(tops)
    if not tops and (written.type.endswith("Loss") or written.type == "SoftmaxWithLoss"):
        top_names, top_spans = (AUTOMATIC_TOP,), (None,)
    return Layer(
        name=written.name.value if written.name else "",
        type=written.type,
        bottoms=tuple(bottom.value for bottom in bottoms),
        tops=top_names,
        bottom_spans=scalar_spans(bottoms),
        top_spans=top_spans,
        name_span=written.name.span if written.name else None,
        span=written.block.span,
        message=written.view,
        parameter_names=_parameter_names(written.view),
    )


def _parameter_names(view: Message) -> tuple[str, ...]:
    return tuple(message.word("name") for message in view.messages("param"))


def _fold_padding(written: list[WrittenLayer], problems: list[Problem]) -> list[WrittenLayer]:
    """Merge V0 padding layers into the layers that read them, as Caffe's upgrade does."""
    padding = {w.block.word("top"): w for w in written if w.type == "padding"}
    if not padding:
        return written
    return [_with_padding(w, padding, problems) for w in written if w.type != "padding"]


def _with_padding(
    written: WrittenLayer, padding: dict[str, WrittenLayer], problems: list[Problem]
) -> WrittenLayer:
    source = padding.get(written.block.word("bottom"))
    if source is None:
        return written
    home = {"Convolution": "convolution_param", "Pooling": "pooling_param"}.get(written.type)
    if home is None:
        name = written.name.value if written.name else ""
        sentence = f"Layer '{name}' reads a padding layer but neither convolves nor pools."
        problems.append(Problem(sentence, name, written.block.span.line))
        return written
    pads = tuple(f for f in source.view.fields if f.name == "pad")
    kept = tuple(f for f in written.view.message(home).fields if f.name != "pad")
    param = message_field(home, (*kept, *pads), written.view)
    # the bottom becomes the padding layer's own; its span stays there, so an edit stays right
    others = tuple(f for f in written.block.fields if f.name != "bottom")
    bottoms = tuple(f for f in source.block.fields if f.name == "bottom")
    left = tuple(f for f in written.view.fields if f.name != home)
    return replace(
        written,
        block=replace(written.block, fields=(*bottoms, *others)),
        view=replace(written.view, fields=(*left, param)),
    )


def _rules(
    written: WrittenLayer, layer: Layer, problems: list[Problem]
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    include, exclude = written.block.messages("include"), written.block.messages("exclude")
    if include and exclude:
        sentence = f"Layer '{layer.name}' has include and exclude rules; Caffe allows one kind."
        problems.append(Problem(sentence, layer.name, layer.line))
    return include, exclude


def _is_included(
    include: tuple[Message, ...], exclude: tuple[Message, ...], state: NetState
) -> bool:
    if include:
        return any(_meets(rule, state) for rule in include)
    return not any(_meets(rule, state) for rule in exclude)


def _meets(rule: Message, state: NetState) -> bool:
    phase = rule.word("phase")
    return (
        (not phase or {"0": "TRAIN", "1": "TEST"}.get(phase, phase) == state.phase)
        and (not rule.has("min_level") or state.level >= rule.integer("min_level"))
        and (not rule.has("max_level") or state.level <= rule.integer("max_level"))
        and all(stage in state.stages for stage in rule.words("stage"))
        and not any(stage in state.stages for stage in rule.words("not_stage"))
    )

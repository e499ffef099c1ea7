"""Reading a prototxt into a Net, with phase rules applied."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from core.net.conformity import Conformity, check_fields, with_enum_words
from core.net.definition import (
    AUTOMATIC_TOP,
    Layer,
    Net,
    NetState,
    Problem,
    UnknownField,
    scalar_spans,
)
from core.net.legacy_inputs import INPUT_LAYER, read_legacy_inputs
from core.net.message import Message
from core.net.parser import parse
from core.net.phase_rules import is_included
from core.net.solver import open_prototxt
from core.net.text import read_prototxt
from core.net.tokens import BYTE_ORDER_MARK
from core.net.unique_names import NO_NAME, unique_names
from core.net.upgrade import WrittenLayer, dialect_of, written_layers
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
    problems: list[Problem] = []
    file_stages = root.message("state").words("stage")
    state = replace(state, stages=(*state.stages, *file_stages))
    layers: list[Layer] = _input_layers(root, problems)
    inactive: list[Layer] = []
    blocks = _fold_padding(list(written_layers(root)), problems)
    names = _names(blocks, bool(layers), state, file_stages)
    for written, name in zip(blocks, names, strict=True):
        _check_rules(written, name, problems)
        layer = _make_layer(written, name)
        (layers if is_included(written.block, state) else inactive).append(layer)
    numbered = tuple(replace(layer, index=i) for i, layer in enumerate(layers))
    traced = trace_versions(numbered)
    named = _LayerNames(blocks, names)
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
        problems=(
            *_file_problems(root, text),
            *(replace(found, layer=named.at(found)) for found in conformity.refused),
            *problems,
            *traced.problems,
        ),
        unknown=tuple(replace(found, layer=named.at(found)) for found in conformity.unknown),
    )


def _file_problems(root: Message, text: str) -> Iterator[Problem]:
    if text.startswith(BYTE_ORDER_MARK):
        yield Problem("The file starts with a byte order mark.", "", 1)
    if root.has("layer") and root.has("layers"):
        sentence = "The file has both `layer` and `layers` blocks, which Caffe refuses."
        yield Problem(sentence, "", 1)


class _LayerNames:
    """The names that the blocks of a file got, for what was found in them before they had any."""

    def __init__(self, blocks: Sequence[WrittenLayer], names: Sequence[str]) -> None:
        pairs = zip(blocks, names, strict=True)
        placed = [(b.block.span.line, b.block.span.column, _name(b), name) for b, name in pairs]
        self._starts = [place[:2] for place in sorted(placed)]
        self._names = [place[2:] for place in sorted(placed)]

    def at(self, found: Problem | UnknownField) -> str:
        """The name of the layer whose block holds what was found."""
        at = bisect_right(self._starts, (found.line, found.column)) - 1
        written, name = self._names[at] if at >= 0 else ("", "")
        return name if found.layer in (written, NO_NAME) and found.layer else found.layer


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
            name=INPUT_LAYER,
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


def _names(
    blocks: Sequence[WrittenLayer], has_input: bool, state: NetState, file_stages: Sequence[str]
) -> tuple[str, ...]:
    """What each block is called; the layer of `input:` fields comes before them all."""
    written = [_name(block) for block in blocks]
    rules = [block.block for block in blocks]
    if not has_input:
        return unique_names(written, rules, state, file_stages)
    return unique_names([INPUT_LAYER, *written], [Message(), *rules], state, file_stages)[1:]


def _name(block: WrittenLayer) -> str:
    return block.name.value if block.name else ""


def _make_layer(written: WrittenLayer, name: str) -> Layer:
    bottoms, tops = written.block.scalars("bottom"), written.block.scalars("top")
    top_names = tuple(top.value for top in tops)
    top_spans = scalar_spans(tops)
    if not tops and (written.type.endswith("Loss") or written.type == "SoftmaxWithLoss"):
        top_names, top_spans = (AUTOMATIC_TOP,), (None,)
    return Layer(
        name=name,
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
        name = _name(written)
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


def _check_rules(written: WrittenLayer, name: str, problems: list[Problem]) -> None:
    if written.block.has("include") and written.block.has("exclude"):
        sentence = f"Layer '{name}' has include and exclude rules; Caffe allows one kind."
        problems.append(Problem(sentence, name, written.block.span.line))

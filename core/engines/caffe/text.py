"""The text that real Caffe gets: the user's own, with inputs in place of what reads files.

Caffe would abort on a database that is not there. Whatever brings values in (data layers, Input
layers, `input:` fields) becomes one list of `input:` fields, which Caffe of every age understands,
so that both engines take the same inputs. A layer that would write files is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from core.engines.wiring import Step
from core.layers.layer_type import Shape
from core.net.definition import Layer, Net

WRITES_FILES = frozenset({"HDF5Output"})
_INPUT_FIELDS = frozenset({"input", "input_dim", "input_shape"})
_AFTER_A_FIELD = re.compile(r"\s*[,;]")
_LEGACY_AXES = 4
_GOES_BACK = "force_backward"


def is_stood_in(step: Step) -> bool:
    """Whether the layer becomes an input; one that fills its tops by itself needs no file."""
    return step.is_data and not step.is_made_up


def text_for_caffe(
    net: Net,
    shapes: Mapping[str, Shape],
    left_out: Iterable[Layer],
    *,
    goes_back: bool = False,
) -> str:
    """The prototxt to send; `shapes` by input blob, in place of all that brings values in.

    left_out: layers that Caffe should not see, those that inputs stand in for among them.
    goes_back: so that it can go back to its inputs, which it does not for a net without a loss.
    """
    text = net.text.lstrip("\ufeff")
    shift = len(net.text) - len(text)
    replaced = {*_INPUT_FIELDS, *((_GOES_BACK,) if goes_back else ())}
    spans = [field.span for field in net.root.fields if field.name in replaced]
    spans += [layer.span for layer in left_out if layer.span is not None]
    for start, end in sorted(((span.start, span.end) for span in spans), reverse=True):
        following = _AFTER_A_FIELD.match(text, end - shift)
        text = text[: start - shift] + text[following.end() if following else end - shift :]
    back = f"{_GOES_BACK}: true\n" if goes_back else ""
    return f"{back}{_inputs(shapes)}{text}\n{_state(net)}"


def _inputs(shapes: Mapping[str, Shape]) -> str:
    """Four sizes each where that says it all: Caffes before 2015 know no other way."""
    is_legacy = all(len(shape) == _LEGACY_AXES for shape in shapes.values())
    lines = []
    for name, shape in shapes.items():
        lines.append(f"input: {json.dumps(name, ensure_ascii=False)}\n")
        sizes = " ".join(f"{'input_dim' if is_legacy else 'dim'}: {size}" for size in shape)
        lines.append(f"{sizes}\n" if is_legacy else f"input_shape {{ {sizes} }}\n")
    return "".join(lines)


def _state(net: Net) -> str:
    """Stages and level, where Caffe's own constructors of some ages can't take them."""
    if not net.state.stages and not net.state.level:
        return ""
    stages = " ".join(f"stage: {json.dumps(s, ensure_ascii=False)}" for s in net.state.stages)
    return f"state {{ level: {net.state.level} {stages} }}\n"

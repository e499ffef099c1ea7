"""What a difference between two matched layers means: for results, for training, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.comparison.pairs import Change, LayerPair, parameters_of
from core.layers.layer_type import ParameterDefault
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import BlobVersion, Layer, Net

Effect = Literal["result", "names", "training", "spelling", "follows"]
"""result: the layer computes something else. spelling: the same value written another way.
follows: the layer's text is the same, what it gives is not, because of another layer."""

NOT_WRITTEN, NONE = "not written", "none"
_TRAINING = frozenset(
    "param blobs_lr weight_decay include exclude phase loss_weight propagate_down".split()
)
_KINDS = {
    "name": "Layer name",
    "type": "Type",
    "parameter": "Parameter",
    "wiring": "Wiring",
    "bottom": "Blob name",
    "top": "Blob name",
}


@dataclass(frozen=True)
class Difference:
    """One difference in words: its kind, what differs, and both values."""

    kind: str
    name: str
    before: str
    after: str
    effect: Effect

    @property
    def short(self) -> str:
        """ "num_output 96 → 64" on one line."""
        return f"{self.name} {self.before} \N{RIGHTWARDS ARROW} {self.after}"


@dataclass(frozen=True)
class NetSide:
    """One of two nets that are compared, with its shapes."""

    net: Net
    shapes: NetShapes


def differences_of(pair: LayerPair, first: NetSide, second: NetSide) -> tuple[Difference, ...]:
    """All that differs in a matched layer: as written, then what follows from other layers."""
    if pair.before is None or pair.after is None:
        return ()
    written = tuple(_written(change, pair.before, pair.after) for change in pair.changes)
    return (*written, *_following(pair.before, pair.after, first, second))


def one_sided(layer: Layer, side: NetSide, *, is_first: bool) -> tuple[Difference, ...]:
    """All that is written of a layer which the other net does not have, and what it gives."""
    shapes = (_shape(side.shapes.top(layer, k)) for k in range(len(layer.tops)))
    said = [
        ("Type", "type", layer.type),
        *(("Wiring", f"bottom {k}", blob) for k, blob in enumerate(layer.bottoms)),
        *(("Wiring", f"top {k}", blob) for k, blob in enumerate(layer.tops)),
        *(("Parameter", _without_message(name), value)
          for name, value in parameters_of(layer.message).items()),
        *(("Output shape", f"top {k}", shape) for k, shape in enumerate(shapes)),
    ]  # fmt: skip
    return tuple(
        Difference(kind, name, value if is_first else "", "" if is_first else value, "result")
        for kind, name, value in said
    )


def _written(change: Change, before: Layer, after: Layer) -> Difference:
    kind = _KINDS[change.kind]
    if change.kind != "parameter":
        effect: Effect = "result" if change.kind in ("type", "wiring") else "names"
        return Difference(kind, change.name, change.before or NONE, change.after or NONE,
                          effect)  # fmt: skip
    old, new = _default(before, change.name), _default(after, change.name)
    return Difference(
        kind,
        _without_message(change.name),
        change.before if change.before is not None else _absent(old),
        change.after if change.after is not None else _absent(new),
        _effect_of_parameter(change, old, new),
    )


def _effect_of_parameter(change: Change, old: str | None, new: str | None) -> Effect:
    before = old if change.before is None else change.before
    after = new if change.after is None else change.after
    if before is not None and after is not None and _is_same_value(before, after):
        return "spelling"
    return "training" if is_about_training(change.name) else "result"


def is_about_training(path: str) -> bool:
    """Whether a parameter matters to training only: fillers, rates, decay, phases."""
    parts = path.split(".")
    first = parts[0].partition("[")[0]
    if first == "param":
        return parts[-1] != "name"  # a name shares weights
    return first in _TRAINING or any(part.endswith("_filler") for part in parts)


def _default(layer: Layer, path: str) -> str | None:
    """What Caffe fills in where the parameter is left out; None where nothing is known."""
    message, _, name = path.rpartition(".")
    known: tuple[ParameterDefault, ...] = layer_type(layer.type).defaults
    return next((d.value for d in known if (d.message, d.name) == (message, name)), None)


def _absent(default: str | None) -> str:
    return NOT_WRITTEN if default is None else f"{NOT_WRITTEN}, so {default}"


def _without_message(path: str) -> str:
    """ "num_output" for "convolution_param.num_output"."""
    first, _, rest = path.partition(".")
    return rest if rest and first.endswith("_param") else path


def _is_same_value(first: str, second: str) -> bool:
    if first == second:
        return True
    try:
        return float(first) == float(second)
    except ValueError:
        return False


def _following(
    before: Layer, after: Layer, first: NetSide, second: NetSide
) -> Iterator[Difference]:
    """Shapes, sizes and blob versions, which no line of the layer itself says."""
    yield from _shape_differences(before, after, first.shapes, second.shapes)
    yield from _size_differences(before, after, first.shapes, second.shapes)
    old_versions, new_versions = first.net.written(before), second.net.written(after)
    for k, (one, other) in enumerate(zip(old_versions, new_versions, strict=False)):
        if one.is_readable != other.is_readable:
            before_words, after_words = _standing(one), _standing(other)
            yield Difference("After forward", f"top {k}", before_words, after_words, "follows")


def _size_differences(
    before: Layer, after: Layer, first: NetShapes, second: NetShapes
) -> Iterator[Difference]:
    counts = (
        ("Weights", "parameters", first.n_parameters(before), second.n_parameters(after)),
        ("Work", "MACs", first.cost(before).macs, second.cost(after).macs),
    )
    for kind, name, old, new in counts:
        if old != new:
            yield Difference(kind, name, f"{old:,}", f"{new:,}", "follows")


def _shape_differences(
    before: Layer, after: Layer, first: NetShapes, second: NetShapes
) -> Iterator[Difference]:
    for k in range(min(len(before.tops), len(after.tops))):
        old, new = first.top(before, k), second.top(after, k)
        if old != new:
            yield Difference("Output shape", f"top {k}", _shape(old), _shape(new), "follows")


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "unknown"
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape)) if shape else "scalar"


def _standing(version: BlobVersion) -> str:
    if version.overwritten_by is None:
        return f"{version.label}, readable"
    return f"{version.label}, overwritten by {version.overwritten_by}"

"""Nets whose data layers read files nobody has, with Input layers in their place."""

from __future__ import annotations

from core.layers.shapes import infer_shapes
from core.net.definition import Layer, Net
from core.net.reader import read_net

_DATA_TYPES = frozenset(
    "Data ImageData HDF5Data WindowData AnnotatedData DenseImageData VideoData".split()
)
_SIDE = 227
_CHANNELS = 3
_ONE_REGION = (1, 5)


def is_data_layer(layer: Layer) -> bool:
    """Whether its values come from files or from a Python program of its own."""
    return layer.type in _DATA_TYPES or (layer.type == "Python" and not layer.bottoms)


def with_stand_ins(net: Net) -> str:
    """The net's text with an Input layer for every data layer; "" for a net without any.

    Shapes are those the prototxt gives, else pictures of 3 x 227 x 227 and one label for each.
    """
    found = [layer for layer in net.layers if layer.span is not None and is_data_layer(layer)]
    if not found:
        return ""
    shapes = infer_shapes(net)
    text = net.text
    for layer in sorted(found, key=lambda layer: layer.span.start if layer.span else 0)[::-1]:
        if layer.span is None:
            continue
        sizes = [_size(layer, i, shapes.top(layer, i)) for i in range(len(layer.tops))]
        block = _input_layer(layer, sizes, net.dialect)
        text = text[: layer.span.start] + block + text[layer.span.end :]
    return text if read_net(text).layers else ""


def _size(layer: Layer, index: int, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    if shape is not None:
        return shape
    if "roi" in layer.tops[index]:
        return _ONE_REGION
    if index and layer.type != "Python":
        return (1,)
    return (1, 1 if index else _CHANNELS, _SIDE, _SIDE)


def _input_layer(layer: Layer, sizes: list[tuple[int, ...]], dialect: str) -> str:
    """V1 has no Input type: a layer without parameters that gives blobs of any shape."""
    tops = " ".join(f'top: "{top}"' for top in layer.tops)
    if dialect == "V2":
        shapes = " ".join(f"shape {{ {_dims(size)} }}" for size in sizes)
        name = layer.written_name
        return f'layer {{ name: "{name}" type: "Input" {tops} input_param {{ {shapes} }} }}'
    shapes = " ".join(f"shape {{ {_dims(size)} }}" for size in sizes)
    body = f'name: "{layer.written_name}" type: DUMMY_DATA {tops} dummy_data_param {{ {shapes} }}'
    return f"layers {{ {body} }}"


def _dims(size: tuple[int, ...]) -> str:
    return " ".join(f"dim: {side}" for side in size)

"""Layers that join, divide, reshape or compare what they read."""

from __future__ import annotations

from core.engines.onnx_graph.layer_writer import LayerWriter, Writers
from core.layers.normalisation import sums_within_channels


def _concat(at: LayerWriter) -> None:
    param = at.layer.param("concat_param")
    name = "concat_dim" if param.has("concat_dim") else "axis"
    at.top("Concat", at.bottoms, axis=at.axis(param.integer(name, 1)))


def _slice(at: LayerWriter) -> None:
    param = at.layer.param("slice_param")
    axis = at.axis(param.integer("slice_dim" if param.has("slice_dim") else "axis", 1))
    start = 0
    for top, shape in zip(at.tops, at.top_shapes, strict=True):
        words = ((start,), (start + shape[axis],), (axis,))
        at.graph.add("Slice", [at.bottoms[0], *map(at.graph.integers, words)], top)
        start += shape[axis]


def _eltwise(at: LayerWriter) -> None:
    param = at.layer.param("eltwise_param")
    operation, factors = param.word("operation", "SUM"), param.numbers("coeff")
    at.need(when=not at.layer.is_in_place, why="it runs in place")
    terms = list(at.bottoms)
    kind = {"PROD": "Mul", "0": "Mul", "MAX": "Max", "2": "Max"}.get(operation, "Add")
    if kind == "Add" and any(factor != 1.0 for factor in factors):
        pairs = zip(terms, factors, strict=True)
        terms = [at.node("Mul", [term, at.graph.number(factor)]) for term, factor in pairs]
    total = terms[0]
    for term in terms[1:-1]:
        total = at.node(kind, [total, term])
    if len(terms) > 1:
        at.top(kind, [total, terms[-1]])
    else:
        at.top("Identity", [total])


def _split(at: LayerWriter) -> None:
    for top in at.tops:
        at.graph.add("Identity", at.bottoms[:1], top)


def _reshape(at: LayerWriter) -> None:
    at.top("Reshape", [at.bottoms[0], at.graph.integers(at.top_shapes[0])])


def _crop(at: LayerWriter) -> None:
    param = at.layer.param("crop_param")
    offsets = param.integers("offset") or (0,)
    first = at.axis(param.integer("axis", 2))
    axes = range(first, at.n_axes)
    starts = [offsets[i - first] if len(offsets) > 1 else offsets[0] for i in axes]
    ends = [start + at.top_shapes[0][i] for start, i in zip(starts, axes, strict=True)]
    words = (starts, ends, list(axes))
    at.top("Slice", [at.bottoms[0], *map(at.graph.integers, words)])


def _tile(at: LayerWriter) -> None:
    param = at.layer.param("tile_param")
    repeats = [1] * at.n_axes
    repeats[at.axis(param.integer("axis", 1))] = param.integer("tiles")
    at.top("Tile", [at.bottoms[0], at.graph.integers(repeats)])


def _softmax(at: LayerWriter) -> None:
    at.top(
        "Softmax", at.bottoms[:1], axis=at.axis(at.layer.param("softmax_param").integer("axis", 1))
    )


def _lrn(at: LayerWriter) -> None:
    param = at.layer.param("lrn_param")
    size, alpha = param.integer("local_size", 5), param.number("alpha", 1.0)
    beta = param.number("beta", 0.75)
    at.need(when=not at.layer.is_in_place and at.n_axes == 4, why="it runs in place")
    squares, half = at.node("Mul", [at.bottoms[0], at.bottoms[0]]), (size - 1) // 2
    if sums_within_channels(at.layer):
        energy = at.node(
            "AveragePool", [squares], kernel_shape=[size] * 2, pads=[half] * 4, count_include_pad=1
        )
        k = 1.0
    else:
        energy, k = _sum_across(at, squares, size), param.number("k", 1.0)
        alpha /= size
    inner = at.node("Add", [at.node("Mul", [energy, at.graph.number(alpha)]), at.graph.number(k)])
    at.top("Div", [at.bottoms[0], _power(at, inner, beta)])


def lrn_as_one(at: LayerWriter) -> None:
    """ONNX's own LRN across channels, for libraries in which sums that are written out are slow."""
    if sums_within_channels(at.layer):
        _lrn(at)
        return
    param = at.layer.param("lrn_param")
    at.need(when=not at.layer.is_in_place and at.n_axes == 4, why="it runs in place")
    at.top(
        "LRN", at.bottoms[:1], size=param.integer("local_size", 5),
        alpha=param.number("alpha", 1.0), beta=param.number("beta", 0.75),
        bias=param.number("k", 1.0),
    )  # fmt: skip


def _sum_across(at: LayerWriter, name: str, size: int) -> str:
    """The sum over `size` channels around each, with zeros beyond the first and the last.

    ONNX's own LRN takes a power of each value, which was half the time of GoogLeNet.
    """
    channels, half, graph = at.bottom_shapes[0][1], (size - 1) // 2, at.graph
    ends = graph.integers([0, half, 0, 0] * 2)
    room = at.node("Pad", [name, ends]) if half else name
    shifted = [
        at.node("Slice", [room, *map(graph.integers, ([i], [i + channels], [1]))])
        for i in range(2 * half + 1)
    ]
    return at.node("Sum", shifted)


def _power(at: LayerWriter, name: str, exponent: float) -> str:
    """A power, by roots where that can be."""
    if exponent not in (0.5, 0.75):
        return at.node("Pow", [name, at.graph.number(exponent)])
    root = at.node("Sqrt", [name])
    return root if exponent == 0.5 else at.node("Mul", [root, at.node("Sqrt", [root])])


def _axpy(at: LayerWriter) -> None:
    shape = (*at.bottom_shapes[1][:2], 1, 1)
    factor = at.node("Reshape", [at.bottoms[0], at.graph.integers(shape)])
    at.top("Add", [at.node("Mul", [factor, at.bottoms[1]]), at.bottoms[2]])


def _silence(at: LayerWriter) -> None:
    """It reads, and writes nothing."""


WRITERS: Writers = {
    "Concat": _concat,
    "Slice": _slice,
    "Eltwise": _eltwise,
    "Split": _split,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "Crop": _crop,
    "Tile": _tile,
    "Softmax": _softmax,
    "LRN": _lrn,
    "Axpy": _axpy,
    "Silence": _silence,
}

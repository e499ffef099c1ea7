"""Fully connected layers and table look-ups.

After BVLC/caffe src/caffe/layers/inner_product_layer.cpp and embed_layer.cpp; MarginInnerProduct
after SphereFace.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import canonical_axis
from core.layers.layer_type import (
    ONE,
    Arity,
    Geometry,
    LayerType,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE, from_axis_on, own_axes
from core.layers.row_rules import rows_alone, rows_unless_axis_0
from core.layers.spans import SAME
from core.net.definition import Layer
from core.net.message import Message


def _infer_inner_product(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("inner_product_param"), bottoms[0]
    axis = canonical_axis(param.integer("axis", 1), len(bottom))
    n_output, n_input = _outputs(param), math.prod(bottom[axis:])
    is_transposed = param.boolean("transpose")
    weight = (n_input, n_output) if is_transposed else (n_output, n_input)
    top = (*bottom[:axis], n_output)
    return Geometry((top,), _with_bias(param, weight, n_output), macs=math.prod(top) * n_input)


def _infer_embed(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("embed_param")
    n_output, n_rows = _outputs(param), param.integer("input_dim")
    if n_rows < 1:
        raise ShapeRefused("input_dim of an Embed layer must be given and above 0.")
    top = (*bottoms[0], n_output)
    parameters = _with_bias(param, (n_rows, n_output), n_output)
    return Geometry((top,), parameters, operations=math.prod(top), operation_name="copies")


def _infer_margin(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Angular margin: a weight row for each class; the second top is lambda."""
    param, bottom = layer.param("margin_inner_product_param"), bottoms[0]
    axis = canonical_axis(param.integer("axis", 1), len(bottom))
    n_output, n_input = _outputs(param), math.prod(bottom[axis:])
    top = (*bottom[:axis], n_output)
    return Geometry((top, (1,)), ((n_output, n_input),), macs=math.prod(top) * n_input)


def _outputs(param: Message) -> int:
    n_output = param.integer("num_output")
    if n_output < 1:
        raise ShapeRefused("num_output must be given and above 0.")
    return n_output


def _margin_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    """The second top is one number, however many rows there are."""
    if len(layer.tops) > 1:
        return "gives one lambda for the whole batch"
    return _MARGIN_ROWS(layer, bottoms, phase)


_MARGIN_ROWS = rows_unless_axis_0("multiplies along", "margin_inner_product_param")


def _with_bias(param: Message, weight: Shape, n_output: int) -> tuple[Shape, ...]:
    return (weight, (n_output,)) if param.boolean("bias_term", True) else (weight,)


def _reach_embed(reading: Reading) -> Sequence[Link]:
    """The number that names its row of the table."""
    return [Link(0, own_axes(len(reading.bottoms[0])))]


def _reach_margin(reading: Reading) -> Sequence[Link]:
    """The row and, where it is trained, its label; lambda comes from the count of passes."""
    if reading.top_index:
        return ()
    label = reading.bottoms[1]
    axes = tuple((0, SAME) if axis == 0 else WHOLE for axis in range(len(label)))
    labels = [Link(1, axes)] if reading.phase == "TRAIN" else []
    return [*from_axis_on("margin_inner_product_param")(reading), *labels]


TYPES = (
    LayerType("InnerProduct", "inner product", _infer_inner_product, ONE, ONE,
              is_spoilt_in_place=True,
              defaults=defaults("inner_product_param", bias_term=True, axis=1, transpose=False),
              rows=rows_unless_axis_0("multiplies along", "inner_product_param"),
              reach=from_axis_on("inner_product_param")),
    LayerType("Embed", "inner product", _infer_embed, ONE, ONE, is_spoilt_in_place=True,
              defaults=defaults("embed_param", bias_term=True),
              rows=rows_alone,
              reach=_reach_embed),
    LayerType("MarginInnerProduct", "inner product", _infer_margin, Arity(2, 2), Arity(1, 2),
              origin="fork",
              rows=_margin_rows,
              reach=_reach_margin),
)  # fmt: skip

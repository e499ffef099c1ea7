"""Activations: each value on its own.

After BVLC/caffe src/caffe/layers/*_layer.cpp of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import same_shape
from core.layers.layer_type import (
    ONE,
    Geometry,
    LayerType,
    ParameterDefault,
    Rule,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach import Link, ReachRule, Reading
from core.layers.reach_rules import same_place
from core.layers.row_rules import rows_alone
from core.net.definition import Layer

_EULER = -1
"""What stands for base e."""


def _infer_prelu(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """One slope a channel, or a single one."""
    if not 2 <= len(bottoms[0]) <= 4:
        raise ShapeRefused(f"PReLU takes blobs of two to four axes, not {len(bottoms[0])}.")
    is_shared = layer.param("prelu_param").boolean("channel_shared")
    slope: Shape = () if is_shared else (bottoms[0][1],)
    operations = math.prod(bottoms[0])
    return Geometry((bottoms[0],), (slope,), operations=operations, operation_name="comparisons")


def _infer_clip(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("clip_param")
    if layer.message.has("clip_param") and not (param.has("min") and param.has("max")):
        raise ShapeRefused("Clip needs both min and max.")
    operations = 2 * math.prod(bottoms[0])
    return Geometry((bottoms[0],), operations=operations, operation_name="comparisons")


def _infer_exp(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    _check_base(layer.param("exp_param").number("base", _EULER))
    count = math.prod(bottoms[0])
    return Geometry((bottoms[0],), operations=count, operation_name="exponentials")


def _infer_log(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    base = layer.param("log_param").number("base", _EULER)
    _check_base(base)
    if base == 1:
        raise ShapeRefused("No logarithm has the base 1.")
    count = math.prod(bottoms[0])
    return Geometry((bottoms[0],), operations=count, operation_name="logarithms")


def _check_base(base: float) -> None:
    if base != _EULER and base <= 0:
        raise ShapeRefused(f"The base must be above 0, or {_EULER} for e, not {base:g}.")


def _reach_power(reading: Reading) -> Sequence[Link]:
    """With power 0 or scale 0 it is a constant."""
    param = reading.layer.param("power_param")
    is_constant = param.number("power", 1.0) * param.number("scale", 1.0) == 0
    return () if is_constant else same_place(reading)


def _activation(
    type_: str,
    name: str,
    *defaults_: ParameterDefault,
    per_value: int = 1,
    refuses_in_place: bool = False,
    is_fork: bool = False,
    rule: Rule | None = None,
    reach: ReachRule = same_place,
) -> LayerType:
    return LayerType(
        type_,
        "activation",
        rule or same_shape(per_value, name),
        ONE,
        ONE,
        not refuses_in_place,
        refuses_in_place,
        defaults=defaults_,
        origin="fork" if is_fork else "caffe",
        rows=rows_alone,
        reach=reach,
    )


TYPES = (
    _activation("ReLU", "comparisons", *defaults("relu_param", negative_slope=0, engine="DEFAULT")),
    _activation("PReLU", "comparisons", *defaults("prelu_param", channel_shared=False),
                rule=_infer_prelu),
    _activation("ELU", "exponentials", *defaults("elu_param", alpha=1)),
    _activation("Sigmoid", "exponentials", *defaults("sigmoid_param", engine="DEFAULT")),
    _activation("TanH", "exponentials", *defaults("tanh_param", engine="DEFAULT")),
    _activation("AbsVal", "comparisons", refuses_in_place=True),
    _activation("Power", "powers", *defaults("power_param", power=1, scale=1, shift=0),
                reach=_reach_power),
    _activation("Exp", "exponentials", *defaults("exp_param", base=-1, scale=1, shift=0),
                rule=_infer_exp),
    _activation("Log", "logarithms", *defaults("log_param", base=-1, scale=1, shift=0),
                rule=_infer_log),
    _activation("BNLL", "exponentials"),
    _activation("Threshold", "comparisons", *defaults("threshold_param", threshold=0)),
    _activation("Clip", "comparisons", rule=_infer_clip),
    _activation("Swish", "exponentials", *defaults("swish_param", beta=1)),
    _activation("ReLU6", "comparisons", per_value=2, is_fork=True),
    _activation("Mish", "exponentials", is_fork=True),
    _activation("HSwish", "comparisons", is_fork=True),
    _activation("HardSwish", "comparisons", is_fork=True),
    _activation("HardSigmoid", "comparisons",
                *defaults("hard_sigmoid_param", alpha=0.2, beta=0.5), is_fork=True),
)  # fmt: skip

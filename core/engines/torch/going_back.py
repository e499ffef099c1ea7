"""Gradients of a pass that ran by plain operators, as whoever asked for them named them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from core.engines.session import GradientArrays, GradientsAsked
from core.engines.torch.copies import to_numpy
from core.engines.torch.differentiable import LearnedStore, gradients_of
from core.engines.values import Value
from core.engines.wiring import Wiring
from core.errors import EngineError
from core.layers.shapes import NetShapes


def learned_of(shapes: NetShapes, store: LearnedStore, name: str) -> list[Tensor]:
    """The learned arrays of a layer. EngineError where the net has no such layer."""
    rows = [row for row in shapes.layers if row.layer.name == name]
    if not rows:
        raise EngineError(f"The net has no layer '{name}'.")
    return [store.shared(rows[0], index) for index in range(store.count(rows[0]))]


def go_back(
    wiring: Wiring,
    values: Mapping[int, Tensor],
    diffs: Mapping[int, Tensor],
    learned: Sequence[Sequence[Tensor]],
    asked: GradientsAsked,
) -> GradientArrays:
    """values: of the pass, by slot; diffs: of those that gradients are taken of.

    learned: the arrays of each layer that is asked for.
    """
    outputs = [(values[slot], _fitting(diff, values[slot])) for slot, diff in diffs.items()]
    wanted = [
        *(_reached(wiring, values, value) for value in asked.wants),
        *(tensor for of_layer in learned for tensor in of_layer),
        *(_reached(wiring, values, value) for value in asked.norms),
    ]
    found = iter(gradients_of(outputs, wanted))
    return GradientArrays(
        [to_numpy(next(found)) for _ in asked.wants],
        [[to_numpy(next(found)) for _ in of_layer] for of_layer in learned],
        [float(torch.linalg.vector_norm(next(found).double())) for _ in asked.norms],
        [to_numpy(_reached(wiring, values, value)) for value in asked.reads],
    )


def _reached(wiring: Wiring, values: Mapping[int, Tensor], value: Value) -> Tensor:
    found = values.get(wiring.slot(value))
    if found is None:
        raise EngineError(
            f"Nothing that gradients are taken of needs '{value.top}' of layer '{value.layer}'."
        )
    return found


def _fitting(diff: Tensor, value: Tensor) -> Tensor:
    """A diff in the shape of its value; one number stands for all of them."""
    diff = diff.to(value.device)
    if diff.numel() == 1:
        return diff.reshape(()).expand(value.shape)
    if diff.numel() != value.numel():
        raise EngineError(
            f"A diff of shape {tuple(diff.shape)} does not fit a value of {tuple(value.shape)}."
        )
    return diff.reshape(value.shape)

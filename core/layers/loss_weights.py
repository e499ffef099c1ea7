"""How much each top counts in the loss of a net that is trained."""

from __future__ import annotations

from core.net.definition import Layer


def loss_weights(layer: Layer) -> tuple[float, ...]:
    """The weight of each top: as written, else 1 for the first top of a loss and 0 for others.

    After BVLC/caffe include/caffe/layer.hpp SetLossWeights and loss_layer.cpp.
    """
    written = layer.message.numbers("loss_weight")
    if written:
        return tuple(written[: len(layer.tops)]) + (0.0,) * (len(layer.tops) - len(written))
    first = 1.0 if layer.type.endswith("Loss") else 0.0
    return (first, *(0.0,) * (len(layer.tops) - 1))[: len(layer.tops)]

"""BatchNorm layers whose file says that nothing was averaged: mean and variance count as zero.

After BVLC/caffe src/caffe/layers/batch_norm_layer.cpp: the stored sums are divided by the third
array, and where that is 0 they are 0. NVIDIA's Caffe writes such files for its own layer.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.layers.normalisation import uses_batch_statistics
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import NetState
from core.weights.contents import WeightBlob
from core.weights.placing import ArrayKey, array_key
from core.words import join_names, plural

_FACTOR = 2
_MOST_SHOWN = 4


def zero_factor_layers(
    shapes: NetShapes, arrays: Mapping[ArrayKey, WeightBlob], state: NetState
) -> tuple[str, ...]:
    """The layers that use their statistics and have a factor of 0 in the file; one number each."""
    rows = (row for row in shapes.layers if _uses_factor(row, state))
    factors = ((row.layer.name, arrays.get(array_key(shapes, row, _FACTOR))) for row in rows)
    return tuple(name for name, blob in factors if blob is not None and _is_zero(blob))


def zero_factor_note(layers: tuple[str, ...]) -> str:
    """A sentence for the user, "" where there is no such layer."""
    if not layers:
        return ""
    more = f" and {len(layers) - _MOST_SHOWN} more" if len(layers) > _MOST_SHOWN else ""
    return (
        f"{plural(len(layers), 'BatchNorm layer')} ({join_names(layers[:_MOST_SHOWN])}{more}): "
        "factor 0 in the weights, so mean and variance count as zero and values grow."
    )


def _uses_factor(row: LayerShapes, state: NetState) -> bool:
    layer = row.layer
    has_factor = layer.type == "BatchNorm" and len(row.parameters) > _FACTOR
    return has_factor and not uses_batch_statistics(layer, layer.phase_in(state))


def _is_zero(blob: WeightBlob) -> bool:
    return blob.n_values == 1 and blob.load is not None and not blob.array().any()

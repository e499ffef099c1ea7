"""What BatchNorm and Scale do to each channel together: x becomes gain * x + shift.

After BVLC/caffe src/caffe/layers/{batch_norm,scale}_layer.cpp, with the statistics of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.filters.source import WeightsSource
from core.layers.normalisation import has_scale_and_bias, uses_batch_statistics
from core.net.definition import Layer, Net

_EPS = 1e-5


@dataclass(frozen=True, eq=False)
class Affine:
    """gain, shift: (channels,) float64. layers: those that make it. note: what else to know."""

    gain: np.ndarray
    shift: np.ndarray
    layers: tuple[str, ...]
    note: str = ""


def affine_of(source: WeightsSource, name: str) -> Affine | None:
    """The gain and shift of a BatchNorm or a Scale, and of its partner where it has one.

    None for a layer without arrays, and for factors that are not one for each channel.
    Raises WeightsError for arrays that do not fit.
    """
    norm, scale = _pair(source, name)
    gain, shift, note = np.ones(1), np.zeros(1), ""
    if norm:
        found = _normalised(source, norm)
        if found is None:
            return None
        gain, shift, note = found
    if scale:
        arrays = source.arrays(scale)
        if not arrays or any(array.ndim != 1 for array in arrays):
            return None
        gamma = arrays[0].astype(np.float64)
        beta = arrays[1].astype(np.float64) if len(arrays) > 1 else np.zeros(len(gamma))
        gain, shift = gamma * gain, gamma * shift + beta
    return Affine(gain, shift, tuple(filter(None, (norm, scale))), note)


def _normalised(source: WeightsSource, name: str) -> tuple[np.ndarray, np.ndarray, str] | None:
    arrays = [array.astype(np.float64).ravel() for array in source.arrays(name)]
    if len(arrays) < 3:
        return None
    mean, variance, factor = arrays[:3]
    layer, note = source.layer(name), ""
    by = 0.0 if factor[0] == 0 else 1.0 / factor[0]
    if factor[0] == 0:
        note = "The factor in the file is 0, so mean and variance count as zero."
    eps = layer.param("batch_norm_param").number("eps", _EPS) if layer is not None else _EPS
    if layer is None:
        note = note or f"eps is taken for {_EPS:g}: only the prototxt says it."
    elif source.net is not None and uses_batch_statistics(layer, layer.phase_in(source.net.state)):
        note = "In this phase the layer takes mean and variance of each batch, not these."
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = 1.0 / np.sqrt(variance * by + eps)
    shift = -mean * by * gain
    if layer is not None and has_scale_and_bias(layer) and len(arrays) > 4:
        gain, shift = gain * arrays[3], shift * arrays[3] + arrays[4]
    return gain, shift, note


def _pair(source: WeightsSource, name: str) -> tuple[str, str]:
    """The BatchNorm and the Scale that act together, "" for the one that is not there."""
    type_name, net = source.type_of(name), source.net
    if type_name == "BatchNorm":
        return name, _scale_after(net, name) if net is not None else ""
    if net is None:
        return "", name
    read = net.read(name)
    before = net.layer(read[0].layer) if read and read[0] is not None else None
    is_pair = before is not None and before.type == "BatchNorm"
    if before is not None and is_pair and _scale_after(net, before.name) == name:
        return before.name, name
    return "", name


def _scale_after(net: Net, name: str) -> str:
    """The one layer that reads a BatchNorm, where it is a Scale with factors of its own."""
    written = net.written(name)
    readers = written[0].readers if written else ()
    if len(readers) != 1:
        return ""
    reader: Layer = net.layer(readers[0])
    return reader.name if reader.type == "Scale" and len(reader.bottoms) == 1 else ""

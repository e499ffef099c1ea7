"""Pooling of regions of a map to one size.

ROIPooling after Fast R-CNN (Girshick, 2015), PSROIPooling after R-FCN (Dai et al., 2016), ROIAlign
after Mask R-CNN (He et al., 2017) and Cascade R-CNN (Cai and Vasconcelos, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation
from core.layers.regions import roi_message, samples_corners

LEAST_SIDE = 0.1
"""Of a region in PSROIPooling, in places of the map."""


@dataclass(frozen=True)
class Bins:
    """The rows and columns of the map under each bin: (regions, bins) first and end, int64."""

    first: np.ndarray
    end: np.ndarray

    def __post_init__(self) -> None:
        """An end before its first is an empty bin."""
        np.maximum(self.end, self.first, out=self.end)


class RegionLayer(Operation):
    """Two bottoms: a map (n, channels, height, width), and rows (image, left, top, right, end)."""

    reads_legacy_axes = True

    def regions(self, bottoms: Sequence[Tensor]) -> tuple[np.ndarray, np.ndarray]:
        """(regions,) image of each, and (regions, 4) float32 corners in pixels of the image."""
        rows = bottoms[1].reshape(-1, 5).to(torch.float32).cpu().numpy()
        images = rows[:, 0].astype(np.int64)
        n_images = bottoms[0].shape[0]
        if len(images) and not 0 <= images.min() <= images.max() < n_images:
            raise self.refused(f"gets a region of an image outside its {n_images}")
        return images, rows[:, 1:]


def round_away(values: np.ndarray) -> np.ndarray:
    """To the nearest integer, halves away from 0, as C rounds."""
    rounded: np.ndarray = np.sign(values) * np.floor(np.abs(values) + np.float32(0.5))
    return rounded


def cut_bins(start: np.ndarray, size: np.ndarray, n_bins: int, limit: int) -> Bins:
    """Bins of equal size from `start`, each widened to whole places and cut off at the map."""
    step = (size / np.float32(n_bins)).astype(np.float32)[:, None]
    index = np.arange(n_bins, dtype=np.float32)
    shift = start.astype(np.float32)[:, None]
    first = np.floor(index * step + shift)
    end = np.ceil((index + 1) * step + shift)
    return Bins(*(np.clip(edge, 0, limit).astype(np.int64) for edge in (first, end)))


class ROIPooling(RegionLayer):
    """The greatest value in every bin of every region; 0 for a bin outside the map."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Top (regions, channels, rows, columns)."""
        if len(self.layer.tops) > 1:
            raise self.refused("does not give the places of the greatest values")
        shape, scale = self.top_shapes(bottoms)[0], self._scale
        images, corners = self.regions(bottoms)
        low, high = round_away(corners[:, :2] * scale), round_away(corners[:, 2:] * scale)
        size = np.maximum(high - low + 1, 1).astype(np.float32)
        x = bottoms[0]
        rows = _whole_bins(low[:, 1], size[:, 1], shape[2], x.shape[2])
        columns = _whole_bins(low[:, 0], size[:, 0], shape[3], x.shape[3])
        top = x.new_zeros(shape)
        for i, image in enumerate(images):
            lines = _greatest(x[int(image)], rows, i, 1)
            top[i] = _greatest(lines, columns, i, 2)
        return [torch.where(top == -torch.inf, torch.zeros_like(top), top)]

    @property
    def _scale(self) -> np.float32:
        return np.float32(roi_message(self.layer).number("spatial_scale", 1.0))


def _whole_bins(start: np.ndarray, size: np.ndarray, n_bins: int, limit: int) -> Bins:
    """Bins cut before they are shifted by a whole number: so Fast R-CNN rounds."""
    bins = cut_bins(np.zeros_like(start), size, n_bins, 2**31)
    shift = start.astype(np.int64)[:, None]
    return Bins(np.clip(bins.first + shift, 0, limit), np.clip(bins.end + shift, 0, limit))


def _greatest(x: Tensor, bins: Bins, region: int, axis: int) -> Tensor:
    """The greatest values along an axis of (channels, h, w) in each bin; -inf in an empty one."""
    found = []
    for first, end in zip(bins.first[region], bins.end[region], strict=True):
        part = x.narrow(axis, int(first), int(end - first))
        empty = part.new_full(part.sum(axis).shape, -torch.inf)
        found.append(part.amax(axis) if end > first else empty)
    return torch.stack(found, axis)


class PSROIPooling(RegionLayer):
    """The mean of every bin, each from channels of its own."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Top (regions, outputs, bins, bins), from sums over the map up to each place."""
        if len(self.layer.tops) > 1:
            raise self.refused("does not give the channels it read")
        _, outputs, size, _ = self.top_shapes(bottoms)[0]
        images, corners = self.regions(bottoms)
        scale = np.float32(self.layer.param("psroi_pooling_param").number("spatial_scale", 1.0))
        low = round_away(corners[:, :2]) * scale
        high = (round_away(corners[:, 2:]) + 1) * scale
        side = np.maximum(high - low, np.float32(LEAST_SIDE))
        height, width = bottoms[0].shape[2:]
        rows = cut_bins(low[:, 1], side[:, 1], size, int(height))
        columns = cut_bins(low[:, 0], side[:, 0], size, int(width))
        place = np.arange(size)
        channel = (np.arange(outputs)[:, None, None] * size + place[:, None]) * size + place
        sums = _sums(bottoms[0])
        at = images[:, None, None, None], channel[None]

        def up_to(row: np.ndarray, column: np.ndarray) -> Tensor:
            index = (*at, row[:, None, :, None], column[:, None, None, :])
            return sums[tuple(torch.from_numpy(part).to(sums.device) for part in index)]

        total = up_to(rows.end, columns.end) - up_to(rows.first, columns.end)
        total = total - up_to(rows.end, columns.first) + up_to(rows.first, columns.first)
        heights, widths = rows.end - rows.first, columns.end - columns.first
        area = torch.from_numpy(heights[:, None, :, None] * widths[:, None, None, :])
        means = total / area.to(total.device).clamp_min(1)
        return [means.to(bottoms[0].device, bottoms[0].dtype)]


def _sums(x: Tensor) -> Tensor:
    """(n, channels, height + 1, width + 1) float64 sums; on the CPU where there is no float64."""
    x = (x.cpu() if x.device.type == "mps" else x).to(torch.float64)
    return torch.nn.functional.pad(x.cumsum(2).cumsum(3), (1, 0, 1, 0))


class ROIAlign(RegionLayer):
    """Means of values read between the places of the map; nothing is rounded."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Top (regions, channels, rows, columns)."""
        if len(self.layer.tops) > 1:
            raise self.refused("does not give the places it read")
        shape = self.top_shapes(bottoms)[0]
        images, corners = self.regions(bottoms)
        x = bottoms[0]
        top = x.new_zeros(shape)
        read = self._read_corners if samples_corners(self.layer) else self._read_bins
        for i, image in enumerate(images):
            top[i] = read(x[int(image)], corners[i], (shape[2], shape[3]))
        return [top]

    def _read_bins(self, x: Tensor, corners: np.ndarray, bins: tuple[int, int]) -> Tensor:
        """Mask R-CNN: sampling_ratio x sampling_ratio places in each bin, or as many as it has."""
        param = roi_message(self.layer)
        low = corners[:2] * np.float32(param.number("spatial_scale", 1.0))
        high = corners[2:] * np.float32(param.number("spatial_scale", 1.0))
        sides = np.maximum(high - low, np.float32(1))
        ratio = param.integer("sampling_ratio", -1)
        axes = []
        for start, side, n_bins in ((low[1], sides[1], bins[0]), (low[0], sides[0], bins[1])):
            n_samples = ratio if ratio > 0 else math.ceil(side / n_bins)
            inside = (np.arange(n_bins * n_samples, dtype=np.float32) + 0.5) / n_samples
            axes.append(start + inside * (side / n_bins))
        values = read_between(x, axes[0], axes[1], margin=1.0)
        rows, columns = (len(axis) // n for axis, n in zip(axes, bins, strict=True))
        return values.reshape(-1, bins[0], rows, bins[1], columns).mean((2, 4))

    def _read_corners(self, x: Tensor, corners: np.ndarray, grid: tuple[int, int]) -> Tensor:
        """Cascade R-CNN: the corners of the bins of a region, widened by pad_ratio."""
        param = roi_message(self.layer)
        extra = (corners[2:] - corners[:2] + 1) * np.float32(param.number("pad_ratio"))
        scale = np.float32(param.number("spatial_scale", 1.0))
        low = (corners[:2] - extra) * scale - np.float32(0.5)
        high = (corners[2:] + extra) * scale - np.float32(0.5)
        if (high <= low).any():
            return x.new_zeros(x.shape[0], *grid)
        steps = [np.linspace(0, 1, n, dtype=np.float32) for n in grid]
        rows = low[1] + steps[0] * (high[1] - low[1])
        columns = low[0] + steps[1] * (high[0] - low[0])
        return read_between(x, rows, columns, margin=0.5)


def read_between(x: Tensor, rows: np.ndarray, columns: np.ndarray, margin: float) -> Tensor:
    """(channels, rows, columns) by bilinear interpolation of x (channels, height, width).

    Places up to `margin` outside the map take its edge, those beyond are 0.
    """
    picked = x
    for axis, places in ((1, rows), (2, columns)):
        weights = torch.from_numpy(_weights(places, x.shape[axis], margin)).to(x.device, x.dtype)
        picked = torch.tensordot(picked, weights, dims=([1], [1]))
    return picked


def _weights(places: np.ndarray, size: int, margin: float) -> np.ndarray:
    """(places, size): how much of each value of an axis each place takes."""
    is_inside = (places >= -margin) & (places <= size - 1 + margin)
    at = np.clip(places, 0, size - 1)
    low = np.floor(at).astype(np.int64)
    share = (at - low).astype(np.float32)
    weights = np.zeros((len(places), size), np.float32)
    index = np.arange(len(places))
    weights[index, low] = 1 - share
    weights[index, np.minimum(low + 1, size - 1)] += share
    return weights * is_inside[:, None]


OPERATIONS: dict[str, MakeOperation] = {
    "ROIPooling": ROIPooling,
    "PSROIPooling": PSROIPooling,
    "ROIAlign": ROIAlign,
}

"""Losses, scores and what else stands at the end of a net.

After BVLC/caffe src/caffe/layers/*_loss_layer.cpp, accuracy_layer.cpp, softmax_layer.cpp,
argmax_layer.cpp and reduction_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation, canonical

LEAST_PROBABILITY = torch.finfo(torch.float32).tiny
"""Caffe's FLT_MIN, below which a logarithm is not taken."""
LEAST_LOG_PROBABILITY = 1e-20


class Softmax(Operation):
    """exp(x) over its sum along an axis."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Positive, with sum 1."""
        axis = self.layer.param("softmax_param").integer("axis", 1)
        return [torch.softmax(bottoms[0], canonical(axis, bottoms[0].dim()))]


class ArgMax(Operation):
    """The places of the greatest values, or the values; of equals the last comes first."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Along `axis`, or over everything but the first axis."""
        param, bottom = self.layer.param("argmax_param"), bottoms[0]
        top_k, wants_values = param.integer("top_k", 1), param.boolean("out_max_val")
        if param.has("axis"):
            values, index = _greatest(bottom, canonical(param.integer("axis"), bottom.dim()), top_k)
            return [values if wants_values else index]
        values, index = _greatest(bottom.reshape(bottom.shape[0], -1), 1, top_k)
        rows = torch.stack([index, values], 1) if wants_values else index[:, None]
        return [rows.reshape(self.top_shapes(bottoms)[0])]


def _greatest(x: Tensor, axis: int, top_k: int) -> tuple[Tensor, Tensor]:
    """The top_k values along an axis and their places, both as floats."""
    values, order = torch.sort(x.flip(axis), stable=True, dim=axis, descending=True)
    index = (x.shape[axis] - 1 - order).to(x.dtype)
    return values.narrow(axis, 0, top_k).contiguous(), index.narrow(axis, 0, top_k).contiguous()


class Reduction(Operation):
    """Sum, sum of absolute values or squares, or mean over every axis from `axis` on."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Times `coeff`."""
        param, bottom = self.layer.param("reduction_param"), bottoms[0]
        axis = canonical(param.integer("axis", 0), bottom.dim())
        flat = bottom.reshape(*bottom.shape[:axis], -1)
        operation = param.word("operation", "SUM")
        if operation in ("ASUM", "2"):
            flat = flat.abs()
        elif operation in ("SUMSQ", "3"):
            flat = flat * flat
        top = flat.mean(-1) if operation in ("MEAN", "4") else flat.sum(-1)
        return [top * param.number("coeff", 1.0)]


class Accuracy(Operation):
    """The share of items whose label is among the top_k scores; ties count as misses."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The second top holds the share for each class."""
        param, scores = self.layer.param("accuracy_param"), bottoms[0]
        axis = canonical(param.integer("axis", 1), scores.dim())
        rows = scores.movedim(axis, -1).reshape(-1, scores.shape[axis])
        labels = bottoms[1].reshape(-1).long()
        if param.has("ignore_label"):
            counted = labels != param.integer("ignore_label")
            rows, labels = rows[counted], labels[counted]
        check_labels(self, labels, rows.shape[1])
        own = rows.gather(1, labels[:, None])
        n_not_worse = (rows >= own).sum(1) - 1
        hits = (n_not_worse < param.integer("top_k", 1)).to(scores.dtype)
        overall = hits.sum() / max(1, len(hits))
        return [overall, _share_by_class(hits, labels, rows.shape[1])][: len(self.layer.tops)]


def check_labels(operation: Operation, labels: Tensor, n_classes: int) -> None:
    """Refuse labels for which Caffe reads beyond its memory."""
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= n_classes):
        raise operation.refused(f"gets a label outside its {n_classes} classes")


def _share_by_class(hits: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    counts = torch.zeros(n_classes, dtype=hits.dtype, device=hits.device)
    sums = torch.zeros_like(counts)
    counts.index_add_(0, labels, torch.ones_like(hits))
    sums.index_add_(0, labels, hits)
    return sums / torch.clamp_min(counts, 1.0)


class SoftmaxWithLoss(Operation):
    """Minus the mean log probability of the labels."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Labels equal to `ignore_label` do not count."""
        scores = bottoms[0]
        axis = canonical(self.layer.param("softmax_param").integer("axis", 1), scores.dim())
        rows = torch.softmax(scores, axis).movedim(axis, -1).reshape(-1, scores.shape[axis])
        labels, counted = counted_labels(self, bottoms[1])
        safe = torch.where(counted, labels, torch.zeros_like(labels))
        check_labels(self, safe, rows.shape[1])
        own = rows.gather(1, safe[:, None])[:, 0].clamp_min(LEAST_PROBABILITY)
        logs = torch.log(own)
        if self.place.is_differentiable:
            logs = _with_gradient_of(
                logs, torch.log_softmax(scores, axis).movedim(axis, -1).reshape(rows.shape), safe
            )
        total = -(logs * counted).sum()
        outer = math.prod(scores.shape[:axis])
        loss = total / normaliser(self, "VALID", outer, labels.numel(), int(counted.sum()))
        return [loss]


def _with_gradient_of(logs: Tensor, unclamped: Tensor, labels: Tensor) -> Tensor:
    """The clamped logarithms with the gradient of those that aren't, as Caffe's backward has it."""
    free = unclamped.gather(1, labels[:, None])[:, 0]
    return free + (logs - free).detach()


class InfogainLoss(Operation):
    """Cross-entropy weighted by a table: one row of weights for each label."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: scores, labels, table of (classes, classes) in any shape."""
        if len(bottoms) < 3:
            raise self.refused("runs with its table as the third bottom, not from a file")
        scores, param = bottoms[0], self.layer.param("infogain_loss_param")
        axis = canonical(param.integer("axis", 1), scores.dim())
        n_classes = scores.shape[axis]
        rows = torch.softmax(scores, axis).movedim(axis, -1).reshape(-1, n_classes)
        labels, counted = counted_labels(self, bottoms[1])
        safe = torch.where(counted, labels, torch.zeros_like(labels))
        check_labels(self, safe, n_classes)
        weights = bottoms[2].detach().reshape(n_classes, n_classes)[safe]
        terms = (weights * torch.log(rows.clamp_min(LEAST_LOG_PROBABILITY))).sum(1)
        outer = math.prod(scores.shape[:axis])
        divisor = normaliser(self, "VALID", outer, labels.numel(), int(counted.sum()))
        return [-(terms * counted).sum() / divisor]


def counted_labels(operation: Operation, bottom: Tensor) -> tuple[Tensor, Tensor]:
    """Labels in a row, and which of them count: all but those equal to `ignore_label`."""
    labels, param = bottom.reshape(-1).long(), operation.layer.param("loss_param")
    if not param.has("ignore_label"):
        return labels, torch.ones_like(labels, dtype=torch.bool)
    return labels, labels != param.integer("ignore_label")


def normaliser(operation: Operation, default: str, outer: int, full: int, valid: int) -> float:
    """What a summed loss is divided by: images, places, counted places, or nothing; never 0."""
    param = operation.layer.param("loss_param")
    mode = param.word("normalization", default)
    if not param.has("normalization") and param.has("normalize"):
        mode = "VALID" if param.boolean("normalize") else "BATCH_SIZE"
    sizes = {"FULL": full, "0": full, "VALID": valid, "1": valid, "NONE": 1, "3": 1}
    return float(max(1, sizes.get(mode, outer)))


class EuclideanLoss(Operation):
    """Half the mean squared distance of an image's values."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Over the number of images."""
        difference = bottoms[0] - bottoms[1].reshape(bottoms[0].shape)
        return [(difference * difference).sum() / (2.0 * bottoms[0].shape[0])]


class HingeLoss(Operation):
    """One-against-all margins, linear (L1) or squared (L2)."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Scores (n, classes); over the number of images."""
        scores = bottoms[0].reshape(bottoms[0].shape[0], -1)
        labels = bottoms[1].reshape(-1)[: len(scores), None].long()
        check_labels(self, labels, scores.shape[1])
        own = scores.gather(1, labels)
        margins = torch.clamp_min(1.0 + scores.scatter(1, labels, -own), 0)
        is_squared = self.layer.param("hinge_loss_param").word("norm", "L1") in ("L2", "2")
        total = (margins * margins).sum() if is_squared else margins.sum()
        return [total / scores.shape[0]]


class MultinomialLogisticLoss(Operation):
    """Minus the mean log of probabilities that are given."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Over the number of images."""
        rows = bottoms[0].reshape(bottoms[0].shape[0], -1)
        labels = bottoms[1].reshape(-1, 1).long()
        check_labels(self, labels, rows.shape[1])
        own = rows.gather(1, labels).clamp_min(LEAST_LOG_PROBABILITY)
        return [-torch.log(own).sum() / rows.shape[0]]


class SigmoidCrossEntropyLoss(Operation):
    """Cross-entropy of independent yes-or-no targets, from scores before the sigmoid."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Targets equal to `ignore_label` do not count."""
        scores, targets = bottoms[0], bottoms[1].reshape(bottoms[0].shape).detach()
        is_positive = (scores >= 0).to(scores.dtype)
        terms = scores * (targets - is_positive) - torch.log1p(
            torch.exp(scores - 2.0 * scores * is_positive)
        )
        counted = torch.ones_like(targets, dtype=torch.bool)
        loss_param = self.layer.param("loss_param")
        if loss_param.has("ignore_label"):
            counted = targets.long() != loss_param.integer("ignore_label")
        total = -(terms * counted).sum()
        full, valid = scores.numel(), int(counted.sum())
        divisor = normaliser(self, "BATCH_SIZE", scores.shape[0], full, valid)
        return [total / divisor]


class ContrastiveLoss(Operation):
    """Pulls pairs marked 1 together and pushes the others a margin apart."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Half the mean over pairs; the legacy form takes the margin off the squared distance."""
        param = self.layer.param("contrastive_loss_param")
        margin = param.number("margin", 1.0)
        difference = bottoms[0].flatten(1) - bottoms[1].flatten(1)
        squared = (difference * difference).sum(1)
        if param.boolean("legacy_version"):
            apart = torch.clamp_min(margin - squared, 0)
        else:
            apart = torch.clamp_min(margin - distance_of(squared), 0) ** 2
        is_similar = bottoms[2].reshape(-1).long()[: len(squared)] != 0
        if len(is_similar) < len(squared):
            raise self.refused(f"gets {len(is_similar)} marks for {len(squared)} pairs")
        return [torch.where(is_similar, squared, apart).sum() / bottoms[0].shape[0] / 2.0]


def distance_of(squared: Tensor) -> Tensor:
    """The square root, with a gradient that is finite at 0 too."""
    distance: Tensor = _Distance.apply(squared)  # type: ignore[no-untyped-call]
    return distance


class _Distance(torch.autograd.Function):
    """As Caffe's backward has it."""

    @staticmethod
    def forward(ctx: Any, squared: Tensor) -> Tensor:
        """The distance of each pair."""
        distance = squared.sqrt()
        ctx.save_for_backward(distance)
        return distance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """1e-4 is added to the distance, which is divided by."""
        (distance,) = ctx.saved_tensors
        found: Tensor = gradients[0] / (2.0 * (distance + 1e-4))
        return found


OPERATIONS: dict[str, MakeOperation] = {
    "Softmax": Softmax,
    "ArgMax": ArgMax,
    "Reduction": Reduction,
    "Accuracy": Accuracy,
    "SoftmaxWithLoss": SoftmaxWithLoss,
    "InfogainLoss": InfogainLoss,
    "EuclideanLoss": EuclideanLoss,
    "HingeLoss": HingeLoss,
    "MultinomialLogisticLoss": MultinomialLogisticLoss,
    "SigmoidCrossEntropyLoss": SigmoidCrossEntropyLoss,
    "ContrastiveLoss": ContrastiveLoss,
}

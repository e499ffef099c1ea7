"""The best classes of each image, where a net ends in class scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.activations.class_names import (
    ScoredClass,
    best_classes,
    find_class_names,
    read_class_names,
)
from core.engines.engine import Engine
from core.engines.host import NetToRun
from core.engines.values import Value
from core.errors import AppError
from core.measures.measure import KEEP
from core.net.definition import Net
from core.surveys.features import Feature, StoredFeature


@dataclass(frozen=True)
class ClassScores:
    """The layer that gives the scores, and the best classes of each image, best first."""

    layer: str
    images: tuple[tuple[ScoredClass, ...], ...]


def class_output(net: Net, shape_of: Engine | None) -> Value | None:
    """The net's one output where it looks like class scores, (n_images, n_classes, 1, 1)."""
    outputs = [version for version in net.outputs if version.blob not in net.inputs]
    if len(outputs) != 1 or shape_of is None:
        return None
    value = Value(outputs[0].layer, outputs[0].blob)
    shape = shape_of.shape_of(value)
    if shape is None or len(shape) < 2 or shape[1] < 2 or any(n != 1 for n in shape[2:]):
        return None
    return value


def classes_wanted(
    net: Net, engine: Engine, to_run: NetToRun, given: Path | None, values: Sequence[Value]
) -> Feature | None:
    """The scores to take along, where names are known or the scores are among `values`.

    given: a file of class names; without it one beside the net is used where it fits.
    """
    scores = class_output(net, engine)
    if scores is None:
        if given is not None:
            raise AppError("This net has no single output of class scores to name.")
        return None
    names = _names(to_run, scores.layer, (engine.shape_of(scores) or (0, 0))[1], given)
    return Feature(scores, KEEP, scores.layer) if names or scores in values else None


def score_classes(
    net: Net,
    to_run: NetToRun,
    scores: Feature | None,
    collected: Sequence[Feature],
    stored: Iterable[StoredFeature],
    given: Path | None,
) -> ClassScores | None:
    """The best classes of every image, out of the stored scores."""
    if scores is None:
        return None
    pairs = zip(collected, stored, strict=True)
    found = next((s for f, s in pairs if f.value == scores.value and f.measure == KEEP), None)
    if found is None or len(found.shape) < 2 or 0 in found.shape:
        return None
    n_classes = int(np.prod(found.shape[1:]))
    flat = np.concatenate(list(found.chunks())).reshape(-1, n_classes)
    names = _names(to_run, scores.value.layer, n_classes, given)
    are_probabilities = net.layer(scores.value.layer).type == "Softmax"
    best = best_classes(flat, names, are_probabilities=are_probabilities)
    return ClassScores(scores.value.layer, tuple(tuple(one) for one in best))


def _names(to_run: NetToRun, layer: str, n_classes: int, given: Path | None) -> tuple[str, ...]:
    if given is None:
        folders = [to_run.path.parent]
        folders += [to_run.weights.parent] if to_run.weights is not None else []
        return find_class_names(folders, n_classes)
    names = read_class_names(given)
    if len(names) != n_classes:
        raise AppError(
            f"{given.name} has {len(names)} class names, but {layer} gives {n_classes} scores."
        )
    return names

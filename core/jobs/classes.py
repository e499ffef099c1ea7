"""The best classes of each image, where a net ends in class scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.activations.class_names import (
    FoundNames,
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
from core.words import plural

_JUDGES = ("Accuracy", "SoftmaxWithLoss")


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
    return value if gives_scores(shape_of.shape_of(value)) else None


def scored_value(net: Net, engine: Engine) -> Value | None:
    """Where the scores of classes are after a pass; None for a net without.

    Its one output; in a net for training, what its last loss or accuracy reads.
    """
    output = class_output(net, engine)
    if output is not None:
        return output
    found = _values_judged(net)
    return next((value for value in found if gives_scores(engine.shape_of(value))), None)


def _values_judged(net: Net) -> list[Value]:
    """What each accuracy and loss of classes reads, the last of the net first."""
    judges = (layer for layer in reversed(net.layers) if layer.type in _JUDGES)
    firsts = (net.read(layer)[0] for layer in judges if net.read(layer))
    return [Value(version.layer, version.blob) for version in firsts if version is not None]


def gives_scores(shape: tuple[int, ...] | None) -> bool:
    """Whether a value of this shape is a list of scores for each image."""
    return (
        shape is not None
        and len(shape) > 1
        and shape[1] > 1
        and all(size == 1 for size in shape[2:])
    )


def classes_of(
    net: Net, to_run: NetToRun, value: Value, scores: np.ndarray
) -> tuple[ScoredClass, ...]:
    """The best classes of the first image; () for what is no output of scores.

    scores: the value, (n_images, n_classes, ...). Scores of unnamed classes count only where a
    Softmax gives them or a loss reads them: a few numbers are no classes.
    """
    is_judged = value in _values_judged(net)
    is_output = any((v.layer, v.blob) == value for v in net.outputs)
    if not (is_output or is_judged) or not gives_scores(scores.shape):
        return ()
    names = _names(to_run, value.layer, scores.shape[1], None).names
    if not (names or is_judged or is_softmax(net, value)):
        return ()
    return tuple(best_classes(scores[:1], names, are_probabilities=is_softmax(net, value))[0])


def are_classes(net: Net, to_run: NetToRun, value: Value, n_scores: int) -> bool:
    """Whether scores are of classes, by name, Softmax or loss; else they are a few numbers."""
    is_judged = value in _values_judged(net)
    return bool(is_judged or is_softmax(net, value) or names_of_classes(to_run, value, n_scores))


def shares(scores: np.ndarray) -> np.ndarray:
    """Softmax of raw scores, (n, n_classes) float64."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return result


def names_of_classes(to_run: NetToRun, value: Value, n_classes: int) -> tuple[str, ...]:
    """The name of each class that a value has a score of, in their order; () where unknown."""
    return _names(to_run, value.layer, n_classes, None).names


def is_softmax(net: Net, value: Value) -> bool:
    """Whether scores are probabilities already."""
    return net.layer(value.layer).type == "Softmax"


@dataclass(frozen=True)
class WantedClasses:
    """The scores to take along, None for none, and the names of their classes, () where unknown.

    notes: what was left out of what lies beside the net.
    """

    scores: Feature | None = None
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def classes_wanted(
    net: Net, engine: Engine, to_run: NetToRun, given: Path | None, values: Sequence[Value]
) -> WantedClasses:
    """The scores to take along, where names are known or the scores are among `values`.

    given: a file of class names; without it one beside the net is used where it fits.
    """
    scores = class_output(net, engine)
    if scores is None:
        if given is not None:
            raise AppError("This net has no single output of class scores to name.")
        return WantedClasses()
    found = _names(to_run, scores.layer, (engine.shape_of(scores) or (0, 0))[1], given)
    feature = Feature(scores, KEEP, scores.layer) if found.names or scores in values else None
    return WantedClasses(feature, found.names, found.notes)


def score_classes(
    net: Net,
    wanted: WantedClasses,
    collected: Sequence[Feature],
    stored: Iterable[StoredFeature],
) -> ClassScores | None:
    """The best classes of every image, out of the stored scores."""
    scores = wanted.scores
    if scores is None:
        return None
    pairs = zip(collected, stored, strict=True)
    found = next((s for f, s in pairs if f.value == scores.value and f.measure == KEEP), None)
    if found is None or len(found.shape) < 2 or 0 in found.shape:
        return None
    n_classes = int(np.prod(found.shape[1:]))
    flat = np.concatenate(list(found.chunks())).reshape(-1, n_classes)
    names = wanted.names if len(wanted.names) == n_classes else ()
    best = best_classes(flat, names, are_probabilities=is_softmax(net, scores.value))
    return ClassScores(scores.value.layer, tuple(tuple(one) for one in best))


def _names(to_run: NetToRun, layer: str, n_classes: int, given: Path | None) -> FoundNames:
    if given is None:
        folders = [to_run.path.parent]
        folders += [to_run.weights.parent] if to_run.weights is not None else []
        return find_class_names(folders, n_classes)
    names = read_class_names(given)
    if len(names) != n_classes:
        raise AppError(
            f"{given.name} has {plural(len(names), 'class name')}, but {layer} gives "
            f"{plural(n_classes, 'score')}."
        )
    return FoundNames(names)

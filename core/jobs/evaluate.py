"""Evaluating: how well a gallery's descriptors find images of the same label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.progress import Job
from core.retrieval.evaluation import Evaluation, evaluate_gallery, random_descriptors
from core.retrieval.evaluation import evaluate as evaluate_descriptors
from core.retrieval.gallery import Gallery
from core.retrieval.ground_truth import choose_labels
from core.retrieval.label_matching import MatchedLabels

FOLDERS = "folders"


@dataclass(frozen=True)
class EvaluateRequest:
    """A gallery and its truth: "folders", "prefix" (before '__' in the name) or a table's path."""

    gallery: Gallery
    truth: str | Path = FOLDERS


@dataclass(frozen=True)
class Evaluated:
    """What was measured, and the same of random descriptors, which is what chance gives."""

    evaluation: Evaluation
    chance: Evaluation
    truth: MatchedLabels
    notes: tuple[str, ...] = ()


def evaluate(request: EvaluateRequest) -> Job[Evaluated]:
    """Use every labelled image as a query and average."""
    gallery = request.gallery
    paths = [image.path for image in gallery.images]
    truth = choose_labels(str(request.truth), paths, gallery.roots)
    evaluation = yield from evaluate_gallery(gallery, truth.labels)
    chance = yield from evaluate_random(gallery, truth.labels)
    return Evaluated(evaluation, chance, truth, (*gallery.notes, *truth.notes))


def evaluate_random(gallery: Gallery, labels: Sequence[str | None]) -> Job[Evaluation]:
    """The same measures for descriptors of random numbers."""
    random = random_descriptors(len(gallery), gallery.dimension)
    return (yield from evaluate_descriptors(random, labels))

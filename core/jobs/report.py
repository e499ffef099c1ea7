"""The report of a fine-tuning: what it did to retrieval, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.jobs.compare_weights import CompareWeightsRequest, LayerChange, compare_weights
from core.progress import Job, Progress
from core.reports.proof_report import write_proof_report
from core.retrieval.gallery import open_gallery
from core.retrieval.sweep_file import open_sweep
from core.training.proof import Proof, prove
from core.training.split import read_split


@dataclass(frozen=True)
class ReportRequest:
    """Two galleries with a sweep each, of the same images before and after.

    weights: the two weights files, to say what moved; () without. renamed: old and new name of
    layers; split: of the training; out: the HTML file, None writes none.
    """

    before: Path
    after: Path
    weights: tuple[Path, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    split: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Report:
    """The proof, and how far each layer's weights moved."""

    proof: Proof
    moved: tuple[LayerChange, ...]


def report(request: ReportRequest) -> Job[Report]:
    """Set the sweeps against each other. Raises AppError."""
    gallery = open_gallery(request.before)
    labels = {
        path: label
        for path, label in zip(gallery.images.paths, gallery.labels, strict=True)
        if label is not None
    }
    yield Progress(0, 3, "results read")
    proof = prove(
        open_sweep(request.before),
        open_sweep(request.after),
        labels,
        renamed=request.renamed,
        split=None if request.split is None else read_split(request.split),
    )
    yield Progress(1, 3, "results read")
    moved: tuple[LayerChange, ...] = ()
    if len(request.weights) == 2:
        compared = yield from compare_weights(CompareWeightsRequest(*request.weights))
        moved = compared.layers
    yield Progress(2, 3, "results read")
    if request.out is not None:
        write_proof_report(proof, moved, gallery.root, request.out)
    return Report(proof, moved)

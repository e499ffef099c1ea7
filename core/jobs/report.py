"""The report of a fine-tuning: what it did to retrieval, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.jobs.compare_weights import CompareWeightsRequest, LayerChange, compare_weights
from core.progress import Job, Progress
from core.reports.proof_report import write_proof_report
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.search import rank_image
from core.retrieval.sweep_file import OpenedSweep, open_sweep
from core.training.proof import Proof, ProofQuery, Queries, prove
from core.training.split import read_split

_N_FIRST = 5


@dataclass(frozen=True)
class ReportRequest:
    """Two galleries with a sweep each, of the same images before and after.

    weights: the two weights files, to say what moved; () without. renamed: old and new name of
    layers; split: of the training; out: the HTML file, None writes none. of: which queries count.
    n_tops: of so many queries that changed most the first results are told.
    """

    before: Path
    after: Path
    weights: tuple[Path, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    split: Path | None = None
    out: Path | None = None
    of: Queries = "all"
    n_tops: int = 0


@dataclass(frozen=True)
class FirstResults:
    """Of one query the first files before and after, each with whether it is relevant."""

    query: ProofQuery
    before: tuple[tuple[str, bool], ...]
    after: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Report:
    """The proof, and how far each layer's weights moved.

    root: of the images. tops: first results of the queries that gained and lost most, gains first.
    """

    proof: Proof
    moved: tuple[LayerChange, ...]
    root: Path = Path()
    tops: tuple[FirstResults, ...] = ()


def report(request: ReportRequest) -> Job[Report]:
    """Set the sweeps against each other. Raises AppError."""
    gallery = open_gallery(request.before)
    labels = {
        path: label
        for path, label in zip(gallery.images.paths, gallery.labels, strict=True)
        if label is not None
    }
    yield Progress(0, 3, "results read")
    before, after = open_sweep(request.before), open_sweep(request.after)
    proof = prove(
        before,
        after,
        labels,
        renamed=request.renamed,
        split=None if request.split is None else read_split(request.split),
        of=request.of,
    )
    yield Progress(1, 3, "results read")
    moved: tuple[LayerChange, ...] = ()
    if len(request.weights) == 2:
        compared = yield from compare_weights(CompareWeightsRequest(*request.weights))
        moved = compared.layers
    yield Progress(2, 3, "results read")
    if request.out is not None:
        write_proof_report(proof, moved, gallery.root, request.out)
    tops: tuple[FirstResults, ...] = ()
    if request.n_tops:
        tops = _first_results(request, proof, (gallery, open_gallery(request.after)), before, after)
    return Report(proof, moved, gallery.root, tops)


def _first_results(
    request: ReportRequest,
    proof: Proof,
    galleries: tuple[Gallery, Gallery],
    before: OpenedSweep,
    after: OpenedSweep,
) -> tuple[FirstResults, ...]:
    """By the first row of the proof, where its descriptors are compared as they were read."""
    lead = proof.rows[0]
    if lead.post != "l2":
        return ()
    sides = []
    for gallery, sweep, layer in zip(
        galleries, (before, after), (lead.layer, lead.after_layer), strict=True
    ):
        number = sweep.table.rows[sweep.find(layer, lead.pooling, lead.post)].representation
        if number is None:
            return ()
        sides.append(gallery.representation(number))
    half = max(1, request.n_tops // 2)
    gains = [query for query in proof.queries if query.gain > 0][:half]
    losses = [query for query in proof.queries if query.gain < 0][:half]
    return tuple(
        FirstResults(query, _tops(sides[0], query), _tops(sides[1], query))
        for query in (*gains, *losses)
    )


def _tops(gallery: Gallery, query: ProofQuery) -> tuple[tuple[str, bool], ...]:
    paths, labels = gallery.images.paths, gallery.labels
    found = rank_image(gallery, paths.index(query.file), k=_N_FIRST)
    return tuple((paths[i], labels[i] == query.label) for i in found.index)

"""Making a map of a gallery: axes, for t-SNE the descent on them, and what the result keeps."""

from __future__ import annotations

import time

import numpy as np

from core.errors import GalleryError
from core.progress import Job, Progress
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import DescriptorRows
from core.retrieval.mapping.axes import LeadingAxes, block_rows, fit_axes, unit_blocks
from core.retrieval.mapping.gallery_map import (
    LEAST_IMAGES,
    MOST_EXACT,
    PCA,
    GalleryMap,
    MapSettings,
)
from core.retrieval.mapping.kept import judge_kept
from core.retrieval.mapping.tsne import lay_out

_AXES_OF_TSNE = 128
_TOLERANCE_OF_TSNE = 1e-4
_NEIGHBOURS_OF_PLACED = 10


def make_map(gallery: Gallery, settings: MapSettings) -> Job[GalleryMap]:
    """Compute a map and what it keeps. Raises GalleryError for too few images, or equal ones."""
    if len(gallery) < LEAST_IMAGES:
        raise GalleryError(f"A map needs {LEAST_IMAGES} images or more, not {len(gallery)}.")
    start = time.monotonic()
    yield Progress(0, 0, "axes of greatest variance")
    cosines, rows = gallery.cosines, gallery.rows
    variance = None
    if settings.method == PCA:
        axes = fit_axes(rows, 2, seed=settings.seed)
        points = yield from _project(axes, rows)
        variance = float(axes.variances[:2].sum() / axes.total)
    else:
        points = yield from _descend(rows, settings)
    kept = yield from judge_kept(cosines, points, settings.k, seed=settings.seed)
    n_laid_out = settings.n_laid_out(len(gallery))
    return GalleryMap(
        settings, points, kept, n_laid_out, time.monotonic() - start, variance,
        is_exact=n_laid_out <= MOST_EXACT or settings.method == PCA,
    )  # fmt: skip


def _project(axes: LeadingAxes, rows: DescriptorRows) -> Job[np.ndarray]:
    """All images on two axes, (n, 2) float32."""
    n = len(rows)
    points = np.zeros((n, 2), np.float32)
    size = block_rows(int(rows.stored.shape[1]))
    blocks = unit_blocks(rows, np.arange(n))
    for start, block in zip(range(0, n, size), blocks, strict=True):
        found = axes.project(block)
        points[start : start + len(block), : found.shape[1]] = found
        yield Progress(start + len(block), n, "images on the map")
    return points


def _descend(rows: DescriptorRows, settings: MapSettings) -> Job[np.ndarray]:
    """t-SNE of the images, or of those that are drawn with the others placed among them."""
    n, dimension = len(rows), int(rows.stored.shape[1])
    drawn = np.arange(n)
    if settings.most < n:
        drawn = np.sort(np.random.default_rng(settings.seed).permutation(n)[: settings.most])
    k = min(_AXES_OF_TSNE, dimension)
    axes = fit_axes(rows, k, seed=settings.seed, tolerance=_TOLERANCE_OF_TSNE)
    turned = np.concatenate([axes.project(block) for block in unit_blocks(rows, drawn)])
    if turned.shape[1] < 2:
        turned = np.pad(turned, ((0, 0), (0, 1)))
    laid_out = yield from lay_out(turned, settings)
    if len(drawn) == n:
        return laid_out
    return (yield from _place_others(rows, axes, drawn, turned, laid_out))


def _place_others(
    rows: DescriptorRows,
    axes: LeadingAxes,
    drawn: np.ndarray,
    turned: np.ndarray,
    laid_out: np.ndarray,
) -> Job[np.ndarray]:
    """All images: those laid out, and each other one in the middle of its nearest among them."""
    n = len(rows)
    points = np.empty((n, 2), np.float32)
    points[drawn] = laid_out
    others = np.setdiff1d(np.arange(n), drawn, assume_unique=True)
    squares = np.vecdot(turned, turned)
    k = min(_NEIGHBOURS_OF_PLACED, len(drawn))
    size = max(1, min(block_rows(len(drawn)), block_rows(int(rows.stored.shape[1]))))
    for start in range(0, len(others), size):
        some = others[start : start + size]
        seen = np.concatenate([axes.project(block) for block in unit_blocks(rows, some)])
        seen = np.pad(seen, ((0, 0), (0, turned.shape[1] - seen.shape[1])))
        away = squares - 2 * (seen @ turned.T)
        nearest = np.argpartition(away, k - 1, axis=1)[:, :k]
        points[some] = np.median(laid_out[nearest], axis=1)
        yield Progress(start + len(some), len(others), "images placed among them")
    return points

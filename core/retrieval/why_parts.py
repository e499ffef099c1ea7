"""Why two images match by several layers or scales: what each of them carries, on one grid.

A descriptor of several is a sum over all their places once lengths are held, so that the shares of
each layer and scale add up to the cosine together. GeM's mean over scales is of a power: a channel
is shared among scales by x^p, as its places are. Each has a grid of its own; a coarser one is
spread evenly over the finest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError
from core.images.scaled import scaled_pictures
from core.measures.measure import KEEP, Pool
from core.progress import Job, Progress
from core.representations.after import L2, After, unit_length
from core.representations.encoding import Encoder
from core.representations.pca import PcaFit
from core.retrieval.describing import Describer, ReadyImage, checked_rows
from core.retrieval.why import Pull, Shares, is_exact, method_words, pulls
from core.retrieval.why_grid import Rectangle, grid_rectangle
from core.retrieval.why_maps import (
    ExplainingEngine,
    Part,
    Why,
    WhyMap,
    covered_rectangle,
    has_places,
    shares_of,
)

_STEP = "pictures explained"
SPREAD = "coarser grids spread evenly over the finest"


@dataclass(frozen=True, eq=False)
class PartRow:
    """One layer at one scale: its pooled row, (dimension,), and what it is shared out by.

    fed: (channels, height, width) of the picture at that scale.
    """

    value: Value
    pool: Pool
    activation: np.ndarray
    row: np.ndarray
    fed: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Picture:
    """A picture with its parts: a list of scales for each layer, and the descriptor of all."""

    part: Part
    ready: ReadyImage
    layers: tuple[tuple[PartRow, ...], ...]
    descriptor: np.ndarray


def explain_parts(
    engine: ExplainingEngine,
    describer: Describer,
    query: Part,
    result: Part,
    after: After = L2,
    fit: PcaFit | None = None,
    encoder: Encoder | None = None,
) -> Job[Why]:
    """As `explain_match`, of a recipe that joins layers or reads several scales.

    Raises GalleryError where none of them has height and width.
    """
    yield Progress(0, 2, _STEP)
    pictures = []
    for number, part in enumerate((query, result)):
        pictures.append(_read(engine, describer, part, encoder))
        yield Progress(number + 1, 2, _STEP)
    cosine, *pulled = pulls(pictures[0].descriptor, pictures[1].descriptor, after, fit)
    notes: dict[str, None] = {}
    maps, spreads = [], False
    for picture, pull in zip(pictures, pulled, strict=True):
        found, is_spread = _map(picture, describer, pull, encoder, notes)
        maps.append(found)
        spreads |= is_spread
    pool = describer.measure
    several = pool.method == "gem" and describer.recipe.finish.has_several_scales
    words = method_words(pool, after, encoder)
    exact = is_exact(pool, after, encoder) and not several and not spreads
    method = f"{words}; {SPREAD}" if spreads else words
    value = describer.recipe.value
    return Why(cosine, value, method, exact, False, maps[0], maps[1], tuple(notes))


def together(layers: Sequence[Sequence[np.ndarray]], powers: Sequence[float]) -> np.ndarray:
    """The descriptor of pooled rows by layer and scale, (sum of dimensions,) float64.

    powers: of each layer's mean over its scales. As `RefiningEngine` and `concatenated` have it; of
    one layer at several scales it has not length 1 yet.
    """
    rows = [_mean(scales, p) for scales, p in zip(layers, powers, strict=True)]
    if len(rows) == 1:
        return rows[0]
    return np.asarray(unit_length(np.concatenate([unit_length(r[None])[0] for r in rows])[None])[0])


def pulls_of_parts(
    layers: Sequence[Sequence[np.ndarray]], powers: Sequence[float], pull: Pull
) -> list[list[np.ndarray]]:
    """How each pooled row pulls, by layer and scale, so that all products add up to `pull`'s."""
    rows = [_mean(scales, p) for scales, p in zip(layers, powers, strict=True)]
    lengths = [float(np.linalg.norm(row)) if len(rows) > 1 else 1.0 for row in rows]
    n_there = sum(length > 0 for length in lengths)
    whole = math.sqrt(n_there) if len(rows) > 1 else 1.0
    found, start = [], 0
    for scales, row, length, p in zip(layers, rows, lengths, powers, strict=True):
        of = pull.of[start : start + row.size] / ((length * whole) or 1.0)
        start += row.size
        found.append(_of_scales(scales, row, of, p))
    return found


def spread(
    shares: np.ndarray, grid: Rectangle, shape: tuple[int, int], on: Rectangle
) -> np.ndarray:
    """Shares of places in one grid on another, (height, width), by the areas that overlap.

    What lies beyond the other grid counts with its border: nothing is lost.
    """
    down = _overlaps(shares.shape[0], grid[1], grid[3], shape[0], on[1], on[3])
    across = _overlaps(shares.shape[1], grid[0], grid[2], shape[1], on[0], on[2])
    result: np.ndarray = down @ shares @ across.T
    return result


def _mean(scales: Sequence[np.ndarray], p: float) -> np.ndarray:
    """One row is as it is; several get length 1 each and are averaged by power."""
    if len(scales) == 1:
        return np.asarray(scales[0], np.float64)
    units = unit_length(np.stack(scales).astype(np.float64))
    mean: np.ndarray = np.mean(units**p, axis=0) ** (1.0 / p)
    return mean


def _of_scales(
    scales: Sequence[np.ndarray], row: np.ndarray, of: np.ndarray, p: float
) -> list[np.ndarray]:
    if len(scales) == 1:
        return [of]
    rows = np.stack(scales).astype(np.float64)
    powers = unit_length(rows) ** p
    total = powers.sum(axis=0)
    shares = np.divide(powers, total, out=np.zeros_like(powers), where=total != 0) * (of * row)
    return list(np.divide(shares, rows, out=np.zeros_like(shares), where=rows != 0))


def _overlaps(
    n: int, start: float, end: float, n_on: int, on_start: float, on_end: float
) -> np.ndarray:
    """(n_on, n): which share of each of n cells lies in each of the others."""
    edges = np.linspace(start, end, n + 1)
    others = np.linspace(on_start, on_end, n_on + 1)
    others[0], others[-1] = min(others[0], edges[0]), max(others[-1], edges[-1])
    low = np.maximum(edges[None, :-1], others[:-1, None])
    high = np.minimum(edges[None, 1:], others[1:, None])
    widths = np.maximum(edges[1:] - edges[:-1], 1e-12)
    result: np.ndarray = np.maximum(high - low, 0.0) / widths
    return result


def _read(
    engine: ExplainingEngine, describer: Describer, part: Part, encoder: Encoder | None
) -> _Picture:
    ready = describer.prepare(part.path, part.box)
    feed, whole = describer.feed, ready.values[None]
    found: list[list[PartRow]] = [[] for _ in describer.keys]
    for scale in describer.recipe.finish.scales:
        scaled = whole if scale == 1.0 else scaled_pictures(whole, scale)
        if scale != 1.0 and feed.problem_with(scaled.shape[1:]) is not None:
            continue  # as the gallery left it out
        kept = engine.measure(feed.inputs(scaled), {v: (KEEP,) for v, _ in describer.keys})
        for rows, (value, pool) in zip(found, describer.keys, strict=True):
            activation = kept[value, KEEP]
            row = checked_rows(pool.of(activation), 1, value.layer)
            row = row if encoder is None else encoder.encode(row)
            if not np.isfinite(row).all():
                name = part.path.name
                raise GalleryError(f"Layer '{value.layer}' gives NaN or infinity for '{name}'.")
            rows.append(PartRow(value, pool, activation, row[0], scaled.shape[1:]))
    descriptor = together([[one.row for one in scales] for scales in found], _powers(found))
    return _Picture(part, ready, tuple(map(tuple, found)), descriptor)


def _powers(layers: Sequence[Sequence[PartRow]]) -> list[float]:
    return [scales[0].pool.p if scales[0].pool.method == "gem" else 1.0 for scales in layers]


def _map(
    picture: _Picture,
    describer: Describer,
    pull: Pull,
    encoder: Encoder | None,
    notes: dict[str, None],
) -> tuple[WhyMap, bool]:
    """The places of one picture on its finest grid, and whether any had to be spread."""
    covered = covered_rectangle(picture.part, picture.ready, describer)
    of_parts = pulls_of_parts(
        [[one.row for one in scales] for scales in picture.layers], _powers(picture.layers), pull
    )
    offset, channels, carried = pull.offset, [], []
    found: list[tuple[Shares, Rectangle]] = []
    for scales, each in zip(picture.layers, of_parts, strict=True):
        of_layer, total = np.zeros(scales[0].activation.shape[1]), 0.0
        for one, of in zip(scales, each, strict=True):
            if not has_places(one.activation.shape):
                share = float(of @ one.row)
                offset, total = offset + share, total + share
                continue
            shares = shares_of(one.activation[0], one.pool, Pull(of, 0.0), encoder)
            grid = grid_rectangle(describer.feed, one.value, one.fed, shares.places.shape, covered)
            found.append((shares, grid))
            offset, total = offset + shares.offset, total + shares.total
            of_layer = of_layer + shares.channels
        channels.append(of_layer)
        carried.append((scales[0].value.layer, total))
    if not found:
        raise GalleryError(
            "None of the layers has height and width, so no place of the picture can be shown.",
            hint="Index one layer at one scale: an earlier layer shows its places.",
        )
    if len(carried) > 1:
        named = ", ".join(f"{layer} {total:.3f}" for layer, total in carried)
        notes[f"What each layer carries of {picture.part.path.name}: {named}."] = None
    finest, grid = max(found, key=lambda one: one[0].places.size)
    shape = finest.places.shape
    places = sum(
        (spread(one.places, own, (shape[0], shape[1]), grid) for one, own in found),
        np.zeros(shape),
    )
    is_spread = any(one.places.shape != shape for one, _ in found)
    size = picture.ready.size if picture.part.box is None else picture.ready.whole
    made = WhyMap(
        picture.part, size, covered, grid, places.astype(np.float32),
        np.concatenate(channels).astype(np.float32), offset, (), picture.ready.orientation,
    )  # fmt: skip
    return made, is_spread

"""A gallery by a row of its sweep: its descriptors and its queries turned as the row says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.errors import GalleryError
from core.measures.measure import Pool
from core.representations.after import After, concatenated, parse_after
from core.representations.fit_files import fit_digest, open_fit, read_note
from core.retrieval.finish import FITS_NAME, Finish, FitName, FurtherValue
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import TURNED
from core.retrieval.sweep_file import open_sweep

_ROWS_AT_ONCE = 4096


def fit_name(numbers: Sequence[int], settled: After) -> str:
    """What a sweep calls the fit of a row: "00003-white64", "00001+00004-power-pca32"."""
    joined = "+".join(f"{number:05d}" for number in numbers)
    return f"{joined}-{settled.word.replace(':', '').replace('+', '-')}"


def by_row(gallery: Gallery, words: str) -> Gallery:
    """The gallery by the best row of its sweep that "LAYER,POOLING,AFTER" fits, or a part of it.

    Raises GalleryError for no sweep, no such row, or a fit that is lost.
    """
    if not words:
        return gallery
    layer, pooling, after, *more = [*map(str.strip, words.split(",")), "", ""]
    if any(more):
        raise GalleryError(f"'{words}' is no row of a sweep.", hint="Name LAYER,POOLING,AFTER.")
    sweep = open_sweep(gallery.folder)
    row = sweep.table.rows[sweep.find(layer, pooling, after)]
    return finished(gallery, row.representations, parse_after(row.after)[0])


def finished(gallery: Gallery, numbers: Sequence[int], after: After) -> Gallery:
    """The same images by some of their representations together, and by what follows pooling.

    numbers: 0 for the first. Where nothing follows, the descriptors are where they lie; else they
    are made here, (n, dimension) float32 in memory. Raises GalleryError for a lost fit.
    """
    parts = [gallery.representation(number) for number in numbers]
    recipe, first = parts[0].recipe, parts[0].contents
    if len(parts) == 1 and after == After():
        return parts[0]
    path, fit, noted = gallery.folder / FITS_NAME / fit_name(numbers, after), None, None
    if after.projection:
        fit, note = open_fit(path), read_note(path)
        noted = FitName(
            path.name, fit_digest(path), after.dimension, note.image_set, note.n_images, note.folder
        )
    further = tuple(
        FurtherValue(one.recipe.layer, one.recipe.top, one.recipe.place) for one in parts[1:]
    )
    pool = _common_pool([part.recipe.measure for part in parts])
    turned = []
    for start in range(0, len(first.stored), _ROWS_AT_ONCE):
        some = [part.contents.stored[start : start + _ROWS_AT_ONCE] for part in parts]
        rows = np.asarray(some[0]) if len(some) == 1 else concatenated(some)
        turned.append(after.apply(rows, fit))
    stored = np.concatenate(turned)
    finish = Finish(after.word, noted, scales=recipe.finish.scales, further=further)
    contents = replace(
        first,
        recipe=replace(
            recipe, pooling=pool.method, p=pool.p, levels=pool.levels, relu=pool.relu, finish=finish
        ),
        dimension=int(stored.shape[1]),
        stored=stored,
        number=TURNED,
    )
    return Gallery(gallery.folder, contents, gallery.truth)


def _common_pool(pools: Sequence[Pool]) -> Pool:
    """The one that all are read by: "flatten" is what any comes to with one place per channel.

    Raises GalleryError where there is none.
    """
    pool = next((one for one in pools if one.method != "flatten"), pools[0])
    if any(one not in (pool, Pool("flatten", relu=pool.relu)) for one in pools):
        raise GalleryError("Layers under different poolings can't be searched by together.")
    return pool

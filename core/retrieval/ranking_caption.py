"""What a ranking is of, in lines that go with every file of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core import __version__
from core.representations.titles import pooling_title
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from core.words import percent_number, plural, printable

_DIGITS = 12
"""Of a SHA-256, enough to tell files apart."""


def ranking_caption(
    gallery: Gallery,
    answer: Answer,
    value: str,
    net: Path,
    weights: Path | None,
    search_notes: Sequence[str] = (),
) -> tuple[str, ...]:
    """Query and measures, net and weights, value and recipe, and what has to be known of them.

    value: how the value is spelled that the gallery was read with, "relu7 · fc7@1". search_notes:
    what was done beside a plain exact search.
    """
    recipe = gallery.recipe
    parts = recipe.finish.parts
    pooling = pooling_title(recipe.measure.word)
    pooling = pooling if parts is None else f"{pooling}, {parts.describe()}"
    n_ranked, query = len(answer.ranking), _query(gallery, answer)
    lines = (
        f"Ranking of {plural(n_ranked, 'image')} of {gallery.root} for {query}",
        *_measures(answer),
        net_caption(recipe, net, weights),
        f"Value {value}, pooled {pooling}, {recipe.finish.describe()}, cosine; "
        f"{recipe.preprocess.describe()}",
        *search_notes,
        *gallery.notes,
        *answer.notes,
        f"Blobscope {__version__}",
    )
    return tuple(map(printable, lines))


def net_caption(recipe: DescriptorRecipe, net: Path, weights: Path | None) -> str:
    """Which net and weights the descriptors are of, in a line."""
    with_weights = f"fillers ({recipe.weights_sha256})"
    if weights is not None:
        with_weights = f"weights {weights.name} (SHA-256 {recipe.weights_sha256[:_DIGITS]})"
    return (
        f"Net {net.name} (SHA-256 {recipe.net_sha256[:_DIGITS]}), {with_weights}, "
        f"phase {recipe.state.phase}, {recipe.precision}"
    )


def _query(gallery: Gallery, answer: Answer) -> str:
    query = answer.query
    name = str(query.path) if query.index is None else gallery.images.paths[query.index]
    name += "" if query.box is None else f", {query.box.describe()}"
    return name if answer.label is None else f"{name}, label {answer.label}"


def _measures(answer: Answer) -> tuple[str, ...]:
    score = answer.score
    if score is None:
        return ()
    n_junk = 0 if answer.junk is None else int(answer.junk.sum())
    junk = f", {n_junk:,} junk left out" if n_junk else ""
    return (
        f"AP {percent_number(score.average_precision)} % ({answer.ap_variant}{junk}), "
        f"P@1 {score.p_at_1:.2f}, P@5 {score.p_at_5:.2f}, P@10 {score.p_at_10:.2f}, "
        f"{score.n_relevant:,} relevant",
    )

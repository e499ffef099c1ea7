"""Why a result matches a query: the places of both pictures that carry the similarity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.activations.npz_file import write_npz
from core.engines.host import EngineHost, NetToRun
from core.errors import RequestError
from core.files import write_file
from core.images.box import Box
from core.images.thumbnails import thumbnail
from core.jobs.gallery_net import found_gallery_net
from core.jobs.index import describer_for
from core.jobs.open import OpenRequest
from core.jobs.way_back import changeable, no_way_back
from core.progress import Job
from core.representations.after import L2, After
from core.representations.encoding import Encoder
from core.representations.pca import PcaFit
from core.retrieval.finish import PLAIN, Finish, load_fits
from core.retrieval.gallery import Gallery
from core.retrieval.queries import QueryImage, find_query
from core.retrieval.why_maps import Part, Why, explain_match
from core.retrieval.why_parts import explain_parts
from core.retrieval.why_picture import heat_of, painted, png_bytes

_PNG_SIDE, _PNG_GAP = 640, 8


@dataclass(frozen=True)
class WhyRequest:
    """A gallery and two images, each of the gallery or any file.

    box: the part of the query that was searched with, None for all of it. net, runs_on: as
    QueryRequest has them. after, fit: what is done with the pooled descriptors before they are
    compared; a gallery's search gives them length 1 alone.
    """

    gallery: Gallery
    query: Path
    result: Path
    box: Box | None = None
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None
    after: After = L2
    fit: PcaFit | None = None


def why(request: WhyRequest, host: EngineHost) -> Job[Why]:
    """Two passes, and as many back where the layer has no places. Raises AppError."""
    gallery = request.gallery
    query = find_query(gallery, request.query, request.box)
    result = find_query(gallery, request.result)
    to_run, recipe = found_gallery_net(gallery, request.net, request.runs_on)
    after, fit = request.after, request.fit
    if after.projection:
        if fit is None:
            raise RequestError(f"'{after.word}' needs a fit.")
        steps = "power" if after.has_power else "l2"
        if fit.made_for not in ("", f"{recipe.digest}, {steps}"):
            raise RequestError("The fit is of descriptors of another recipe than the gallery's.")
    encoder: Encoder | None = None
    if recipe.finish != PLAIN:
        fits = load_fits(recipe.finish, gallery.folder)
        after, fit, encoder = recipe.finish.steps, fits.after, fits.encoder
    able = changeable(to_run)
    with host.opened(able) as engine:
        parts = Finish(scales=recipe.finish.scales, further=recipe.finish.further)
        describer = describer_for(to_run, replace(recipe, finish=parts), engine)
        describer.check()
        explain = explain_match if parts == PLAIN else explain_parts
        found = yield from explain(
            engine,
            describer,
            Part(query.path, query.box),
            Part(result.path),
            after,
            fit,
            encoder,
        )
    stands_in = no_way_back(to_run) if able != to_run else ""
    notes = (stands_in, *found.notes, *_notes(query), *_notes(result))
    return replace(found, notes=tuple(filter(None, notes)))


def write_why(found: Why, out: Path) -> tuple[str, ...]:
    """An .npz with query/places, query/channels, query/covered, and the same of the result.

    Returns the names in it. Raises AppError.
    """
    arrays = {"cosine": np.array(found.cosine)}
    for name, one in zip(("query", "result"), found.both, strict=True):
        arrays[f"{name}/places"] = one.places
        arrays[f"{name}/channels"] = one.channels
        arrays[f"{name}/covered"] = np.array(one.covered)
        arrays[f"{name}/grid"] = np.array(one.grid)
        arrays[f"{name}/size"] = np.array(one.size)
    write_npz(out, arrays.items())
    return tuple(arrays)


def draw_why(found: Why, out: Path, *, opacity: float = 0.8) -> None:
    """A PNG of the query and, to its right, the result, each with its places. Raises AppError."""
    drawn = []
    for one in found.both:
        pixels = thumbnail(one.part.path, _PNG_SIDE)
        heat = heat_of(one, pixels.shape[1], pixels.shape[0], found.strongest)
        drawn.append(painted(pixels, heat, opacity))
    height = max(len(one) for one in drawn)
    page = np.full((height, sum(one.shape[1] for one in drawn) + _PNG_GAP, 3), 255, np.uint8)
    page[: len(drawn[0]), : drawn[0].shape[1]] = drawn[0]
    page[: len(drawn[1]), page.shape[1] - drawn[1].shape[1] :] = drawn[1]
    write_file(out, png_bytes(page))


def _notes(query: QueryImage) -> tuple[str, ...]:
    if not query.has_changed:
        return ()
    return (f"{query.given.name} has changed since it was indexed: this is of it as it is now.",)

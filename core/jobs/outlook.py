"""What an index would do before it does it: files to read, bytes to keep, and how fast it goes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.engines.host import EngineHost
from core.engines.values import Value
from core.images.finding import list_images
from core.images.prepared import PreparedImage
from core.jobs.index import IndexRequest, describer_for, descriptor_recipe
from core.jobs.open import net_of
from core.measures.measure import Pool
from core.progress import Job, Progress
from core.retrieval.describing import Describer, Shape, check_describable
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe, with_fits_of
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.index_plan import find_unread
from core.retrieval.mixed_order import mixed_order
from core.surveys.feed import fit_pool, plan_feed
from core.surveys.passes import Results
from core.surveys.pictures import by_shape
from core.surveys.survey import survey

N_TRIED = 24
"""Files that are read at most to measure a rate."""
_PASS = 4
_TRIED_SECONDS, _LONGEST_SECONDS = 1.5, 20.0
_BYTES_OF_A_ROW = 220
"""What the database keeps of an image beside its descriptor, about."""


@dataclass(frozen=True, eq=False)
class IndexOutlook:
    """What an index of a folder has to do.

    gallery: what is there already, None without an image. to_read: files that are new or changed.
    n_files: all that the folder lists. dimension: of a descriptor, None where only a run can tell.
    """

    gallery: Gallery | None
    to_read: tuple[Path, ...]
    n_files: int
    dimension: int | None

    @property
    def n_to_read(self) -> int:
        """How many files are new or changed."""
        return len(self.to_read)

    @property
    def n_read(self) -> int:
        """How many are in the gallery as they are, or are known to be unusable."""
        return self.n_files - self.n_to_read

    @property
    def n_bytes(self) -> int | None:
        """What the files to read take on the disk, about."""
        if self.dimension is None:
            return None
        return self.n_to_read * (4 * self.dimension + _BYTES_OF_A_ROW)


def look_ahead(request: IndexRequest) -> IndexOutlook:
    """Compare the folder with the gallery that is there; no engine runs and nothing is written.

    Raises what `index` raises before it runs the net: ImageError, GalleryError.
    """
    recipe = descriptor_recipe(request)
    net, shapes = net_of(request.net)
    feed = plan_feed(net, shapes, recipe.values)
    check_describable(feed, recipe)
    gallery = None
    if GalleryStore(request.out).exists:
        gallery = open_gallery(request.out)
        recipe = with_fits_of(gallery.recipe, recipe)
        check_same_recipe(gallery.recipe, recipe)
    listing = list_images(request.folder)
    to_read = (
        tuple(mixed_order(listing.images))
        if gallery is None
        else find_unread(listing, gallery.contents)
    )
    of_values = [feed.value_shapes(value, recipe.preprocess)[0] for value in recipe.values]
    return IndexOutlook(
        gallery if gallery is not None and len(gallery) else None,
        to_read,
        len(listing.images),
        _dimension(of_values, recipe),
    )


def _dimension(shapes: Sequence[Shape | None], recipe: DescriptorRecipe) -> int | None:
    """Of a descriptor at the end of its steps, as far as they are told before a fit."""
    steps, parts = recipe.finish.steps, recipe.finish.parts
    if steps.dimension:
        return steps.dimension
    if parts is not None and parts.dimension:
        return parts.dimension * max(1, parts.centres)
    known = [shape for shape in shapes if shape is not None and len(shape) > 1]
    if len(known) != len(shapes):
        return None
    if parts is not None:
        return known[0][1]
    return sum(fit_pool(recipe.measure, [shape]).dimension(shape) for shape in known)


def measure_rate(request: IndexRequest, host: EngineHost, files: Sequence[Path]) -> Job[float]:
    """Images a second, decoding included, tried on the first files for about a second and a half.

    0.0 where none of them can be read. The first pass, in which an engine gets ready, counts only
    where there is no other, or where it takes long.
    """
    recipe = descriptor_recipe(request)
    with host.opened(request.net) as engine:
        describer = describer_for(request.net, recipe, engine)
        trial = _Trial(describer)
        job = survey(
            describer.measurer, describer.feed, files[:N_TRIED], recipe.preprocess, [trial],
            batch_size=_PASS, grouping=by_shape,
        )  # fmt: skip
        started = time.monotonic()
        with closing(job):
            for _step in job:
                yield Progress(0, 0, "measuring the rate")
                passed = time.monotonic() - started
                if (passed > _TRIED_SECONDS and len(trial.times) > 1) or passed > _LONGEST_SECONDS:
                    break
    return trial.rate(started)


class _Trial:
    """A collector that keeps nothing but when images came."""

    def __init__(self, describer: Describer) -> None:
        self._wants = describer.wants
        self.times: list[tuple[float, int]] = []

    @property
    def wants(self) -> Mapping[Value, tuple[Pool, ...]]:
        """The pooling that the index would ask for."""
        return self._wants

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Note when these came."""
        self.times.append((time.monotonic(), len(images)))

    def skip(self, image: PreparedImage) -> None:
        """One that can't be used takes time, too, but gives no rate."""

    def rate(self, started: float) -> float:
        """Images a second since the first pass."""
        if not self.times:
            return 0.0
        last = self.times[-1][0]
        if len(self.times) == 1:
            return self.times[0][1] / max(1e-3, last - started)
        n_images = sum(n for _, n in self.times[1:])
        return n_images / max(1e-3, last - self.times[0][0])

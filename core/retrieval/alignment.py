"""The gate before any figure of a gallery: images that are described anew find themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError
from core.evaluation.sanity import MISALIGNED, TOLERANCE, find_misaligned
from core.images.prepared import prepare_image
from core.measures.measure import Pool
from core.progress import Job, Progress
from core.retrieval.describing import Describer
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import stamp_of
from core.retrieval.sweep_plan import SweepPlan

_N_CHECKED = 3


@dataclass(frozen=True)
class Alignment:
    """How many images were described anew, and which of them found another at rank 1.

    lost: (image, what it found) by their paths in the gallery.
    """

    n_checked: int
    lost: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What came out: "3 of 3 images described anew find themselves at rank 1."."""
        if self.lost:
            image, found = self.lost[0]
            return f"{MISALIGNED}: '{image}', described anew, finds '{found}' and not itself."
        if not self.n_checked:
            return "No image is as it was when it was described, so none could be described anew."
        n = self.n_checked
        return f"{n} of {n} images described anew find themselves at rank 1."


def find_alignment(describer: Describer, gallery: Gallery) -> Job[Alignment]:
    """Describe a few images of a gallery anew and look for each among all that is stored.

    Images that changed or went away are passed over; one whose cosine is within 0.001 of the best
    has found itself, as in `find_misaligned`.
    """
    places = np.unique(np.linspace(0, len(gallery) - 1, min(_N_CHECKED, len(gallery))).astype(int))
    n_checked, lost = 0, []
    for number, index in enumerate(places.tolist()):
        yield Progress(number, places.size, "images described anew")
        path = gallery.path(index)
        if stamp_of(path) != gallery.images[index].stamp:
            continue
        row = describer.describe_file(path)
        if not np.isfinite(row).all() or not row.any():
            continue
        cosines = gallery.cosines.of_one(row)
        best = int(np.argmax(cosines))
        n_checked += 1
        if cosines[index] < cosines[best] - TOLERANCE:
            lost.append((gallery.images.paths[index], gallery.images.paths[best]))
    yield Progress(places.size, places.size, "images described anew")
    return Alignment(n_checked, tuple(lost))


def check_alignment(describer: Describer, plan: SweepPlan, gallery: Gallery) -> None:
    """Describe a few images anew by everything. Raises GalleryError where one finds another."""
    places = np.unique(np.linspace(0, len(gallery) - 1, _N_CHECKED).astype(int))
    fresh: dict[tuple[Value, Pool], list[np.ndarray]] = {key: [] for key in plan.keys}
    own = []
    for index in places.tolist():
        prepared = prepare_image(gallery.path(index), describer.recipe.preprocess)
        if prepared.values is None:
            continue  # it changed or went away since it was described
        inputs = describer.feed.inputs(prepared.values[None])
        for key, rows in describer.measurer.measure(inputs, plan.wants).items():
            fresh[key[0], key[1]].append(rows)  # type: ignore[index]  # poolings alone are asked for
        own.append(index)
    if not own:
        return
    for number, key in enumerate(plan.keys):
        stored = gallery.representation(number).descriptors
        rows = np.concatenate(fresh[key])
        if not np.isfinite(rows).all():
            continue
        for index, found in find_misaligned(rows, np.array(own), stored):
            paths = gallery.images.paths
            raise GalleryError(
                f"{MISALIGNED}: '{paths[index]}', described anew by {key[0].layer}, finds "
                f"'{paths[found]}' and not itself.",
                hint="Sweep into a new folder.",
            )

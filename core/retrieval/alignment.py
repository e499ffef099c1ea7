"""The gate before any figure of a gallery: images that are described anew find themselves."""

from __future__ import annotations

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError
from core.evaluation.sanity import MISALIGNED, find_misaligned
from core.images.prepared import prepare_image
from core.measures.measure import Pool
from core.retrieval.describing import Describer
from core.retrieval.gallery import Gallery
from core.retrieval.sweep_plan import SweepPlan

_N_CHECKED = 3


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
        for key, rows in describer.engine.measure(inputs, plan.wants).items():
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

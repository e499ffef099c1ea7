"""A map as the view shows it: its images, its points, its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np

from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import PCA, TITLES, TSNE, GalleryMap
from core.words import plural
from gui.panels.retrieval.maps.values import MapImages, MapLayer
from gui.panels.retrieval.view import RecipeChoice, ResultTile


def map_images(gallery: Gallery) -> MapImages:
    """The images with their labels; a tile is made when it is asked for."""

    def tile(index: int) -> ResultTile:
        image = gallery.images[index]
        name = PurePosixPath(image.path).with_suffix("").as_posix()
        return ResultTile(
            0, index, gallery.path(index), name, 0.0, label=image.label or "",
            width=image.width, height=image.height, n_bytes=image.stamp.n_bytes,
        )  # fmt: skip

    return MapImages(gallery.images.names, gallery.images.label_codes, tile)


def layer_of(
    choice: RecipeChoice, words: str, found: GalleryMap, points: np.ndarray | None = None
) -> MapLayer:
    """One map; points: as other images are numbered, where they are not its own."""
    share = f"{TITLES[found.settings.method]} keeps {100 * found.kept.share:.0f} %"
    return MapLayer(
        choice,
        words,
        found.settings.method,
        found.points if points is None else points,
        share,
        found.sentences,
    )


def kept_words(maps: Mapping[str, GalleryMap], n_images: int) -> str:
    """ "PCA keeps 48 %, t-SNE 69 % of the 10 nearest neighbours", and of how many images."""
    shares = [
        f"{TITLES[method]}{' keeps' if first else ''} {100 * maps[method].kept.share:.0f} %"
        for method, first in zip((m for m in (PCA, TSNE) if m in maps), (True, False), strict=False)
    ]
    if not shares:
        return ""
    kept = next(iter(maps.values())).kept
    of = f"of the {kept.k} nearest neighbours" if kept.k > 1 else "of the nearest neighbours"
    judged = "" if kept.n_judged == n_images else f", judged on {plural(kept.n_judged, 'image')}"
    return f"{', '.join(shares)} {of}{judged}"


def rest_words(shown: GalleryMap | None, wanted: str) -> str:
    """What else is to be known of the map that is shown, and that it is not the wanted one."""
    if shown is None:
        return ""
    said = list(shown.sentences[1:])
    if shown.settings.method != wanted:
        said.insert(0, f"Shown: {shown.settings.title}.")
    return " ".join(said)

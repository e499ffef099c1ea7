"""A gallery with the labels of another truth than its folders: a table, or the files' names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.retrieval.gallery import Gallery
from core.retrieval.ground_truth import choose_labels
from core.retrieval.label_matching import MatchedLabels


def label_gallery(gallery: Gallery, truth: str) -> tuple[Gallery, MatchedLabels]:
    """The same images and descriptors with the labels of `truth`, as choose_labels takes it.

    Raises GalleryError where the table can't be read or nothing gets a label.
    """
    images = gallery.images
    matched = choose_labels(truth, images.paths, gallery.roots)
    number_of = {name: number for number, name in enumerate(dict.fromkeys(matched.labels))}
    codes = np.fromiter((number_of[label] for label in matched.labels), np.int32, len(images))
    relabelled = replace(images, names=tuple(number_of), label_codes=codes)
    contents = replace(gallery.contents, images=relabelled)
    return Gallery(gallery.folder, contents, truth, matched.boxes), matched

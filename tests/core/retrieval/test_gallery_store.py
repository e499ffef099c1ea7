"""The files of a gallery: a change is whole or not there, and the newest word on a file holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import GalleryError
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_contents import FileStamp, StoredImage, StoredProblem
from core.retrieval.gallery_store import GalleryStore

STAMP = FileStamp(10, 20)
A, B, C = (StoredImage(f"{name}.jpg", "x", 8, 6, STAMP) for name in "abc")


@pytest.fixture
def store(tmp_path: Path, recipe: DescriptorRecipe) -> GalleryStore:
    """A gallery with a.jpg at row 0 and b.jpg at row 1."""
    store = GalleryStore(tmp_path / "gallery")
    store.create(recipe, tmp_path)
    store.add([A, B], np.array([[1, 2], [3, 4]], np.float32))
    return store


def rows(store: GalleryStore) -> dict[str, list[float]]:
    found = store.read()
    return {image.path: found.stored[image.row].tolist() for image in found.images}


def test_what_was_added_is_there(store: GalleryStore) -> None:
    assert rows(store) == {"a.jpg": [1, 2], "b.jpg": [3, 4]}
    assert (store.read().dimension, store.read().problems) == (2, ())


def test_a_change_that_fails_half_way_leaves_nothing(store: GalleryStore) -> None:
    impossible = replace(C, path="d.jpg", width=None)
    with pytest.raises(GalleryError):
        store.add([C, impossible], np.array([[5, 6], [7, 8]], np.float32))
    with pytest.raises(GalleryError):
        store.add_problems(
            [StoredProblem("a.jpg", "gone", STAMP), StoredProblem("b.jpg", None, STAMP)]
        )
    assert rows(store) == {"a.jpg": [1, 2], "b.jpg": [3, 4]}
    assert store.read().problems == ()
    store.add([C], np.array([[9, 9]], np.float32))
    assert rows(store) == {"a.jpg": [1, 2], "b.jpg": [3, 4], "c.jpg": [9, 9]}


def test_descriptors_of_another_dimension_are_refused(store: GalleryStore) -> None:
    with pytest.raises(GalleryError, match="has 3 values where the gallery's have 2"):
        store.add([C], np.zeros((1, 3), np.float32))
    assert set(rows(store)) == {"a.jpg", "b.jpg"}


def test_a_file_is_an_image_or_a_problem_never_both(store: GalleryStore) -> None:
    store.add_problems([StoredProblem("a.jpg", "is cut off", STAMP)])
    assert set(rows(store)) == {"b.jpg"}
    assert [(p.path, p.reason) for p in store.read().problems] == [("a.jpg", "is cut off")]
    store.add([A], np.array([[5, 6]], np.float32))
    assert rows(store) == {"a.jpg": [5, 6], "b.jpg": [3, 4]}
    assert store.read().problems == ()
    store.remove(["a.jpg"])
    assert set(rows(store)) == {"b.jpg"}


def test_an_index_has_ended_when_it_says_so(store: GalleryStore) -> None:
    store.begin(2)
    progress = store.read().progress
    assert (progress.n_done, progress.n_expected, progress.has_ended) == (2, 2, False)
    store.finish()
    assert store.read().progress.has_ended
    store.begin(2, outdated=["a.jpg"])
    assert (store.read().progress.n_done, store.read().progress.has_ended) == (1, False)

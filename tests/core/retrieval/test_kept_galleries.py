"""Galleries of a folder are found where they are kept; those of others and damaged ones are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.images.preprocess import Preprocess
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_database import DATABASE_NAME
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.kept_galleries import find_kept_galleries

RECIPE = DescriptorRecipe("fc", "fc", "gap", 3.0, Preprocess(), "n", "w")


def keep(place: Path, root: Path, layer: str, n_images: int, n_expected: int) -> GalleryStore:
    store = GalleryStore(place / f"{root.name}-{layer}")
    store.create(replace(RECIPE, layer=layer, top=layer), root)
    store.begin(n_expected)
    images = [StoredImage(f"{i}.png", None, 8, 8, FileStamp(1, i)) for i in range(n_images)]
    if images:
        store.add(images, np.ones((n_images, 4), np.float32))
    return store


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "galleries"


def test_those_of_the_folder_are_found_with_how_far_they_came(place: Path, tmp_path: Path) -> None:
    root, other = tmp_path / "photos", tmp_path / "others"
    root.mkdir()
    keep(place, root, "pool", 3, 3).finish()
    keep(place, root, "conv", 2, 5)
    keep(place, other, "conv", 2, 2).finish()
    found = find_kept_galleries(place, root)
    assert [(one.recipe.layer, one.n_images) for one in found] == [("conv", 2), ("pool", 3)]
    assert [one.progress.is_finished for one in found] == [False, True]
    assert found[0].progress.n_missing == 3


def test_damaged_and_empty_ones_are_passed_over(place: Path, tmp_path: Path) -> None:
    keep(place, tmp_path, "empty", 0, 4)
    damaged = keep(place, tmp_path, "bad", 1, 1)
    (damaged.folder / DATABASE_NAME).write_bytes(b"no database" * 999)
    (place / "file").write_text("no folder")
    keep(place, tmp_path, "good", 1, 1)
    assert [one.recipe.layer for one in find_kept_galleries(place, tmp_path)] == ["good"]


def test_no_place_holds_none(place: Path, tmp_path: Path) -> None:
    assert find_kept_galleries(place, tmp_path) == ()

"""Galleries in which all, most or each label's descriptors are one: said, with how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.equal_descriptors import find_equal_descriptors
from core.retrieval.gallery import open_gallery
from core.retrieval.indexing import index_folder
from core.retrieval.search import equal_scores, order_scores
from tests.core.retrieval.describers import describer

RNG = np.random.default_rng(2)
VARIED = RNG.standard_normal((40, 6)).astype(np.float32)


def with_equal(n_equal: int, n: int = 40) -> np.ndarray:
    """n descriptors of which n_equal have one direction, at random places and of any length."""
    rows = RNG.standard_normal((n, 6)).astype(np.float32)
    places = RNG.permutation(n)[:n_equal]
    rows[places] = VARIED[0] * RNG.uniform(0.5, 900, (n_equal, 1)).astype(np.float32)
    return rows


@pytest.mark.parametrize(
    ("descriptors", "floor", "said"),
    [
        (VARIED, 0.0, ""),
        (np.zeros((12, 4)), 0.0, "all 12 descriptors are equal (the layer gives zeros)"),
        (np.full((12, 4), 1e-6), 1e-6, "all 12 descriptors are equal (the layer gives zeros)"),
        (np.full((12, 4), 1e-6), 0.0, "all 12 descriptors are equal"),
        (np.full((12, 4), -3.0), 0.0, "all 12 descriptors are equal"),
        (np.where(np.arange(12)[:, None] < 11, 0, VARIED[:12]), 0.0,
         "11 of 12 descriptors are equal (the layer gives zeros)"),
        (with_equal(36), 0.0, "36 of 40 descriptors are equal"),
        (with_equal(35), 0.0, ""),
        (with_equal(179, 200), 0.0, ""),
        (with_equal(180, 200), 0.0, "180 of 200 descriptors are equal"),
        (with_equal(2700, 3000), 0.0, "2,700 of 3,000 descriptors are equal"),
        (with_equal(2600, 3000), 0.0, ""),
        (np.zeros((1, 4)), 0.0, "the only descriptor is of zeros"),
        (VARIED[:1], 0.0, ""),
        (VARIED[:0], 0.0, ""),
        (np.zeros((3, 0)), 0.0, "all 3 descriptors are equal (the layer gives zeros)"),
    ],
)  # fmt: skip
def test_how_many_are_equal(descriptors: np.ndarray, floor: float, said: str) -> None:
    found = find_equal_descriptors(descriptors.astype(np.float32), floor=floor)
    assert found.describe() == said
    note = found.note()
    assert (note is None) == (not said)
    if note is not None and len(descriptors) > 1:
        assert "trained weights" in note


def test_one_direction_for_each_label() -> None:
    labels = [f"{i % 4}" for i in range(40)]
    constant = VARIED[np.arange(40) % 4]
    found = find_equal_descriptors(constant, labels)
    assert found.is_constant_by_label
    assert "copies" in (found.note() or "")
    constant[7] += 0.01
    assert not find_equal_descriptors(constant, labels).is_constant_by_label
    alone = [f"{i}" for i in range(40)]
    assert find_equal_descriptors(VARIED, alone).note() is None
    many = np.tile(VARIED[:4], (500, 1))
    assert find_equal_descriptors(many, labels * 50).is_constant_by_label
    some = [label if i % 3 else None for i, label in enumerate(labels * 50)]
    assert find_equal_descriptors(many, some).is_constant_by_label
    assert not find_equal_descriptors(many, [None] * 2000).is_constant_by_label
    many[1999] += 0.01
    assert not find_equal_descriptors(many, labels * 50).is_constant_by_label


def test_scores_that_are_all_one_are_said() -> None:
    assert equal_scores(order_scores(np.array([0.5, 0.5, 0.25], np.float32))) == ()
    assert equal_scores(order_scores(np.array([0.5], np.float32))) == ()
    (said,) = equal_scores(order_scores(np.zeros(3, np.float32)))
    assert "All 3 images score 0.0000" in said
    assert "query's descriptor may be zero" in said


def test_an_index_of_black_pictures_says_so(
    tmp_path: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., Any]
) -> None:
    folder = tmp_path / "black"
    folder.mkdir()
    for i in range(5):
        Image.new("RGB", (8, 8)).save(folder / f"{i}.png")
    for pooling in ("gap", "gem"):
        out = tmp_path / pooling
        chosen = replace(recipe, pooling=pooling)
        report = run_job(index_folder(describer(stub_engine(), chosen), folder, out))
        assert report.notes[0].startswith("All 5 descriptors are equal (the layer gives zeros)")
        assert open_gallery(out).notes == report.notes

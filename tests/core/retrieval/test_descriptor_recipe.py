"""Descriptor recipes: what differs, and how they travel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, GalleryError
from core.files import file_sha256
from core.images.preprocess import Preprocess
from core.measures.measure import Pool
from core.retrieval.descriptor import (
    DescriptorRecipe,
    check_same_recipe,
    find_difference,
    l2_normalise,
    text_sha256,
)


def test_l2_normalise() -> None:
    found = l2_normalise(np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-7)
    np.testing.assert_allclose(l2_normalise(np.array([0.0, 1e-30])), [0, 1])
    assert found.dtype == np.float32


def test_recipe_travels_as_json(recipe: DescriptorRecipe) -> None:
    assert DescriptorRecipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert recipe.describe().startswith("conv (conv), gap, L2; warp to 8 x 8")
    with pytest.raises(GalleryError, match="can't be read"):
        DescriptorRecipe.from_json({"layer": "x"})


def test_every_dial_of_a_pooling_travels(recipe: DescriptorRecipe) -> None:
    regions = replace(recipe, pooling="rmac", levels=2, relu=True)
    assert DescriptorRecipe.from_json(json.loads(json.dumps(regions.to_json()))) == regions
    assert regions.describe().startswith("conv (conv), ReLU, rmac L=2, L2; ")
    assert regions.measure == Pool("rmac", levels=2, relu=True)
    assert find_difference(regions, replace(regions, levels=3)) is not None


def test_a_recipe_of_before_the_regions_is_read(recipe: DescriptorRecipe) -> None:
    """As galleries have it that were made by an earlier version; equal descriptors stay equal."""
    earlier = recipe.to_json()
    del earlier["levels"], earlier["relu"]
    assert DescriptorRecipe.from_json(earlier).digest == recipe.digest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"net_sha256": "x"}, "The prototxt is another one"),
        ({"weights_sha256": "x"}, "The weights are others"),
        ({"layer": "fc"}, "The layer is conv in the gallery and fc here."),
        ({"top": "fc"}, "The top is conv in the gallery and fc here."),
        ({"pooling": "mac"}, "The pooling is gap in the gallery and mac here."),
        ({"p": 2.0}, None),
        ({"levels": 2}, None),
        ({"relu": True}, "The ReLU is none in the gallery and first here."),
        ({"pooling": "rmac"}, "The pooling is gap in the gallery and rmac here."),
        (
            {"preprocess": Preprocess("warp", 8, 8, scale=0.5)},
            "Preprocessing: scale is 1.0 in the gallery and 0.5 here.",
        ),
        ({"preprocess": Preprocess("warp", 9, 8)}, "width is 8 in the gallery and 9 here"),
    ],
)
def test_differences_are_named(
    recipe: DescriptorRecipe, change: dict[str, object], sentence: str | None
) -> None:
    other = replace(recipe, **change)  # type: ignore[arg-type]
    if sentence is None:
        assert find_difference(recipe, other) is None
        check_same_recipe(recipe, other)
        return
    assert sentence in str(find_difference(recipe, other))
    with pytest.raises(GalleryError, match="another recipe"):
        check_same_recipe(recipe, other)


def test_p_counts_for_gem(recipe: DescriptorRecipe) -> None:
    gem = replace(recipe, pooling="gem")
    difference = find_difference(gem, replace(gem, p=4.0))
    assert difference == "The p is 3.0 in the gallery and 4.0 here."


@pytest.mark.parametrize("change", [{"pooling": "sum"}, {"p": 0.0}, {"p": float("nan")}])
def test_wrong_recipes(recipe: DescriptorRecipe, change: dict[str, object]) -> None:
    with pytest.raises(GalleryError):
        replace(recipe, **change)  # type: ignore[arg-type]


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "a") == text_sha256("abc") == wanted
    with pytest.raises(AppError):
        file_sha256(tmp_path / "gone")


def test_names_do_not_count_where_the_nets_are_known_without_them(
    recipe: DescriptorRecipe,
) -> None:
    there = replace(recipe, net_identity="i", place=(1, 0))
    renamed = replace(there, net_sha256="another text", layer="c", top="c")
    assert find_difference(there, renamed) is None
    assert renamed.digest == there.digest
    assert DescriptorRecipe.from_json(json.loads(json.dumps(renamed.to_json()))) == renamed
    elsewhere = replace(there, place=(2, 0))
    assert "another place" in str(find_difference(there, elsewhere))
    assert elsewhere.digest != there.digest
    other = replace(renamed, net_identity="j")
    assert find_difference(there, other) == (
        "The prototxt is another one than the gallery was made with."
    )
    assert other.digest != there.digest


def test_a_gallery_of_before_takes_the_very_text_and_names_alone(recipe: DescriptorRecipe) -> None:
    now = replace(recipe, net_identity="i", place=(1, 0))
    earlier = recipe.to_json()
    del earlier["net_identity"], earlier["place"]
    before = DescriptorRecipe.from_json(earlier)
    assert find_difference(before, now) is None
    assert now.named_digest == before.digest
    assert (
        before.digest == "d455b82498c11898c1bb4c03a38dedfd978f90be20f425c9166467cdf0850d5f"
    )  # as of before
    assert find_difference(before, replace(now, net_sha256="x")) is not None
    assert find_difference(before, replace(now, layer="fc", top="fc", place=(2, 0))) is not None

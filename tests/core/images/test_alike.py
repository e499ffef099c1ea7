"""Near-duplicates are found through what happens to copies of pictures; other pictures are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from core.images.alike import DISTANCE_LIMIT, N_HASH_BITS, AlikeFiles, find_alike, perceptual_hash
from core.images.finding import find_images
from core.progress import run_job

GALLERY = Path(__file__).resolve().parents[3] / "resources" / "demo" / "gallery"


def distance(one: np.ndarray, other: np.ndarray) -> int:
    first, second = perceptual_hash(one), perceptual_hash(other)
    assert first is not None
    assert second is not None
    return (first ^ second).bit_count()


def names(found: AlikeFiles) -> list[list[str]]:
    return [[file.path.name for file in group] for group in found.groups]


@pytest.fixture
def photo() -> Image.Image:
    """Shapes of many sizes, as a photo has."""
    rng = np.random.default_rng(5)
    picture = np.zeros((240, 320))
    for side in (4, 8, 16, 32):
        coarse = Image.fromarray(rng.uniform(0, 255, (side, side)))
        picture += np.asarray(coarse.resize((320, 240), Image.Resampling.BICUBIC))
    grey = np.clip(picture / 4, 0, 255).astype(np.uint8)
    return Image.fromarray(np.stack([grey, grey // 2, 255 - grey], axis=2))


def test_a_hash_is_the_signs_of_the_lowest_frequencies() -> None:
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 256, (32, 32), np.uint8)
    low = [
        sum(
            float(grey[y, x])
            * np.cos(np.pi * (2 * y + 1) * v / 64)
            * np.cos(np.pi * (2 * x + 1) * u / 64)
            for y in range(32)
            for x in range(32)
        )
        for v in range(8)
        for u in range(8)
    ][1:]
    middle = sorted(low)[N_HASH_BITS // 2]
    wanted = sum(1 << (N_HASH_BITS - 1 - at) for at, value in enumerate(low) if value > middle)
    assert perceptual_hash(np.stack([grey] * 3, axis=2)) == wanted


@pytest.mark.parametrize("size", [(160, 120), (640, 480), (50, 40), (21, 400)])
def test_another_size_changes_few_bits(photo: Image.Image, size: tuple[int, int]) -> None:
    scaled = photo.resize(size, Image.Resampling.LANCZOS)
    assert distance(np.asarray(photo), np.asarray(scaled)) <= 6


def test_light_and_jpeg_change_few_bits(photo: Image.Image, tmp_path: Path) -> None:
    brighter = ImageEnhance.Brightness(photo).enhance(1.15)
    assert distance(np.asarray(photo), np.asarray(brighter)) <= 6
    photo.save(tmp_path / "poor.jpg", quality=15)
    with Image.open(tmp_path / "poor.jpg") as poor:
        assert distance(np.asarray(photo), np.asarray(poor)) <= 6


def test_another_picture_changes_many(photo: Image.Image) -> None:
    mirrored = np.asarray(photo)[:, ::-1]
    assert distance(np.asarray(photo), mirrored) > DISTANCE_LIMIT


def test_a_picture_of_one_colour_has_no_hash() -> None:
    assert perceptual_hash(np.full((40, 30, 3), 7, np.uint8)) is None


def test_copies_and_near_copies_make_a_group(photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    photo.resize((200, 150)).save(tmp_path / "c.jpg")
    photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "other.png")
    for name in ("white.png", "white_too.bmp"):
        Image.new("RGB", (30, 20), "white").save(tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "broken_copy.jpg").write_bytes(b"no picture")
    found = run_job(find_alike(find_images(tmp_path)))
    assert names(found) == [["a.png", "b.png", "c.jpg"], ["broken.jpg", "broken_copy.jpg"]]
    first, copy, scaled = found.groups[0]
    assert (first.distance, first.is_copy) == (0, True)
    assert (copy.distance, copy.is_copy) == (0, True)
    assert scaled.distance is not None
    assert scaled.distance <= DISTANCE_LIMIT
    assert not scaled.is_copy
    assert [path.name for path, _ in found.problems] == ["broken.jpg", "broken_copy.jpg"]
    assert found.n_files == 8


def test_the_limit_is_the_users(photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "a.png")
    photo.crop((12, 9, 320, 240)).save(tmp_path / "cropped.png")
    apart = distance(np.asarray(photo), np.asarray(photo.crop((12, 9, 320, 240))))
    assert apart > 0
    paths = find_images(tmp_path)
    assert not run_job(find_alike(paths, limit=apart - 2)).groups
    assert len(run_job(find_alike(paths, limit=apart + 2)).groups) == 1


def test_many_of_one_kind_cost_no_pairs(photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "000.png")
    raw = (tmp_path / "000.png").read_bytes()
    for index in range(1, 60):
        (tmp_path / f"{index:03}.png").write_bytes(raw)
    (group,) = run_job(find_alike(find_images(tmp_path))).groups
    assert len(group) == 60


def test_rendered_scenes_of_the_demo_are_told_apart() -> None:
    images = find_images(GALLERY)
    assert len(images) > 20
    found = run_job(find_alike(images, limit=2))
    assert not found.groups


def test_the_copies_among_the_photos_are_found(material: Callable[[str], Path]) -> None:
    root = material("images")
    found = run_job(find_alike(find_images(root)))
    pairs = [
        {file.path.relative_to(root).as_posix() for file in group}
        for group in found.groups
        if any("distractors" in file.path.parts for file in group)
    ]
    assert pairs == [
        {"distractors/vacation_image00030.jpg", "instances/scale_rainforest/rainforest_01.jpg"},
        {"distractors/vacation_image00040.jpg", "instances/stitch_cave/cave_01.jpg"},
    ]
    assert not any("corel1k" in file.path.parts for group in found.groups for file in group)

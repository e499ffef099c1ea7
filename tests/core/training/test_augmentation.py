"""Augmentation: what each way does to an image, by whose chance, and on which images."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import RequestError
from core.images.preprocess import Preprocess
from core.jobs.finetune import FinetuneRequest, finetune, resumed
from core.jobs.preview_images import PreviewRequest, preview_images
from core.net.definition import NetState
from core.net.reader import read_net
from core.progress import run_job
from core.training.augmentation import Augmentation, beside, read_words, write_augmentation
from core.training.data_layers import own_feed

RECIPE = Preprocess("warp", 40, 40, mean=(104.0, 117.0, 123.0), scale=0.5)
NET = """
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mean_value: 104 mean_value: 117 mean_value: 123 }
  image_data_param { source: "train.txt" batch_size: 6 shuffle: true
    new_height: 20 new_width: 20 } }
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TEST }
  transform_param { mean_value: 104 mean_value: 117 mean_value: 123 }
  image_data_param { source: "train.txt" batch_size: 6 new_height: 20 new_width: 20 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.001 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = """net: "net.prototxt" base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 max_iter: 6
snapshot: 3 snapshot_prefix: "s" test_iter: 2 test_interval: 3
"""


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def picture(side: int = 40) -> np.ndarray:
    """Smooth, so that moving it back leaves what it was; each corner another colour."""
    y, x = np.mgrid[0:side, 0:side] / side
    pixels = np.stack([220 * x, 220 * y, 220 * (1 - x) * y]).astype(np.float32) + 20
    return (pixels - np.array([104, 117, 123], np.float32)[:, None, None]) * 0.5


def test_mirrors_and_turns_move_values_and_change_none() -> None:
    values, seen = picture(), set()
    for seed in range(24):
        found = Augmentation(mirror=True, quarter_turns=True).change(values, chance(seed), RECIPE)
        forms = {
            (turns, flip): np.rot90(values, turns, (1, 2))[:, :, :: -1 if flip else 1]
            for turns in range(4) for flip in (False, True)
        }  # fmt: skip
        seen |= {form for form, wanted in forms.items() if np.array_equal(found, wanted)}
    assert len(seen) == 8


def test_a_rotation_turns_by_its_angle_about_the_middle() -> None:
    values = np.zeros((1, 41, 41), np.float32)
    values[0, 20, 33] = 1.0  # 13 to the right of the middle
    angles = []
    for seed in range(40):
        found = Augmentation(rotate=30).change(values, chance(seed), RECIPE)[0]
        mass = found / found.sum()
        y, x = (float((mass * at).sum()) - 20 for at in np.mgrid[0:41, 0:41])
        assert np.hypot(x, y) == pytest.approx(13, abs=0.3)
        angles.append(np.degrees(np.arctan2(y, x)))
    assert -30 <= min(angles) < -20
    assert 20 < max(angles) <= 30


def test_scale_and_crop_keep_to_their_limits() -> None:
    values = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (1, 100, 1))
    larger = Augmentation(scale=0.25)
    rows = [larger.change(values, chance(seed), RECIPE)[0, 50, 45:55] for seed in range(60)]
    slopes = [float(np.diff(row).mean()) for row in rows]
    step = 1 / 99
    assert step / 1.25 * 0.999 <= min(slopes) < step / 1.15
    assert step * 1.15 < max(slopes) <= step * 1.25 * 1.001
    for seed in range(20):
        cut = Augmentation(crop=0.5).change(values, chance(seed), RECIPE)[0, 50]
        assert 0.5 * 0.98 <= cut[-1] - cut[0] <= 1.0
        assert -1e-6 <= cut[0] <= 0.51


def test_colours_change_as_pixels_and_stay_pixels() -> None:
    values = picture()
    found = Augmentation(colour=0.5).change(values, chance(3), RECIPE)
    back = RECIPE.restore(found, 40, 40)
    assert back.min() >= 0
    assert np.abs(found - values).max() > 5
    pixels = found / 0.5 + np.array([104, 117, 123], np.float32)[:, None, None]
    assert pixels.min() > -1e-3
    assert pixels.max() < 255.001
    grey = np.full((3, 4, 4), 90.0, np.float32)
    grey = (grey - np.array([104, 117, 123], np.float32)[:, None, None]) * 0.5
    still = Augmentation(colour=0.5).change(grey, chance(4), RECIPE)
    flat = still / 0.5 + np.array([104, 117, 123], np.float32)[:, None, None]
    assert np.ptp(flat) < 1e-3  # what is grey gets brighter or darker, and no colour


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    lines = []
    for number in range(20):
        label = 0 if number < 14 else 1 if number < 18 else 2
        pixels = chance(number).integers(0, 255, (20, 20, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png {label}\n")
    (tmp_path / "train.txt").write_text("".join(lines))
    return tmp_path


def test_rare_classes_are_drawn_as_often_as_others(folder: Path) -> None:
    net = read_net(NET, state=NetState("TRAIN"))
    feed = own_feed(net, folder, 3, Augmentation(balance=True))
    assert feed.n_pieces == 20  # each image is still one
    labels = [int(x) for number in range(100) for x in feed.batch(number)["label"]]
    counts = np.bincount(labels)
    assert counts.max() - counts.min() <= 30  # of 600, one an epoch
    drawn = np.bincount([i for n in range(100) for i in feed.pieces(n)], minlength=20)
    assert drawn[:14].max() - drawn[:14].min() < 12
    plain = own_feed(net, folder, 3)
    assert np.bincount([int(x) for n in range(10) for x in plain.batch(n)["label"]])[0] == 42


def test_only_what_a_net_learns_from_is_changed_and_the_seed_decides(folder: Path) -> None:
    every = Augmentation(mirror=True, rotate=20, scale=0.2, colour=0.3)
    nets = [read_net(NET, state=NetState(phase)) for phase in ("TRAIN", "TEST")]
    first, again, other = (own_feed(nets[0], folder, seed, every) for seed in (1, 1, 2))
    np.testing.assert_array_equal(again.batch(4)["data"], first.batch(4)["data"])
    assert not np.array_equal(first.batch(4)["data"], other.batch(4)["data"])
    assert first.n_pieces == 0
    tested, plain = own_feed(nets[1], folder, 1, every), own_feed(nets[1], folder, 1)
    np.testing.assert_array_equal(tested.batch(1)["data"], plain.batch(1)["data"])


def test_a_run_finds_what_was_prepared_and_goes_on_with_it(folder: Path) -> None:
    write_augmentation(Augmentation(mirror=True, rotate=10), folder)
    request = FinetuneRequest(folder / "solver.prototxt", run=folder / "run")
    changed = run_job(finetune(request)).trained.losses
    plain = run_job(finetune(replace(request, run=None, augmentation=Augmentation()))).trained
    assert changed[0] != plain.losses[0]
    write_augmentation(Augmentation(), folder)
    rest = run_job(finetune(resumed(folder / "run", iteration=3)))
    assert rest.trained.losses == changed[3:]


def test_a_preview_shows_images_as_they_are_and_as_they_are_drawn(folder: Path) -> None:
    asked = PreviewRequest(folder / "solver.prototxt", 3, 4, Augmentation(quarter_turns=True))
    rows = run_job(preview_images(asked))
    assert len({row.name for row in rows}) == 3
    for row in rows:
        there = np.asarray(Image.open(folder / row.name))
        np.testing.assert_array_equal(row.whole, there)
        turned = [np.rot90(there, turns).tobytes() for turns in range(4)]
        assert len(row.drawn) == 4
        assert all(one.tobytes() in turned for one in row.drawn)


def test_words_and_files_are_read_as_written(tmp_path: Path) -> None:
    every = Augmentation(True, True, 10.0, 0.2, 0.1, 0.3, True)
    said = read_words("mirror, quarter-turns,rotate=10,scale=.2,crop=0.1,colour=0.3,balance")
    assert said == every
    assert read_words("none") == beside(tmp_path) == Augmentation()
    write_augmentation(every, tmp_path)
    assert beside(tmp_path) == every
    for wrong in ("flip", "mirror=2", "rotate", "rotate=x", "crop=2"):
        with pytest.raises(RequestError):
            read_words(wrong)


def test_the_command_prepares_it_and_draws_it(command, folder: Path) -> None:
    split = {
        "root": str(folder), "classes": ["a", "b", "c"], "seed": 1, "shares": [1, 0, 0],
        "labels": {f"{n}.png": "a" if n < 14 else "b" if n < 18 else "c" for n in range(20)},
        "parts": {"train": [f"{n}.png" for n in range(20)], "val": [], "test": []},
    }  # fmt: skip
    (folder / "split.json").write_text(json.dumps(split))
    deploy = Path(__file__).resolve().parents[3] / "resources/demo/demo_deploy.prototxt"
    made = command("prepare", "--net", deploy, "--split", folder, "--augment",
                   "mirror,rotate=15", "--preview", folder / "p.png", "--json")  # fmt: skip
    assert str(folder / "augment.json") in made.json["written"]
    grid = Image.open(io.BytesIO((folder / "p.png").read_bytes()))
    assert grid.size == (6 * 64 + 7 * 4, 4 * 64 + 3 * 4)


def test_files_are_drawn_before_there_is_a_solver(tmp_path: Path) -> None:
    Image.fromarray(np.tile(np.arange(40, dtype=np.uint8) * 6, (40, 1))).convert("RGB").save(
        tmp_path / "ramp.png"
    )
    recipe = Preprocess("warp", 20, 20, mean=(104.0, 117.0, 123.0))
    wanted = PreviewRequest(
        None, 1, 12, Augmentation(mirror=True), 3, (tmp_path / "ramp.png",), recipe
    )
    (row,) = run_job(preview_images(wanted))
    assert row.whole.shape == (20, 20, 3)
    assert row.whole[10, 0, 0] < row.whole[10, -1, 0]
    mirrored = [bool(one[10, 0, 0] > one[10, -1, 0]) for one in row.drawn]
    assert set(mirrored) == {True, False}

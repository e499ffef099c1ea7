"""`top-images` and `channels` against NumPy on the pixels that the net is made of."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.jobs.channels import ChannelsRequest, channels
from core.jobs.channels_export import channel_rows, matrix_rows, order_matrix
from core.jobs.top_images import TopImagesRequest, ranked_rows, top_images
from core.progress import run_job
from core.surveys.channel_matrix import Summary
from tests.core.commands.test_looking_commands import NET, RECIPE

TEXT = NET + 'layer { name: "sum" type: "Reduction" bottom: "half" top: "sum" }\n'
VERSIONS = {"half": lambda x: x / 2, "shifted": lambda x: x / 2 - 40,
            "relu": lambda x: np.maximum(x / 2 - 40, 0)}  # fmt: skip


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "two.prototxt"
    path.write_text(TEXT)
    path.with_suffix(".preprocess.json").write_text(json.dumps(RECIPE))
    return path


@pytest.fixture(scope="module")
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        with made.opened(NetToRun(TEXT, Path("two.prototxt"))):
            pass  # its threads belong to no single test
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three red and two green pictures of noise, of two sizes; blue is dark and so dead."""
    rng = np.random.default_rng(8)
    for number, (label, plane) in enumerate([("red", 0)] * 3 + [("green", 1)] * 2):
        pixels = rng.integers(0, 60, (6, 6 + number % 2, 3), np.uint8)
        pixels[2:4, 1:3, plane] += 100 + number * 10
        out = tmp_path / "images" / label
        out.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(out / f"{number}.png")
    return tmp_path / "images"


def csv_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def pixels_of(folder: Path) -> dict[str, np.ndarray]:
    """(3, height, width) by relative name, in the order of names."""
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path), np.float32).transpose(
            2, 0, 1
        )
        for path in sorted(folder.rglob("*.png"))
    }


def test_top_images_of_every_version(host: EngineHost, net: Path, folder: Path) -> None:
    request = TopImagesRequest(NetToRun(TEXT, net), "all", folder, 3)
    found = run_job(top_images(request, host))
    assert found.report.n_images == 5
    assert "sum" in [value.layer for value, _ in found.left_out]
    pixels = pixels_of(folder)
    for is_least, sign in ((False, 1), (True, -1)):
        rows = ranked_rows(found, is_least=is_least)
        ranked = {(row.value.layer, row.channel, row.rank): row for row in rows}
        for layer, compute in VERSIONS.items():
            for channel in range(3):
                peaks = []
                for number, (name, planes) in enumerate(pixels.items()):
                    values = compute(planes)[channel]
                    at = int((sign * values).argmax())
                    place = np.unravel_index(at, values.shape)
                    peaks.append((-sign * values[place], number, tuple(map(int, place)), name))
                for rank, (value, _, place, name) in enumerate(sorted(peaks)[:3], start=1):
                    row = ranked[layer, channel, rank]
                    assert (row.peak, row.place, row.name) == (-sign * value, place, name)


@pytest.mark.parametrize("summary", ["maximum", "mean", "positive"])
def test_the_matrix_and_what_each_channel_prefers(
    host: EngineHost, net: Path, folder: Path, summary: Summary
) -> None:
    request = ChannelsRequest(NetToRun(TEXT, net), "relu", folder, summary=summary)
    found = run_job(channels(request, host))
    pixels = pixels_of(folder)
    reduce = {"maximum": np.max, "mean": np.mean, "positive": lambda x, axis: (x > 0).mean(axis)}
    values = [VERSIONS["relu"](planes) for planes in pixels.values()]
    cells = np.stack([reduce[summary](one, axis=(1, 2)) for one in values])
    np.testing.assert_allclose(found.cells, cells, rtol=1e-6)
    by_class = {label: cells[[name.startswith(label) for name in pixels]].mean(0)
                for label in ("green", "red")}  # fmt: skip
    rows = channel_rows(found)
    for channel, label, other in ((0, "red", "green"), (1, "green", "red")):
        most, rest = by_class[label][channel], by_class[other][channel]
        assert rows[channel][1] == label
        assert rows[channel][2] == pytest.approx((most - rest) / (most + rest), 1e-5)
        assert rows[channel][7] == int((cells[:, channel] > 0).sum())
    assert rows[2][1] == ""
    assert np.isnan(rows[2][2])
    assert found.is_dead.tolist() == [False, False, True]
    lines = list(matrix_rows(found, order_matrix(found, "class", "selectivity")))
    assert lines[0] == ("image", "label", 1, 0, 2)  # green, red, dead
    assert [line[0] for line in lines[1:]] == list(pixels)


def test_top_images_into_files(command, net: Path, folder: Path, tmp_path: Path) -> None:
    words = ("--net", net, "--images", folder, "--layer", "relu", "--k", 2, "--channels", "1")
    table, crops = tmp_path / "t.csv", tmp_path / "crops"
    said = command("top-images", *words, "--csv", table, "--out", crops)
    assert said.code == 0
    assert "2 pictures ->" in said.out
    rows = csv_rows(table)
    assert rows[0] == ["layer", "channel", "rank", "value", "place", "image"]
    assert [row[5].split("/")[0] for row in rows[1:]] == ["green", "green"]
    assert sorted(path.name for path in crops.iterdir()) == [
        "relu_0001_01.png",
        "relu_0001_02.png",
    ]
    again = command("top-images", *words, "--out", crops)  # said before anything runs
    assert (again.code, "not empty" in again.err) == (1, True)


def test_channels_into_files(command, net: Path, folder: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "m.npy", tmp_path / "c.csv"
    words = ("--net", net, "--images", folder, "--layer", "relu")
    said = command("channels", *words, "--out", out, "--csv", table, "--json").json
    assert (said["images"], said["n_dead"]) == (5, 1)
    assert said["channels"][2]["selectivity"] is None
    assert [row[0] for row in csv_rows(tmp_path / "m_columns.csv")[1:]] == ["1", "0", "2"]
    assert [row[0] for row in csv_rows(tmp_path / "m_rows.csv")[1:]] == list(pixels_of(folder))
    assert np.load(out).shape == (5, 3)
    assert len(csv_rows(table)) == 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("top-images", "--layer", "relu", "--channels", "a"), 2, "--channels takes numbers"),
        (("top-images", "--layer", "relu", "--k", "0"), 2, "--k is 1 or more"),
        (("channels", "--layer", "relu", "--batch", "0"), 2, "--batch is 1 or more"),
        (("channels", "--layer", "relu", "--out", "m.txt"), 2, "a .npy or a .csv"),
        (("channels", "--layer", "sum"), 1, "no channels"),
    ],
)
def test_wrong_words(command, net: Path, folder: Path, words, code: int, said: str) -> None:
    name, *rest = words
    answer = command(name, "--net", net, "--images", folder, *rest)
    assert answer.code == code
    assert said in answer.err

"""The same request gives the same bits from the command and from the window, on real nets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.commands.command_line import run_command
from core.commands.rename_words import described_verification
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.retrieval.gallery import Gallery, open_gallery
from core.weights.fillers import random_weights
from core.weights.writer import write_caffemodel
from gui.dialogs.extract import ExtractChoice
from gui.panels.retrieval.view import RecipeChoice

TWO_INPUTS = """name: "two inputs"
layer { name: "data" type: "Input" top: "data" top: "im_info"
  input_param { shape { dim: 1 dim: 3 dim: 48 dim: 48 } shape { dim: 1 dim: 3 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 5 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "info" type: "InnerProduct" bottom: "im_info" top: "info"
  inner_product_param { num_output: 8 } }
layer { name: "scaled" type: "Scale" bottom: "conv" bottom: "info" top: "scaled"
  scale_param { axis: 0 } }
layer { name: "pool" type: "Pooling" bottom: "scaled" top: "pool"
  pooling_param { pool: AVE global_pooling: true } }
layer { name: "prob" type: "Softmax" bottom: "pool" top: "prob" }
"""


@dataclass(frozen=True)
class Case:
    """A net with weights, the values to extract, and the layer and pooling to index by."""

    net: Path
    weights: Path
    layers: tuple[str, ...]
    indexed: str
    output: str = ""

    @property
    def words(self) -> list[str]:
        """The files, as a command is given them."""
        return ["--net", str(self.net), "--weights", str(self.weights)]


def two_inputs(folder: Path) -> Case:
    net = folder / "two.prototxt"
    net.write_text(TWO_INPUTS)
    read = load_net(net)
    arrays = random_weights(read, infer_shapes(read), 3)
    layers = [(name, read.layer(name).type, values) for name, values in arrays.items()]
    write_caffemodel(folder / "two.caffemodel", "two", layers)
    return Case(net, folder / "two.caffemodel", ("conv", "scaled", "prob"), "relu", "prob")


@pytest.fixture(params=["detection", "two inputs", "train_val", "classes"])
def case(request: pytest.FixtureRequest, material: Callable[[str], Path], tmp_path: Path) -> Case:
    match request.param:
        case "two inputs":
            return two_inputs(tmp_path)
        case "detection":
            net = material("models/wechat_qr_detect.prototxt")
            weights = material("models/wechat_qr_detect.caffemodel")
            return Case(net, weights, ("detection_output", "stage5_4/relu"), "stage5_4/relu")
        case "train_val":
            folder = material("reports/train_val_and_extra_inputs")
            net, weights = folder / "imagedata.prototxt", folder / "tv.caffemodel"
            return Case(net, weights, ("conv", "pool", "loss"), "relu")
    net = material("models/squeezenet_v1.0.prototxt")
    weights = material("models/squeezenet_v1.0.caffemodel")
    return Case(net, weights, ("conv1", "pool_final"), "fire9/concat", "pool_final")


@pytest.fixture
def photos(material: Callable[[str], Path], tmp_path: Path) -> Path:
    """Two folders of two photos each."""
    found = sorted(material("images/imagenet40").glob("*.jpg"))[:4]
    for number, path in enumerate(found):
        folder = tmp_path / "photos" / ("one", "two")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            picture.convert("RGB").resize((96, 80)).save(folder / f"{path.stem}.png")
    return tmp_path / "photos"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, object]:
    capsys.readouterr()
    code = run_command(str(words[0]), [str(word) for word in words[1:]])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def open_case(bench, qtbot, case: Case, image: Path) -> None:
    bench.opening.open_paths([case.net, case.weights, image])
    qtbot.waitUntil(lambda: bench.document.weights is not None, timeout=30000)
    settle(bench, qtbot)


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=180000)


def same_arrays(one: Path, other: Path) -> None:
    with np.load(one, allow_pickle=False) as a, np.load(other, allow_pickle=False) as b:
        assert set(a.files) == set(b.files)
        for name in a.files:
            assert a[name].dtype == b[name].dtype
            assert a[name].shape == b[name].shape
            assert a[name].tobytes() == b[name].tobytes(), name


def same_galleries(one: Gallery, other: Gallery) -> None:
    assert [image.path for image in one.images] == [image.path for image in other.images]
    assert one.descriptors.tobytes() == other.descriptors.tobytes()
    assert one.recipe == other.recipe


def test_extract_index_verify_and_classes(
    bench, qtbot, capsys, case: Case, photos: Path, tmp_path: Path
) -> None:
    image = next(photos.rglob("*.png"))
    open_case(bench, qtbot, case, image)
    net = bench.document.net
    words = case.words
    said = run(capsys, "extract", *words, "--images", photos, "--layers", ",".join(case.layers),
               "--out", tmp_path / "command.npz", "--json")  # fmt: skip
    values = tuple((name, net.layer(name).tops[0]) for name in case.layers)
    bench.extracting.extract(ExtractChoice(values, None, photos, tmp_path / "window.npz"))
    settle(bench, qtbot)
    same_arrays(tmp_path / "command.npz", tmp_path / "window.npz")
    run(capsys, "index", *words, "--images", photos, "--layer", case.indexed, "--pool", "gem",
        "--out", tmp_path / "gallery", "--json")  # fmt: skip
    choice = RecipeChoice(case.indexed, net.layer(case.indexed).tops[0], "gem")
    bench.searching.open_folder(photos, choice)
    settle(bench, qtbot)
    same_galleries(open_gallery(tmp_path / "gallery"), bench.searching.gallery)
    if case.output:
        same_classes(bench, qtbot, said, image, case.output)
    same_verification(bench, qtbot, capsys, case, image, tmp_path)


def same_classes(bench, qtbot, said: dict, image: Path, output: str) -> None:
    """The best classes of one image, score by score."""
    panel = bench.window.panels.activations
    bench.window.show_panel(panel)
    bench.document.select(output)
    settle(bench, qtbot)
    shown = panel.classes.scores.classes
    wanted = said["classes"][str(image)]
    assert [one.index for one in shown] == [one["class"] for one in wanted]
    assert [one.name for one in shown] == [one["name"] for one in wanted]
    assert [one.score for one in shown] == [one["score"] for one in wanted]


def same_verification(bench, qtbot, capsys, case: Case, image: Path, tmp_path: Path) -> None:
    """A rename of all, proved on one image."""
    renamed = tmp_path / "renamed.prototxt"
    words = ["--verify", "--image", image, "--json"]
    said = run(capsys, "rename", *case.words, "--out", renamed, "--all", *words)["verification"]
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.document.is_edited, timeout=30000)
    settle(bench, qtbot)
    if bench.document.verification is None:
        bench.verifying.verify()
        settle(bench, qtbot)
    shown = json.loads(json.dumps(described_verification(bench.document.verification)))
    said.pop("seconds"), shown.pop("seconds")
    assert said == shown
    assert said["is_identical"]
    assert bench.document.text == renamed.read_text()

"""The three files of a fine-tuning: what changes in them; real Caffe builds and trains them."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import NetError, RequestError
from core.images.preprocess import Preprocess
from core.layers.multipliers import learned_arrays
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.parser import parse
from core.net.reader import read_net
from core.net.solver_settings import read_settings
from core.training.prepare import prepare
from core.training.training_plan import TrainingPlan

NETS = Path(__file__).resolve().parents[3] / "prototxt"
PLAN = TrainingPlan(n_classes=3, n_train=40, n_val=9, batch=4, test_batch=2)
RECIPE = Preprocess("warp", 32, 32, mean=(104.0, 117.0, 123.0), scale=0.5)
SHIPPED = (
    "alexnet_deploy",
    "caffenet_deploy",
    "lenet_deploy",
    "squeezenet_v1.0_deploy",
    "vgg16_deploy",
)


def made(name: str, plan: TrainingPlan = PLAN, recipe: Preprocess = RECIPE):
    return prepare(read_net((NETS / f"{name}.prototxt").read_text()), plan, recipe, name)


def multipliers(text: str) -> dict[tuple[str, int], tuple[float, float]]:
    net = read_net(text, state=NetState("TRAIN"))
    image = next(layer.tops[0] for layer in net.layers if not layer.bottoms)
    shapes = infer_shapes(net, {image: (4, 3, 224, 224), "label": (4,)})
    return {(a.layer, a.index): (a.lr_mult, a.decay_mult) for a in learned_arrays(shapes)}


@pytest.mark.parametrize("name", SHIPPED)
def test_only_what_has_to_change_changes(name: str) -> None:
    source = (NETS / f"{name}.prototxt").read_text()
    files = made(name)
    old, new = files.renamed[0]
    for phase in ("TRAIN", "TEST"):
        net = read_net(files.train_val, state=NetState(phase))
        assert not net.problems
        assert net.has_layer(new)
        assert not net.has_layer(old)
        assert [layer.type for layer in net.layers].count("ImageData") == 1
        assert any(layer.type == "Accuracy" for layer in net.layers) == (phase == "TEST")
    deploy = files.deploy.splitlines()
    changed = [line for line in deploy if line not in source.splitlines()]
    assert len(changed) == 2, changed  # the name, and the number of classes
    assert read_net(files.deploy).layers[-1].type == "Softmax"
    body = [line for line in source.splitlines() if line.strip().startswith("#")]
    assert [line for line in body if line in files.train_val.splitlines()] == body


def test_what_learns_and_how_fast_is_written(tmp_path: Path) -> None:
    files = made("squeezenet_v1.0_deploy", TrainingPlan(5, 100, 0, freeze="fire9/squeeze1x1"))
    found = multipliers(files.train_val)
    assert found["conv1", 0] == (0.0, 0.0)
    assert found["fire9/squeeze1x1", 1] == (0.0, 0.0)
    assert found["fire9/expand1x1", 0] == (1.0, 1.0)
    assert found["fire9/expand1x1", 1] == (2.0, 0.0)
    assert found["conv10_new", 0] == (10.0, 1.0)
    assert found["conv10_new", 1] == (20.0, 0.0)


def test_an_old_file_stays_old() -> None:
    text = made("vgg16_deploy", TrainingPlan(7, 100, 10, freeze="pool4")).train_val
    assert read_net(text).dialect == "V1"
    assert "layer {" not in text
    found = multipliers(text)
    assert found["conv4_3", 0] == (0.0, 0.0)
    assert found["conv5_1", 1] == (2.0, 0.0)
    assert found["fc8_new", 0] == (10.0, 1.0)


def test_statistics_never_learn_and_shared_names_stay() -> None:
    text = """
    input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }
    layer { name: "a" type: "Convolution" bottom: "data" top: "a" param { name: "w" lr_mult: 5 }
      convolution_param { num_output: 3 kernel_size: 3 pad: 1 bias_term: false } }
    layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
    layer { name: "b" type: "Convolution" bottom: "a" top: "b" param { name: "w" }
      convolution_param { num_output: 3 kernel_size: 3 pad: 1 bias_term: false } }
    layer { name: "score" type: "InnerProduct" bottom: "b" top: "score"
      inner_product_param { num_output: 9 } }
    """
    files = prepare(read_net(text), PLAN, RECIPE, "x")
    found = multipliers(files.train_val)
    assert found["bn", 0] == found["bn", 2] == (0.0, 0.0)
    assert ("b", 0) not in found
    assert found["a", 0] == (1.0, 1.0)
    assert files.renamed == (("score", "score_new"),)


def test_the_solver_counts_in_epochs() -> None:
    settings = read_settings(
        parse(
            made("lenet_deploy", TrainingPlan(3, 101, 9, epochs=3, batch=10, test_batch=2)).solver
        )
    )
    assert (settings.max_iter, settings.test_interval, settings.snapshot) == (33, 11, 11)
    assert settings.test_iter == (5,)
    assert (settings.base_lr, settings.stepsize, settings.momentum) == (0.001, 22, 0.9)


def test_the_recipe_becomes_the_data_layers() -> None:
    recipe = Preprocess("warp, centre crop", 227, 227, 256, mean=(1.0, 2.0, 3.0), scale=0.1)
    text = made("alexnet_deploy", TrainingPlan(3, 9, 9, mirror=True), recipe).train_val
    assert text.count("crop_size: 227 mean_value: 1 mean_value: 2 mean_value: 3 scale: 0.1") == 2
    assert text.count("mirror: true") == 1
    assert text.count("new_height: 256 new_width: 256") == 2
    notes = made(
        "alexnet_deploy", PLAN, Preprocess("shorter side, centre crop", 224, 224, 256)
    ).notes
    assert "keeps their aspect" in notes[0]


def test_helpers_of_a_train_val_net_are_renamed_too(material: Callable[[str], Path]) -> None:
    path = material("prototxts/BVLC__caffe__models__bvlc_googlenet__train_val.prototxt")
    recipe = Preprocess("warp", 224, 224)
    files = prepare(read_net(path.read_text()), PLAN, recipe, "googlenet")
    assert [old for old, _ in files.renamed] == [
        "loss1/classifier",
        "loss2/classifier",
        "loss3/classifier",
    ]
    net = read_net(files.train_val, state=NetState("TRAIN"))
    assert sum(layer.type == "SoftmaxWithLoss" for layer in net.layers) == 3
    deploy = read_net(files.deploy)
    assert not deploy.problems
    assert deploy.layers[-1].type == "Softmax"
    assert deploy.layers[-1].bottoms == ("loss3/classifier",)


def test_what_can_not_be_is_said() -> None:
    with pytest.raises(RequestError, match="has to learn"):
        made("lenet_deploy", TrainingPlan(3, 9, 9, freeze="prob"))
    with pytest.raises(NetError, match="no layer"):
        made("lenet_deploy", TrainingPlan(3, 9, 9, freeze="none"))
    text = """input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
    layer { name: "r" type: "ReLU" bottom: "x" top: "y" }"""
    with pytest.raises(NetError, match="gives classes"):
        prepare(read_net(text), PLAN, RECIPE, "x")


PROGRAM = r"""
import io, os, sys, tarfile, tempfile
folder = tempfile.mkdtemp()
source = getattr(sys.stdin, "buffer", sys.stdin)
tarfile.open(fileobj=io.BytesIO(source.read())).extractall(folder)
os.chdir(folder)
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
import caffe, numpy as np
solver = caffe.get_solver("solver.prototxt")
solver.step(3)
deploy = caffe.Net("deploy.prototxt", caffe.TEST)
first = solver.test_nets[0].forward()
found = {"loss": np.array(solver.net.blobs["loss"].data), "accuracy": np.array(first["accuracy"]),
         "prob": np.array(list(deploy.forward().values())[0])}
np.savez(out, **found)
out.flush()
os._exit(0)
"""


@pytest.mark.parametrize("name", ["lenet_deploy", "squeezenet_v1.0_deploy"])
def test_real_caffe_trains_what_was_made(
    caffe_python: tuple[str, ...], tmp_path: Path, name: str
) -> None:
    recipe = Preprocess("warp", 64, 64)
    if "lenet" in name:
        recipe = Preprocess("warp", 28, 28, colour_order="gray")
    files = made(name, TrainingPlan(3, 6, 3, batch=3, test_batch=3, base_lr=1e-4), recipe)
    text = files.train_val
    if "lenet" in name:  # a net for grey pictures
        text = text.replace("image_data_param {", "image_data_param { is_color: false ")
    (tmp_path / "train_val.prototxt").write_text(text)
    (tmp_path / "solver.prototxt").write_text(files.solver)
    (tmp_path / "deploy.prototxt").write_text(files.deploy)
    rng = np.random.default_rng(1)
    for part, n in (("train", 6), ("val", 3)):
        lines = []
        for i in range(n):
            Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(
                tmp_path / f"{part}{i}.png"
            )
            lines.append(f"{part}{i}.png {i % 3}\n")
        (tmp_path / f"{part}.txt").write_text("".join(lines))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path in tmp_path.iterdir():
            archive.add(path, path.name)
    done = subprocess.run(
        [*caffe_python, "-c", PROGRAM], input=stream.getvalue(), capture_output=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:].decode("utf-8", "replace")
    found = np.load(io.BytesIO(done.stdout))
    assert np.isfinite(found["loss"])
    assert 0 <= found["accuracy"] <= 1
    assert found["prob"].shape[1] == 3


def test_the_commands_lead_from_pictures_to_a_trained_net(command, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for number, label in enumerate(("dark", "light")):
        (tmp_path / "images" / label).mkdir(parents=True)
        for i in range(12):
            grey = rng.integers(0, 90, (30, 30, 3)) + 160 * number
            Image.fromarray(grey.astype(np.uint8)).resize((60, 60)).save(
                tmp_path / "images" / label / f"{i}.png"
            )
    (tmp_path / "net.prototxt").write_text("""
      input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
      layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
      layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
      layer { name: "score" type: "InnerProduct" bottom: "conv" top: "score"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
      layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }
    """)
    out = tmp_path / "run"
    command("split", tmp_path / "images", "--out", out, "--alike", "0")
    said = command("prepare", "--net", tmp_path / "net.prototxt", "--split", out,
                   "--freeze", "relu", "--lr", "0.0005", "--epochs", "12", "--batch", "4",
                   "--preprocess", _recipe(tmp_path))  # fmt: skip
    assert "score becomes score_new, with an output for each class." in said.out
    assert "2 layers up to relu stay as they are." in said.out
    done = command("finetune", "--solver", out / "solver.prototxt", "--json").json
    assert done["frozen_layers"] == 2
    assert np.mean(done["loss"][-4:]) < 0.5 * np.mean(done["loss"][:4])


def _recipe(folder: Path) -> Path:
    path = folder / "r.preprocess.json"
    path.write_text(
        '{"size_policy": "warp", "width": 8, "height": 8, "mean": [128], "scale": 0.02}'
    )
    return path

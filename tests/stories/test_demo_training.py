"""The demo: its pictures can be rendered again, its net is what its script trains, Caffe agrees."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.base import EngineSpec, Value
from core.engines.registry import open_engine
from core.images.decoding import decode_image
from core.images.prepared import read_image
from core.images.presets import load_recipe, recipe_path
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.binding import bind_weights
from core.weights.reader import open_weights

RENDER_AGAIN = r"""
import json, sys
from pathlib import Path
from resources.demo import make_gallery
folder = Path(sys.argv[1])
jobs = {job[0].name: job for job in make_gallery.gallery_jobs(folder)}
for name in sys.argv[2:]:
    print(make_gallery.write_picture(jobs[name]))
"""

TRAIN_SMALL = r"""
import json, sys
from pathlib import Path
from resources.demo import train_demo_net
from resources.demo.objects import OBJECTS
plan = train_demo_net.Plan(n_train_per_class=3, n_val_per_class=1, n_epochs=2, batch_size=16)
for name in sorted(OBJECTS)[4:]:
    OBJECTS.pop(name)
measured = train_demo_net.run(plan, Path(sys.argv[1]), lambda line: None)
print(json.dumps(measured))
"""

RUN_IN_CAFFE = r"""
import base64, io, json, os, sys, tempfile
import numpy as np
import caffe
asked = json.load(sys.stdin)
folder = tempfile.mkdtemp()
for name in ("net.prototxt", "net.caffemodel"):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(base64.b64decode(asked[name]))
net = caffe.Net(
    os.path.join(folder, "net.prototxt"), caffe.TEST,
    weights=os.path.join(folder, "net.caffemodel"),
)
inputs = np.load(io.BytesIO(base64.b64decode(asked["inputs"])))
net.blobs["data"].reshape(*inputs.shape)
net.reshape()
net.blobs["data"].data[...] = inputs
print(json.dumps(net.forward()["prob"].tolist()))
"""


@pytest.fixture
def demo(repository: Path) -> Path:
    return repository / "resources" / "demo"


def _run_python(repository: Path, code: str, *arguments: str, timeout: float = 300) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _inputs(demo: Path, images: Sequence[Path]) -> np.ndarray:
    """(n_images, 3, 64, 64) float32 by the demo's recipe."""
    recipe = load_recipe(recipe_path(demo / "demo_deploy.prototxt"))
    return np.stack([read_image(image, recipe) for image in images])


def _values(demo: Path, inputs: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """What our engine has right after each named layer, from one pass."""
    net = load_net(demo / "demo_deploy.prototxt")
    wanted = {name: Value(name, net.layer(name).tops[0]) for name in names}
    with open_engine(EngineSpec(), net.text, demo / "demo.caffemodel") as engine:
        answer = engine.forward({"data": inputs}, list(wanted.values()))
    return {name: answer[value] for name, value in wanted.items()}


def test_the_gallery_is_large_enough_and_every_picture_reads(demo: Path) -> None:
    images = sorted((demo / "gallery").glob("*/*.jpg"))
    groups = Counter(image.parent.name for image in images)
    assert len(images) == 192
    assert set(groups.values()) == {12}
    assert sorted(groups) == (demo / "class_names.txt").read_text(encoding="utf-8").split()
    assert sum(image.stat().st_size for image in images) < 3_000_000
    assert {decode_image(image).shape for image in images} == {(160, 160, 3)}
    assert "CC0" in (demo / "README.md").read_text(encoding="utf-8")


def test_the_shipped_pictures_are_what_the_script_renders(
    repository: Path, demo: Path, tmp_path: Path
) -> None:
    names = ["gear_01.jpg", "vase_07.jpg", "mushroom.jpg"]
    shipped = [
        demo / "gallery/gear/gear_01.jpg",
        demo / "gallery/vase/vase_07.jpg",
        demo / "queries/mushroom.jpg",
    ]
    made = _run_python(repository, RENDER_AGAIN, str(tmp_path), *names).split()
    for again, kept in zip(made, shipped, strict=True):
        first, second = (decode_image(Path(path)).astype(int) for path in (again, kept))
        assert np.abs(first - second).mean() < 1.0, kept.name


def test_the_weights_fit_the_net_and_the_file_stays_small(demo: Path) -> None:
    net = load_net(demo / "demo_deploy.prototxt")
    binding = bind_weights(net, infer_shapes(net), open_weights(demo / "demo.caffemodel"))
    assert (binding.unbound, binding.unused, binding.wrong) == ((), (), ())
    assert (demo / "demo.caffemodel").stat().st_size < 3_000_000
    assert Counter(layer.type for layer in net.in_place_layers) == {"ReLU": 10, "Dropout": 2}
    hidden = [version.layer for version in net.hidden]
    assert {"fc6", "relu6", "fc7", "relu7"} <= set(hidden)


def test_the_net_knows_the_gallery_it_never_saw_and_its_relus_do_real_work(demo: Path) -> None:
    images = sorted((demo / "gallery").glob("*/*.jpg"))
    names = (demo / "class_names.txt").read_text(encoding="utf-8").split()
    inputs = _inputs(demo, images)
    values = _values(demo, inputs, ["fc6", "relu6", "fc7", "relu7", "drop7", "prob"])
    answers = [names[number] for number in values["prob"].argmax(axis=1)]
    is_right = [answer == image.parent.name for answer, image in zip(answers, images, strict=True)]
    reached = json.loads((demo / "results.json").read_text(encoding="utf-8"))
    assert np.mean(is_right) > 0.85
    assert np.mean(is_right) == pytest.approx(reached["val_accuracy"], abs=0.06)
    for number in (6, 7):
        raw, rectified = values[f"fc{number}"], values[f"relu{number}"]
        assert 0.3 < (raw < 0).mean() < 0.8
        assert reached["share_of_negatives"][f"fc{number}"] > 0.3
        np.testing.assert_array_equal(rectified, np.maximum(raw, 0))
    np.testing.assert_array_equal(values["drop7"], values["relu7"])


def test_real_caffe_reads_the_weights_and_agrees(demo: Path, caffe_python: tuple[str, ...]) -> None:
    images = sorted((demo / "queries").glob("*.jpg"))
    inputs = _inputs(demo, images)
    packed = io.BytesIO()
    np.save(packed, inputs)
    asked = {
        "net.prototxt": (demo / "demo_deploy.prototxt").read_bytes(),
        "net.caffemodel": (demo / "demo.caffemodel").read_bytes(),
        "inputs": packed.getvalue(),
    }
    done = subprocess.run(
        [*caffe_python, "-c", RUN_IN_CAFFE],
        input=json.dumps({k: base64.b64encode(v).decode() for k, v in asked.items()}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]))
    ours = _values(demo, inputs, ["prob"])["prob"]
    assert np.abs(ours - theirs).max() / np.abs(theirs).max() < 1e-4
    names = (demo / "class_names.txt").read_text(encoding="utf-8").split()
    assert [names[number] for number in theirs.argmax(axis=1)] == [i.stem for i in images]


def test_training_twice_gives_the_same_net(repository: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    told = []
    for folder in folders:
        folder.mkdir()
        told.append(json.loads(_run_python(repository, TRAIN_SMALL, str(folder))))
    assert told[0] == told[1]
    first, second = [(folder / "demo.caffemodel").read_bytes() for folder in folders]
    assert first == second
    assert {path.name for path in folders[0].iterdir()} == {
        "class_names.txt",
        "demo.caffemodel",
        "demo_deploy.preprocess.json",
        "results.json",
    }


def test_the_gallery_holds_no_picture_twice(demo: Path) -> None:
    images = [*(demo / "gallery").glob("*/*.jpg"), *(demo / "queries").glob("*.jpg")]
    seen = {Image.open(image).convert("RGB").tobytes() for image in images}
    assert len(seen) == len(images) == 196

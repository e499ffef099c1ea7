"""The nets in prototxt/: they are what their README says, and published weights bind to them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.images.presets import load_recipe, recipe_path
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net
from core.net.reader import load_net
from core.net.rename import plan_rename_all

# Total parameters as the papers' architectures give them, summed by hand.
N_PARAMETERS = {
    "vgg16_deploy": 138_357_544,
    "vgg16_deploy_renamed": 138_357_544,
    "alexnet_deploy": 60_965_224,
    "caffenet_deploy": 60_965_224,
    "squeezenet_v1.0_deploy": 1_248_424,
    "lenet_deploy": 431_080,
}
IN_PLACE = {
    "vgg16_deploy": {"ReLU": 15, "Dropout": 2},
    "vgg16_deploy_renamed": {},
    "alexnet_deploy": {"ReLU": 7, "Dropout": 2},
    "caffenet_deploy": {"ReLU": 7, "Dropout": 2},
    "squeezenet_v1.0_deploy": {"ReLU": 26, "Dropout": 1},
    "lenet_deploy": {"ReLU": 1},
}
PUBLISHED = {
    "alexnet_deploy": "BVLC__caffe__models__bvlc_alexnet__deploy",
    "caffenet_deploy": "BVLC__caffe__models__bvlc_reference_caffenet__deploy",
    "squeezenet_v1.0_deploy": "forresti__SqueezeNet__SqueezeNet_v1.0__deploy",
    "lenet_deploy": "BVLC__caffe__examples__mnist__lenet",
    "vgg16_deploy": "SnailTyan__caffe-model-zoo__VGG16__deploy",
}

RUN = r"""
import json, os, sys, tempfile
import numpy as np
import caffe
texts = json.load(sys.stdin)
folder = tempfile.mkdtemp()
outputs = []
for number, text in enumerate(texts):
    path = os.path.join(folder, "%d.prototxt" % number)
    with open(path, "w") as file:
        file.write(text)
    net = caffe.Net(path, caffe.TEST)
    for i, name in enumerate(net.params):
        for k, blob in enumerate(net.params[name]):
            scale = 0.1 if k else np.sqrt(2.0 / np.prod(blob.data.shape[1:]))
            values = np.random.RandomState(10 * i + k).standard_normal(blob.data.shape)
            blob.data[...] = values * scale
    data = net.blobs[net.inputs[0]].data
    data[...] = np.random.RandomState(1).standard_normal(data.shape) * 50
    outputs.append({blob: value.copy() for blob, value in net.forward().items()})
    del net
print(json.dumps({
    "outputs": [{b: list(v.shape) for b, v in o.items()} for o in outputs],
    "sums": [float(o["prob"].sum()) for o in outputs],
    "are_equal": bool((outputs[0]["prob"] == outputs[-1]["prob"]).all()),
}))
"""


def _net(repository: Path, name: str) -> tuple[Net, NetShapes]:
    net = load_net(repository / "prototxt" / f"{name}.prototxt")
    return net, infer_shapes(net)


def test_every_file_of_the_folder_is_listed_here_and_in_the_readme(repository: Path) -> None:
    names = {path.stem for path in (repository / "prototxt").glob("*.prototxt")}
    assert names == set(N_PARAMETERS)
    readme = (repository / "prototxt" / "README.md").read_text(encoding="utf-8")
    for name in names:
        assert f"`{name}.prototxt`" in readme
        assert f"{N_PARAMETERS[name]:,}" in readme


@pytest.mark.parametrize("name", N_PARAMETERS)
def test_parameters_and_in_place_layers_are_as_told(repository: Path, name: str) -> None:
    net, shapes = _net(repository, name)
    assert net.problems == ()
    assert shapes.problems == ()
    assert shapes.total_parameters == N_PARAMETERS[name]
    assert Counter(layer.type for layer in net.in_place_layers) == IN_PLACE[name]
    assert [version.blob for version in net.outputs] == ["prob"]


def test_vgg16_is_written_as_it_was_published(repository: Path) -> None:
    net, shapes = _net(repository, "vgg16_deploy")
    assert net.dialect == "V1"
    assert "type: CONVOLUTION" in net.text
    assert net.text.count("input_dim:") == 4
    assert shapes.top("pool5") == (1, 512, 7, 7)
    assert [chain.blob for chain in net.chains if len(chain.versions) == 3] == ["fc6", "fc7"]


def test_the_rewired_twin_is_what_rename_all_makes(repository: Path) -> None:
    net, _ = _net(repository, "vgg16_deploy")
    twin, _ = _net(repository, "vgg16_deploy_renamed")
    assert plan_rename_all(net).new_text == twin.text
    assert twin.chains == ()
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
    assert twin.layer("fc8").bottoms == ("fc7_drop7",)


@pytest.mark.parametrize("name", N_PARAMETERS)
def test_its_recipe_makes_what_the_net_reads(repository: Path, name: str) -> None:
    _, shapes = _net(repository, name)
    recipe = load_recipe(recipe_path(repository / "prototxt" / f"{name}.prototxt"))
    assert (1, *recipe.output_shape(640, 480)) == shapes.top(shapes.layers[0].layer)


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_published_weights_bind(
    repository: Path, material: Callable[[str], Path], name: str, published: str
) -> None:
    net, shapes = _net(repository, name)
    theirs = load_net(material(f"prototxts/{published}.prototxt"))
    their_shapes = infer_shapes(theirs)
    ours = {row.layer.name: row.parameters for row in shapes.layers if row.parameters}
    expected = {row.layer.name: row.parameters for row in their_shapes.layers if row.parameters}
    if name == "vgg16_deploy":  # that copy was cut down to 3 classes
        del ours["fc8"], expected["my-fc8"]
    assert ours == expected
    assert not set(net.text.splitlines()[:3]) & set(theirs.text.splitlines()), "text is our own"
    for row in shapes.layers:
        other = their_shapes.of(row.layer.name)
        if other.tops and row.layer.name in {*ours, "pool5", "pool8", "pool10"}:
            assert [top[1:] for top in row.tops if top] == [top[1:] for top in other.tops if top]


@pytest.mark.parametrize("name", ["lenet_deploy", "squeezenet_v1.0_deploy", "caffenet_deploy"])
def test_real_caffe_runs_it(repository: Path, caffe_python: tuple[str, ...], name: str) -> None:
    _, shapes = _net(repository, name)
    found = _run_in_caffe(caffe_python, [repository / "prototxt" / f"{name}.prototxt"])
    assert found["outputs"] == [{"prob": list(shapes.top("prob") or ())}]
    assert found["sums"] == [pytest.approx(1.0, abs=1e-5)]


def test_real_caffe_gives_the_twins_the_same_prob(
    repository: Path, caffe_python: tuple[str, ...]
) -> None:
    names = ("vgg16_deploy", "vgg16_deploy_renamed")
    found = _run_in_caffe(
        caffe_python, [repository / "prototxt" / f"{name}.prototxt" for name in names]
    )
    assert found["outputs"] == [{"prob": [1, 1000]}, {"prob": [1, 1000]}]
    assert found["are_equal"] is True


def _run_in_caffe(command: tuple[str, ...], paths: list[Path]) -> dict[str, object]:
    done = subprocess.run(
        [*command, "-c", RUN],
        input=json.dumps([path.read_text(encoding="utf-8") for path in paths]),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found

"""Real Caffe runs the renamed nets and gives the same outputs, bit for bit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.edits.findings.search import plan_fix_all
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename_all

COMPARE = r"""
import json, os, sys, tempfile
import numpy as np
import caffe
texts = json.load(sys.stdin)
folder = tempfile.mkdtemp()
nets = []
for number, text in enumerate(texts):
    path = os.path.join(folder, "%d.prototxt" % number)
    with open(path, "w") as file:
        file.write(text)
    nets.append(caffe.Net(path, caffe.TEST))
random = np.random.RandomState(3)
first = nets[0]
for name in first.params:
    for i, blob in enumerate(first.params[name]):
        value = random.randn(*blob.data.shape).astype("f4") * 0.05
        value = abs(value) if i == 1 or blob.data.size < 3 else value
        for net in nets:
            net.params[name][i].data[...] = value
for blob in first.inputs:
    value = random.randn(*first.blobs[blob].data.shape).astype("f4")
    for net in nets:
        net.blobs[blob].data[...] = value
outputs = [{b: v.copy() for b, v in net.forward().items()} for net in nets]
result = {
    "layers": [list(map(str, net._layer_names)) for net in nets],
    "outputs": [sorted(o) for o in outputs],
    "shared_equal": {
        b: bool((outputs[0][b] == outputs[1][b]).all()) for b in outputs[0] if b in outputs[1]
    },
}
result["blobs"] = {
    b: [float(net.blobs[b].data.min()), float(net.blobs[b].data.max())]
    for b in net.blobs for net in nets[1:]
}
print(json.dumps(result))
"""


def run_both(command: tuple[str, ...], before: str, after: str) -> dict[str, object]:
    done = subprocess.run(
        [*command, "-c", COMPARE],
        input=json.dumps([before, after]),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "name",
    [
        "net_alexnet", "net_vgg16_pool5_v1", "net_vgg_s_v1", "net_googlenet", "net_resnet50",
        "net_mobilenet_v2", "net_squeezenet_v1.1", "net_se_bn_inception", "net_sphereface20",
        "net_densenet121", "net_yolo_tiny", "net_mnist_siamese",
    ],
)  # fmt: skip
def test_outputs_are_bit_identical(
    name: str, caffe_python: tuple[str, ...], material: Callable[[str], Path]
) -> None:
    net = load_net(material(f"goldens/{name}.prototxt"))
    plan = plan_rename_all(net)
    result = run_both(caffe_python, net.text, plan.new_text)
    assert result["shared_equal"]
    assert all(result["shared_equal"].values())  # type: ignore[attr-defined]
    before, after = result["layers"]  # type: ignore[misc]
    assert len(before) == len(after), "renaming must not make Caffe insert more Split layers"
    assert [n for n in before if "_split" not in n] == [n for n in after if "_split" not in n]


VGG_TAIL = """
input: "fc6" input_dim: 2 input_dim: 32 input_dim: 1 input_dim: 1
layers { bottom: "fc6" top: "fc7" name: "fc7" type: INNER_PRODUCT
  inner_product_param { num_output: 64 } }
layers { bottom: "fc7" top: "fc7" name: "relu7" type: RELU }
layers { bottom: "fc7" top: "fc7" name: "drop7" type: DROPOUT }
layers { bottom: "fc7" top: "fc8" name: "fc8" type: INNER_PRODUCT
  inner_product_param { num_output: 10 } }
"""


def test_the_renamed_blobs_hold_what_their_layers_computed(caffe_python: tuple[str, ...]) -> None:
    result = run_both(caffe_python, VGG_TAIL, plan_rename_all(read_net(VGG_TAIL)).new_text)
    blobs = result["blobs"]
    assert blobs["fc7"][0] < 0  # type: ignore[index]
    assert blobs["fc7_relu7"][0] == 0  # type: ignore[index]
    assert blobs["fc7_drop7"] == blobs["fc7_relu7"]  # type: ignore[index]
    assert result["shared_equal"] == {"fc8": True}


def test_the_wrong_rewiring_differs_and_its_fix_does_not(caffe_python: tuple[str, ...]) -> None:
    wrong = (
        VGG_TAIL.replace('top: "fc7" name: "relu7"', 'top: "fc7_relu7" name: "relu7"')
        .replace('top: "fc7" name: "drop7"', 'top: "fc7_drop7" name: "drop7"')
    )  # fmt: skip
    assert run_both(caffe_python, VGG_TAIL, wrong)["shared_equal"] == {"fc8": False}
    fixed = plan_fix_all(read_net(wrong)).new_text
    assert run_both(caffe_python, VGG_TAIL, fixed)["shared_equal"] == {"fc8": True}

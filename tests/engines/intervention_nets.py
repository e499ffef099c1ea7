"""A net to intervene in, and what real Caffe itself gives where its blobs are written over."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.engines.changes import Writing
from core.engines.values import Value
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.weights.writer import write_caffemodel

NET = """
name: "branches"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 13 dim: 11 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "conv2a" type: "Convolution" bottom: "pool1" top: "conv2a"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "relu2a" type: "ReLU" bottom: "conv2a" top: "conv2a" }
layer { name: "conv2b" type: "Convolution" bottom: "pool1" top: "conv2b"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "concat2" type: "Concat" bottom: "conv2a" bottom: "conv2b" top: "concat2" }
layer { name: "conv3" type: "Convolution" bottom: "concat2" top: "conv3"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 bias_term: false } }
layer { name: "bn3" type: "BatchNorm" bottom: "conv3" top: "conv3" }
layer { name: "scale3" type: "Scale" bottom: "conv3" top: "conv3" scale_param { bias_term: true } }
layer { name: "sum" type: "Eltwise" bottom: "conv3" bottom: "concat2" top: "sum" }
layer { name: "flat" type: "Flatten" bottom: "sum" top: "flat" }
layer { name: "fc6" type: "InnerProduct" bottom: "flat" top: "fc6"
  inner_product_param { num_output: 7 } }
layer { name: "relu6" type: "ReLU" bottom: "fc6" top: "fc6" }
layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc6" top: "fc8"
  inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
"""  # noqa: E501
SEED = 5

_IN_CAFFE = r"""
import base64, json, os, sys, tempfile
import numpy as np
import caffe
asked = json.load(sys.stdin)
path = os.path.join(tempfile.mkdtemp(), "net.prototxt")
with open(path, "w") as file:
    file.write(asked["text"])
net = caffe.Net(path, caffe.TEST)
random = np.random.RandomState(asked["seed"])
for name in net.params:
    for i, blob in enumerate(net.params[name]):
        value = random.standard_normal(blob.data.shape).astype("f4") * 0.3
        blob.data[...] = abs(value) + 0.5 if name.startswith("bn") else value
image = np.random.RandomState(asked["seed"] + 1).standard_normal(net.blobs["data"].data.shape)
def array_of(text):
    return np.frombuffer(base64.b64decode(text), "<f4")
answers = []
for writes in asked["cases"]:
    net.blobs["data"].data[...] = image.astype("f4")
    found = {}
    for i, name in enumerate(net._layer_names):
        if name != "data":  # an Input layer does nothing, and would not undo a write either
            net._forward(i, i)
        for layer, top, how, channels, number, array in writes:
            if layer != name:
                continue
            values = net.blobs[top].data
            if how == "array":
                whole = array_of(array).reshape(values.shape)
                for c in channels or range(values.shape[1]):
                    values[:, c] = whole[:, c]
            elif how == "elsewhere":
                for c in range(values.shape[1]):
                    if c not in channels:
                        values[:, c] = number
            elif how == "multiply":
                for c in channels:
                    values[:, c] *= np.float32(number)
            else:
                for c in channels:
                    values[:, c] = number
        for index in net._top_ids(i):
            blob = str(net._blob_names[index])
            values = net._blobs[index].data
            found["%s/%s" % (name, blob)] = [
                list(values.shape), base64.b64encode(values.astype("<f4").tobytes()).decode()
            ]
    answers.append(found)
print(json.dumps(answers))
"""


def image() -> dict[str, np.ndarray]:
    """The input that `in_caffe` feeds."""
    random = np.random.RandomState(SEED + 1)
    return {"data": random.standard_normal((1, 3, 13, 11)).astype(np.float32)}


def write_weights(path: Path, text: str = NET, zeroed: tuple[str, int] | None = None) -> Path:
    """The weights that `in_caffe` gives the net, as a file; zeroed: a layer and a filter at 0."""
    random = np.random.RandomState(SEED)
    net = read_net(text)
    shapes = infer_shapes(net)
    rows = []
    for layer in net.layers:
        arrays = []
        for shape in shapes.parameters(layer) or ():
            value = random.standard_normal(shape).astype(np.float32) * np.float32(0.3)
            arrays.append(abs(value) + np.float32(0.5) if layer.name.startswith("bn") else value)
            if zeroed is not None and layer.name == zeroed[0]:
                arrays[-1][zeroed[1]] = 0
        if arrays:
            rows.append((layer.name, layer.type, arrays))
    write_caffemodel(path, net.name, rows)
    return path


def in_caffe(
    command: tuple[str, ...], cases: Sequence[Sequence[Writing]], text: str = NET
) -> list[dict[Value, np.ndarray]]:
    """Every version of every blob for each case, as a user of pycaffe would make them."""
    asked = {"text": text, "seed": SEED, "cases": [[_row(one) for one in case] for case in cases]}
    done = subprocess.run(
        [*command, "-c", _IN_CAFFE],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [
        {
            Value(*key.split("/")): np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)
            for key, (shape, text) in found.items()
        }
        for found in json.loads(done.stdout.splitlines()[-1])
    ]


def _row(one: Writing) -> list[object]:
    change = one.change
    array = None
    if one.array is not None:
        array = base64.b64encode(one.array.astype("<f4").tobytes()).decode()
    return [*change.value, change.how, list(change.channels), change.number, array]

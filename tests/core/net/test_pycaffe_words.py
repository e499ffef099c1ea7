"""The expressions for scripts give each layer's own values in real pycaffe."""

from __future__ import annotations

import json
import subprocess

import numpy as np

from core.net.pycaffe_words import pycaffe_expression
from core.net.reader import read_net

NET = """input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "a" type: "Power" bottom: "x" top: "it's" power_param { shift: 1 } }
layer { name: "twice" type: "Power" bottom: "it's" top: "it's" power_param { shift: 1 } }
layer { type: "Power" bottom: "it's" top: "it's" power_param { shift: 1 } }
layer { name: "twice" type: "Power" bottom: "it's" top: "y" power_param { shift: 1 } }
layer { name: "twice" type: "Power" bottom: "y" top: "y" power_param { shift: 1 } }
layer { name: "" type: "Power" bottom: "y" top: "y" power_param { shift: 1 } }
layer { name: "end" type: "Power" bottom: "y" top: "y" power_param { shift: 1 } }
"""
RUN = r"""
import json, os, sys, tempfile
import caffe
text, expressions = json.load(sys.stdin)
path = os.path.join(tempfile.mkdtemp(), "n.prototxt")
with open(path, "w") as file:
    file.write(text)
net = caffe.Net(path, caffe.TEST)
found = []
for expression in expressions:
    net.blobs["x"].data[...] = 10
    if "forward" not in expression:
        net.forward()
    found.append(eval(expression).tolist())
print(json.dumps(found))
"""


def test_each_gives_what_its_layer_wrote(caffe_python: tuple[str, ...]) -> None:
    net = read_net(NET)
    expressions = [pycaffe_expression(net, version) for version in net.versions]
    done = subprocess.run(
        [*caffe_python, "-c", RUN], input=json.dumps([NET, expressions]),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_array_equal([values[0][0] for values in found], range(10, 18))


def test_an_ordinary_layer_is_asked_for_by_its_name() -> None:
    net = read_net(NET)
    assert pycaffe_expression(net, net.written("a")[0]) == (
        """net.forward(end='a')["it's"].copy()"""
    )
    assert pycaffe_expression(net, net.written("end")[0]) == "net.blobs['y'].data"

"""A stand-in for pycaffe, to test the engine's pipes without Caffe, from Python 2.7 on.

It reads `input:` fields with `input_dim` or `input_shape`, and layers on one line each. ReLU clips
at 0, every other layer doubles its first bottom. FAKE_CAFFE holds words that change what it does:
"old" hides what pycaffe got late, "gpus" has two of them, "noisy" prints to stdout.
"""

import collections
import os
import re
import sys

import numpy as np

TRAIN, TEST = 0, 1
_WORDS = os.environ.get("FAKE_CAFFE", "").split()

if "noisy" in _WORDS:
    print("a line of Python on stdout")
    sys.stdout.flush()
    os.write(1, b"a line of C on stdout\n")
if "broken" in _WORDS:
    raise ImportError("libcaffe.so.1: cannot open shared object file")


def set_mode_cpu():
    pass


def set_mode_gpu():
    pass


def set_device(number):
    if "gpus" not in _WORDS or number > 1:
        _abort("Cannot use GPU in CPU-only Caffe: check mode.")


if "old" not in _WORDS:
    __version__ = "1.0.0-fake"

    def layer_type_list():
        return ["ReLU", "Double", "Python", "Split", "Crash"]

    def set_random_seed(seed):
        pass


class Net(object):
    def __init__(self, path, phase, **level):
        with open(path, "rb") as stream:
            text = stream.read().decode("utf-8")
        if level and "old" in _WORDS:
            raise TypeError("Python argument types did not match C++ signature")
        self._blob_names, self._blobs = [], []
        self._layer_names, self.layers, self._steps = [], [], []
        for name, shape in zip(re.findall(r'^input: "(.*?)"', text, re.M), _shapes(text)):
            self._add_blob(name, shape)
        for line in re.findall(r"^layer \{.*", text, re.M):
            self._add_layer(line)
        if "old" not in _WORDS:
            self._top_ids = lambda number: self._steps[number][2]

    def _forward(self, start, end):
        for number in range(start, end + 1):
            type_, bottoms, tops = self._steps[number]
            if type_ == "Crash":
                _abort("Check failed: told to crash")
            bottom = self._blobs[bottoms[0]].data
            for top in tops:
                self._blobs[top].data = np.maximum(bottom, 0) if type_ == "ReLU" else bottom * 2
        return 0.0

    def _add_blob(self, name, shape):
        self._blob_names.append(name)
        self._blobs.append(Blob(shape))
        return len(self._blobs) - 1

    def _add_layer(self, line):
        names = dict((key, re.findall(key + r': "(.*?)"', line)) for key in ("bottom", "top"))
        for bottom in names["bottom"]:
            if bottom not in self._blob_names:
                _abort("Unknown bottom blob '%s' (layer 'a', bottom index 0)" % bottom)
        bottoms = [self._blob_names.index(name) for name in names["bottom"]]
        shape = self._blobs[bottoms[0]].data.shape
        tops = [
            self._blob_names.index(n) if n in self._blob_names else self._add_blob(n, shape)
            for n in names["top"]
        ]
        type_ = str(re.search(r'type: "(.*?)"', line).group(1))
        self._layer_names.append(re.search(r'name: "(.*?)"', line).group(1))
        self.layers.append(collections.namedtuple("Layer", "type blobs")(type_, []))
        self._steps.append((type_, bottoms, tops))


class Blob(object):
    def __init__(self, shape):
        self.data = np.zeros(shape, np.float32)

    def reshape(self, *shape):
        self.data = np.zeros(shape, np.float32)


def _shapes(text):
    legacy = [int(size) for size in re.findall(r"input_dim: (\d+)", text)]
    if legacy:
        return [legacy[i : i + 4] for i in range(0, len(legacy), 4)]
    written = re.findall(r"input_shape \{(.*?)\}", text)
    return [[int(size) for size in re.findall(r"dim: (\d+)", one)] for one in written]


def _abort(why):
    sys.stderr.write("F1123 12:00:00.000000 1 fake.cpp:1] %s\n" % why)
    sys.stderr.flush()
    os.abort()

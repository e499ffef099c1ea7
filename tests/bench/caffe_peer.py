"""Runs in a Python with real Caffe, started with `-c` and this text: numpy and caffe, nothing else.

Over standard input: one JSON line {"text", "weights": bytes to follow, "output"}, the weights, then
for each pass a JSON line {"shape"} and the float32 values. Back: a JSON line {"seconds", "shape"}
and the values of the output blob.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("GLOG_minloglevel", "2")


def take(stream, n_bytes):
    """Exactly n_bytes from a pipe."""
    parts = []
    while n_bytes:
        part = stream.read(min(n_bytes, 1 << 24))
        if not part:
            raise SystemExit(0)
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)


def main():
    """Open the net, then run passes until the input ends."""
    stream, answer = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import caffe

    head = json.loads(stream.readline().decode())
    with tempfile.TemporaryDirectory() as folder:
        text, weights = Path(folder, "net.prototxt"), Path(folder, "net.caffemodel")
        text.write_text(head["text"])
        weights.write_bytes(take(stream, head["weights"]))
        caffe.set_mode_cpu()
        net = caffe.Net(str(text), caffe.TEST, weights=str(weights))
    answer.write(json.dumps({"ready": caffe.__version__}).encode() + b"\n")
    answer.flush()
    name = net.inputs[0]
    for line in iter(stream.readline, b""):
        shape = json.loads(line.decode())["shape"]
        size = 4 * int(np.prod(shape))
        array = np.frombuffer(take(stream, size), np.float32).reshape(shape)
        if tuple(net.blobs[name].data.shape) != tuple(shape):
            net.blobs[name].reshape(*shape)
            net.reshape()
        started = time.time()
        net.blobs[name].data[...] = array
        net.forward()
        out = np.array(net.blobs[head["output"]].data, np.float32, order="C")
        took = time.time() - started
        answer.write(json.dumps({"seconds": took, "shape": out.shape}).encode() + b"\n")
        answer.write(out.tobytes())
        answer.flush()


main()

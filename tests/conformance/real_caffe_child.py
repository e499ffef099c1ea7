"""Runs cases in real Caffe, each in a process of its own, since any complaint of Caffe's kills it.

Standard input: JSON {"cases": [...]}; standard output: an .npz of "found", JSON bytes, and an array
for each blob. Needs the standard library, NumPy and caffe; `make_values` and `parameter_kind`
stand above it in the text that is sent.
"""

# ruff: noqa: B905, C401, F821, PTH110, PTH118, PTH123, UP031
# It runs in an old Python, and beside a text that is put before it.

import io
import json
import os
import shutil
import sys
import tempfile

import numpy as np


def main():
    os.environ.setdefault("GLOG_minloglevel", "2")
    asked = json.load(sys.stdin)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import caffe

    arrays = {}
    found = {"types": list(caffe.layer_type_list()), "cases": {}}
    for case in asked["cases"]:
        folder = tempfile.mkdtemp()
        try:
            found["cases"][case["name"]] = run_apart(case, folder)
            path = os.path.join(folder, "blobs.npz")
            if os.path.exists(path):
                with np.load(path) as blobs:
                    arrays.update((case["name"] + "|" + key, blobs[key]) for key in blobs.files)
        finally:
            shutil.rmtree(folder)
    arrays["found"] = np.frombuffer(json.dumps(found).encode("utf-8"), np.uint8)
    held = io.BytesIO()
    np.savez(held, **arrays)
    output.write(held.getvalue())
    output.close()


def run_apart(case, folder):
    """What the case gave: shapes, or the sentence Caffe died with."""
    log = os.path.join(folder, "log")
    told = os.path.join(folder, "told.json")
    child = os.fork()
    if child == 0:
        file = os.open(log, os.O_CREAT | os.O_WRONLY)
        os.dup2(file, 2)
        os.dup2(file, 1)
        status = 1
        try:
            result = run_case(case, folder)
            with open(told, "w") as stream:
                json.dump(result, stream)
            status = 0
        except BaseException as error:
            os.write(2, ("python: %r\n" % (error,)).encode("utf-8"))
        finally:
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        with open(told) as stream:
            return json.load(stream)
    with open(log, encoding="utf-8", errors="replace") as stream:
        return {"error": complaint(stream.read()), "status": status}


def complaint(log):
    """The line that says why: Caffe's F line, protobuf's, or Python's."""
    lines = log.splitlines()
    for line in lines:
        if "text_format.cc" in line:
            return line.split("caffe.NetParameter: ", 1)[-1]
    for line in lines:
        if line[:1] == "F" and "] " in line:
            return line.split("] ", 1)[1].split(" (known types")[0]
    return lines[-1] if lines else "died without a word"


def run_case(case, folder):
    import caffe

    os.chdir(folder)
    path = os.path.join(folder, "net.prototxt")
    with open(path, "w") as stream:
        stream.write(case["prototxt"])
    net = caffe.Net(str(path), caffe.TEST)
    types = {name: layer.type for name, layer in zip(net._layer_names, net.layers)}
    parameters = {}
    for name, blobs in net.params.items():
        parameters[name] = [list(blob.data.shape) for blob in blobs]
        for index, blob in enumerate(blobs):
            key = "%s/%d" % (name, index)
            kind = case["parameters"].get(key) or parameter_kind(types[name], index)
            blob.data[...] = make_values(case["name"] + "/" + key, blob.data.shape, kind)
    for blob, shape, kind in case["inputs"]:
        net.blobs[blob].reshape(*shape)
        net.blobs[blob].data[...] = make_values(case["name"] + "/" + blob, shape, kind)
    net.forward()
    blobs = {name: blob for name, blob in net.blobs.items() if "_split_" not in name}
    np.savez(os.path.join(folder, "blobs.npz"), **{k: np.array(b.data) for k, b in blobs.items()})
    places = {k: int(b.data.__array_interface__["data"][0]) for k, b in net.blobs.items()}
    sizes = {}
    for name, blob in net.blobs.items():
        place = places[name]
        sizes[place] = max(sizes.get(place, 0), int(np.prod(blob.data.shape)) * 4)
    owned = set(int(b.data.__array_interface__["data"][0]) for p in net.params.values() for b in p)
    return {
        "blobs": {name: list(blob.data.shape) for name, blob in blobs.items()},
        "parameters": parameters,
        "memory": sum(size for place, size in sizes.items() if place not in owned),
    }


main()

"""How a script reads a blob version with pycaffe."""

from __future__ import annotations

from core.net.definition import BlobVersion, Net


def pycaffe_expression(net: Net, version: BlobVersion) -> str:
    """An expression for the values of `version`, given a pycaffe `net` whose inputs are set.

    What a later layer overwrites is there only while the pass stops at its own layer. Where several
    layers have its name in the file, pycaffe's `end` and its own table of tops mean different ones
    (python/caffe/pycaffe.py), so the layer is found by its place among them.
    """
    if version.is_readable:
        return f"net.blobs[{version.blob!r}].data"
    written = net.layers[version.layer_index].written_name
    namesakes = [layer.index for layer in net.layers if layer.written_name == written]
    if len(namesakes) == 1:
        return f"net.forward(end={written!r})[{version.blob!r}].copy()"
    places = f"[i for i, name in enumerate(net._layer_names) if name == {written!r}]"
    place = f"{places}[{namesakes.index(version.layer_index)}]"
    return f"(net._forward(0, {place}), net.blobs[{version.blob!r}].data.copy())[1]"

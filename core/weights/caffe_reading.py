"""What Caffe's own reader makes of an HDF5 file that we read."""

from __future__ import annotations

from core.layers.shapes import NetShapes
from core.weights.contents import Weights
from core.weights.placing import pair_layers
from core.words import join_names, plural

_MOST_SHOWN = 3


def caffe_note(shapes: NetShapes, weights: Weights) -> str:
    """Why Caffe gets less from the file than we do, "" where it reads the same.

    Caffe takes each group right below `data` for a layer, all in it for arrays (BVLC/caffe
    src/caffe/net.cpp, CopyTrainedLayersFromHDF5); but its own writer makes groups that are neither,
    for HDF5 nests a layer's name at every "/".
    """
    if weights.format != "HDF5":
        return ""
    sources = [source for _, source in pair_layers(shapes, weights)]
    crowded = [
        f"the group of layer '{source.name}' has {source.n_members} members in place of "
        f"{plural(len(source.blobs), 'array')}"
        for source in sources
        if "/" not in source.name and source.n_members > len(source.blobs)
    ]
    nested = [source.name for source in sources if "/" in source.name and source.blobs]
    if not nested:
        return f"Caffe itself can't read this file: {crowded[0]}." if crowded else ""
    why, remedy = "layer names with '/' nest in HDF5", "Rename the layers or save a caffemodel."
    if crowded:
        return f"Caffe itself can't read this file: {why}, so {crowded[0]}. {remedy}"
    n_more = len(nested) - _MOST_SHOWN
    shown = join_names([*nested[:_MOST_SHOWN], f"{n_more} more"] if n_more > 0 else nested)
    return (
        f"Caffe itself would leave {shown} at filler values: {why}, where it looks one level deep. "
        f"{remedy}"
    )

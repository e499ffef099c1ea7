"""Layers that bring values into the net.

After BVLC/caffe src/caffe/layers/{input,dummy_data,memory_data,image_data,data}_layer.cpp;
AnnotatedData and VideoData after SSD, DenseImageData after SegNet.
A database or a list is never opened: shapes come from the prototxt alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.layers.layer_type import (
    ONE,
    Arity,
    Family,
    Geometry,
    LayerType,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach_rules import nothing
from core.layers.row_rules import rows_alone, rows_together
from core.net.definition import Layer
from core.net.message import Message

_NONE = Arity(0, 0)


def _infer_input(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    shapes = tuple(m.integers("dim") for m in layer.param("input_param").messages("shape"))
    return Geometry(_one_for_each_top(layer, shapes or ((),), "shape"))


def _infer_dummy_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("dummy_data_param")
    shapes: tuple[Shape, ...] = tuple(m.integers("dim") for m in param.messages("shape"))
    sides = ("num", "channels", "height", "width")
    if shapes and any(param.has(side) for side in sides):
        raise ShapeRefused("DummyData takes shape, or num, channels, height and width, not both.")
    n_fillers = len(param.messages("data_filler"))
    if n_fillers not in (0, 1, len(layer.tops)):
        raise ShapeRefused(f"{n_fillers} fillers do not fit {len(layer.tops)} tops.")
    if not shapes:
        columns = [param.integers(side) for side in sides]
        n_shapes = max(len(column) for column in columns)
        if any(len(column) not in (1, n_shapes) for column in columns):
            raise ShapeRefused("DummyData needs num, channels, height and width equally often.")
        shapes = tuple(tuple(c[i if len(c) > 1 else 0] for c in columns) for i in range(n_shapes))
    return Geometry(_one_for_each_top(layer, shapes, "shape"))


def _one_for_each_top(layer: Layer, shapes: tuple[Shape, ...], name: str) -> tuple[Shape, ...]:
    n_tops = len(layer.tops)
    if len(shapes) not in (1, n_tops):
        raise ShapeRefused(f"{name} must be given once or once for each of {n_tops} tops.")
    return shapes * n_tops if len(shapes) == 1 else shapes


def _infer_parameter(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    shape = layer.param("parameter_param").message("shape").integers("dim")
    return Geometry((shape,), (shape,), views=(0,))


def _infer_memory_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("memory_data_param")
    batch, channels, height, width = (
        param.integer(name) for name in ("batch_size", "channels", "height", "width")
    )
    crop = layer.param("transform_param").integer("crop_size")
    size = (crop, crop) if crop else (height, width)
    if min(batch, channels, *size) < 1:
        raise ShapeRefused("MemoryData needs batch_size, channels, height and width above 0.")
    return Geometry(((batch, channels, *size), (batch,)))


def _infer_image_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("image_data_param")
    crop = layer.param("transform_param").integer("crop_size")
    height, width = param.integer("new_height"), param.integer("new_width")
    batch, channels = param.integer("batch_size", 1), 3 if param.boolean("is_color", True) else 1
    size = (crop, crop) if crop else (height, width)
    image = (batch, channels, *size) if min(size) > 0 else None
    return Geometry((image, (batch,)))


def _infer_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Channels come from the transformation, else a colour image is assumed; size from the crop."""
    return _from_database(layer, layer.param("data_param"))


def _infer_annotated_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """SSD's data: how many true boxes come with the images is not known."""
    geometry = _from_database(layer, layer.param("data_param"))
    return Geometry((geometry.tops[0], None), assumption=geometry.assumption)


def _infer_dense_image_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """SegNet's data: an image and a label for each of its pixels, both of the size asked for."""
    param = layer.param("dense_image_data_param")
    crop = layer.param("transform_param").integer("crop_size")
    height, width = crop or param.integer("new_height"), crop or param.integer("new_width")
    if min(height, width) < 1:
        return Geometry((None, None))
    batch, channels = param.integer("batch_size", 1), 3 if param.boolean("is_color", True) else 1
    return Geometry(((batch, channels, height, width), (batch, 1, height, width)))


def _infer_window_data(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return _from_database(layer, layer.param("window_data_param"))


def _from_database(layer: Layer, param: Message) -> Geometry:
    transform = layer.param("transform_param")
    batch = param.integer("batch_size")
    labels = ((batch,),) * max(0, len(layer.tops) - 1)
    size = _transformed_size(transform, param)
    if min(size) < 1 or not batch:
        return Geometry((None, *labels))
    channels = _transformed_channels(transform)
    assumption = "" if channels else f"'{layer.name}' reads a database: 3 channels are assumed."
    image = (batch, channels or 3, *size)
    return Geometry((image, *labels), assumption=assumption)


def _transformed_size(transform: Message, param: Message) -> tuple[int, int]:
    """Height and width after the crop, or after the resize of SSD's branch; 0 when unknown."""
    crop = transform.integer("crop_size", param.integer("crop_size"))
    resize = transform.message("resize_param")
    return (crop, crop) if crop else (resize.integer("height"), resize.integer("width"))


def _transformed_channels(transform: Message) -> int | None:
    if transform.boolean("force_color"):
        return 3
    if transform.boolean("force_gray"):
        return 1
    n_means = len(transform.numbers("mean_value"))
    return n_means if n_means > 1 else None


_MADE_UP = rows_together("makes up its values, as many for any number of images")
_LEARNED = rows_together("gives what it has learned, the same for any number of images")


_TRANSFORM = defaults("transform_param", scale=1, mirror=False, crop_size=0)
_FAMILY: Family = "data / input"

TYPES = (
    LayerType("Input", _FAMILY, _infer_input, _NONE, Arity(1),
              rows=rows_alone,
              reach=nothing),
    LayerType("DummyData", _FAMILY, _infer_dummy_data, _NONE, Arity(1),
              rows=_MADE_UP,
              reach=nothing),
    LayerType("Parameter", _FAMILY, _infer_parameter, _NONE, ONE,
              rows=_LEARNED,
              reach=nothing),
    LayerType("MemoryData", _FAMILY, _infer_memory_data, _NONE, Arity(1, 2), defaults=_TRANSFORM,
              rows=rows_alone,
              reach=nothing),
    LayerType("ImageData", _FAMILY, _infer_image_data, _NONE, Arity(1, 2),
              defaults=(*_TRANSFORM, *defaults("image_data_param", batch_size=1, new_height=0,
                                               new_width=0, is_color=True, shuffle=False)),
              rows=rows_alone,
              reach=nothing),
    LayerType("Data", _FAMILY, _infer_data, _NONE, Arity(1, 2),
              defaults=(*_TRANSFORM, *defaults("data_param", backend="LEVELDB", prefetch=4)),
              rows=rows_alone,
              reach=nothing),
    LayerType("WindowData", _FAMILY, _infer_window_data, _NONE, Arity(1, 2), defaults=_TRANSFORM,
              rows=rows_alone,
              reach=nothing),
    LayerType("HDF5Data", _FAMILY, None, _NONE, Arity(1),
              defaults=defaults("hdf5_data_param", shuffle=False),
              rows=rows_alone,
              reach=nothing),
    LayerType("AnnotatedData", _FAMILY, _infer_annotated_data, _NONE, Arity(1, 2), origin="fork",
              defaults=_TRANSFORM,
              rows=rows_alone,
              reach=nothing),
    LayerType("DenseImageData", _FAMILY, _infer_dense_image_data, _NONE, Arity(1, 2),
              origin="fork",
              defaults=(*_TRANSFORM, *defaults("dense_image_data_param", batch_size=1,
                                               new_height=0, new_width=0, is_color=True)),
              rows=rows_alone,
              reach=nothing),
    LayerType("VideoData", _FAMILY, _infer_data, _NONE, Arity(1, 2), origin="fork",
              defaults=_TRANSFORM,
              rows=rows_alone,
              reach=nothing),
)  # fmt: skip

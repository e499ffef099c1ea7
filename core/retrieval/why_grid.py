"""Where the places of a value stand in the picture that the net is fed with."""

from __future__ import annotations

from collections.abc import Iterator

from core.engines.values import Value
from core.engines.wiring import Step
from core.layers.convolution import read_windows
from core.layers.layer_type import ShapeRefused
from core.layers.pooling import read_pooling_window
from core.layers.shapes import NetShapes
from core.surveys.feed import Feed

Rectangle = tuple[float, float, float, float]
Axis = tuple[float, float]
"""The middle of the first place on one axis in pixels of the input, and the way to the next."""


def place_axes(feed: Feed, value: Value, shapes: NetShapes) -> tuple[Axis, Axis] | None:
    """Down and across: where the receptive fields of a value's places have their middles.

    shapes: of the net for the picture. Followed from layer to layer by kernel, stride and pad; of
    several bottoms the first. None where a layer on the way has no windows and changes the size.
    """
    axes: tuple[Axis, Axis] = ((0.5, 1.0), (0.5, 1.0))  # the middle of a pixel
    path = list(_path(feed, value))
    if not path or not path[-1].is_data:
        return None
    for step in reversed(path[:-1]):
        windows = _windows(step, shapes)
        if windows is None:
            return None
        axes = (_moved(axes[0], *windows[0]), _moved(axes[1], *windows[1]))
    return axes


def grid_rectangle(
    feed: Feed, value: Value, fed: tuple[int, ...], places: tuple[int, ...], covered: Rectangle
) -> Rectangle:
    """Left, top, right and bottom of the grid of a value's places, in pixels of a picture.

    fed: (channels, height, width) of the input; places: rows and columns; covered: what of the
    picture the input shows. Over all of that where the layers on the way do not tell.
    """
    axes = place_axes(feed, value, feed.shapes_for(fed))
    if axes is None:
        return covered
    (top, down), (left, across) = axes
    begin_x, begin_y = left - across / 2, top - down / 2
    wide, high = (covered[2] - covered[0]) / fed[2], (covered[3] - covered[1]) / fed[1]
    return (
        covered[0] + begin_x * wide,
        covered[1] + begin_y * high,
        covered[0] + (begin_x + across * places[1]) * wide,
        covered[1] + (begin_y + down * places[0]) * high,
    )


def _path(feed: Feed, value: Value) -> Iterator[Step]:
    """The layers back from a value, the one that is fed last."""
    writers = {slot: step for step in feed.steps for slot in step.tops}
    step = next(
        (
            step
            for step in reversed(feed.steps)
            if step.layer.name == value.layer and value.top in step.layer.tops
        ),
        None,
    )
    while step is not None:
        yield step
        step = writers.get(step.bottoms[0]) if step.bottoms else None


def _windows(step: Step, shapes: NetShapes) -> tuple[Axis, Axis] | None:
    """By axis: the middle of the first window in places of the bottom, and the way to the next."""
    row = shapes.of(step.layer)
    bottom = row.bottoms[0] if row.bottoms else None
    top = row.tops[0] if row.tops else None
    if bottom is None or top is None or len(bottom) != 4 or len(top) != 4:
        return None
    try:
        if step.layer.type in ("Convolution", "Deconvolution"):
            found = read_windows(step.layer.param("convolution_param"), bottom)
            sides = zip(found.extents, found.stride, found.pad, strict=True)
        elif step.layer.type == "Pooling":
            param = step.layer.param("pooling_param")
            sides = zip(*read_pooling_window(param, (bottom[2], bottom[3])), strict=True)
        else:
            return ((0.0, 1.0), (0.0, 1.0)) if bottom[2:] == top[2:] else None
    except ShapeRefused:
        return None
    firsts = [((extent - 1) / 2 - pad, float(stride)) for extent, stride, pad in sides]
    if step.layer.type == "Deconvolution":  # the same the other way round
        firsts = [(-first / stride, 1 / stride) for first, stride in firsts]
    return (firsts[0], firsts[1]) if len(firsts) == 2 else None


def _moved(axis: Axis, first: float, step: float) -> Axis:
    return axis[0] + axis[1] * first, axis[1] * step

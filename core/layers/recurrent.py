"""Recurrent layers, unrolled over the first axis.

After BVLC/caffe src/caffe/layers/{recurrent,rnn,lstm,lstm_unit}_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.layers.axes import need_axes, show_shape
from core.layers.layer_type import Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE
from core.layers.row_rules import rows_together
from core.layers.spans import SAME, Table, UpTo
from core.net.definition import Layer


def _infer_lstm(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return _recurrent(layer, bottoms, n_gates=4, n_states=2)


def _infer_rnn(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return _recurrent(layer, bottoms, n_gates=1, n_states=1)


def _recurrent(layer: Layer, bottoms: Sequence[Shape], n_gates: int, n_states: int) -> Geometry:
    """Weights from input, static input and state; the plain RNN has an output transform too."""
    param, sequence = layer.param("recurrent_param"), bottoms[0]
    if len(sequence) < 2 or bottoms[1] != sequence[:2]:
        marks = show_shape(sequence[:2])
        raise ShapeRefused(f"The second bottom must be {marks}: a mark for each step and stream.")
    is_exposed = param.boolean("expose_hidden")
    n_given = n_states if is_exposed else 0
    _check_counts(layer, len(bottoms), n_given)
    n_output = param.integer("num_output")
    if n_output < 1:
        raise ShapeRefused("num_output must be given and above 0.")
    has_static = len(bottoms) > 2 + n_given
    parameters = _parameters(sequence, bottoms[2] if has_static else None, n_output, n_gates)
    steps, streams = sequence[:2]
    state = (1, streams, n_output)
    tops = ((steps, streams, n_output), *(state,) * n_given)
    macs = steps * streams * sum(math.prod(shape) for shape in parameters if len(shape) == 2)
    # after a single step the hidden state of an LSTM is its output's memory
    views = (1,) if n_given == 2 and steps == 1 else ()
    return Geometry(tops, parameters, macs=macs, views=views)


def _check_counts(layer: Layer, n_bottoms: int, n_given: int) -> None:
    """With exposed states, there is a bottom and a top for each."""
    bottoms, tops = Arity(2 + n_given, 3 + n_given), Arity(1 + n_given, 1 + n_given)
    if not bottoms.allows(n_bottoms):
        raise ShapeRefused(f"It takes {bottoms} bottoms here, not {n_bottoms}.")
    if not tops.allows(len(layer.tops)):
        raise ShapeRefused(f"It takes {tops} tops here, not {len(layer.tops)}.")


def _parameters(
    sequence: Shape, static: Shape | None, n_output: int, n_gates: int
) -> tuple[Shape, ...]:
    n_rows = n_gates * n_output
    shapes: list[Shape] = [(n_rows, math.prod(sequence[2:])), (n_rows,)]
    if static is not None:
        shapes.append((n_rows, math.prod(static[1:])))
    shapes.append((n_rows, n_output))
    if n_gates == 1:
        shapes += [(n_output, n_output), (n_output,)]
    return tuple(shapes)


def _infer_lstm_unit(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Bottoms: cell state, gate inputs, continuation marks; tops: cell and hidden state."""
    need_axes(bottoms[0], 3)
    operations = 5 * math.prod(bottoms[0])
    return Geometry((bottoms[0], bottoms[0]), operations=operations, operation_name="exponentials")


def _reach_recurrent(reading: Reading) -> Sequence[Link]:
    """Its own stream up to its step; an exposed state reads all steps."""
    n_states = len(reading.tops) - 1
    steps = WHOLE if reading.top_index else (0, UpTo())
    links = []
    for i, bottom in enumerate(reading.bottoms):
        is_static = i == 2 and len(reading.bottoms) > 2 + n_states
        stream = () if is_static else (WHOLE if i > 1 else steps,)
        rest = len(bottom) - len(stream) - 1
        links.append(Link(i, (*stream, (1, SAME), *(WHOLE,) * rest)))
    return links


def _reach_lstm_unit(reading: Reading) -> Sequence[Link]:
    """The gates of its own unit; the cell state, the first top, needs no output gate."""
    n_units = reading.bottoms[0][2]
    gates = (0, 1, 3) if reading.top_index == 0 else (0, 1, 2, 3)
    rows = np.arange(n_units)[:, None] + np.array(gates) * n_units
    own = ((0, SAME), (1, SAME))
    return [Link(0, (*own, (2, SAME))), Link(1, (*own, (2, Table(rows)))), Link(2, own)]


_TIME = rows_together("reads axis 0 as steps in time")


_DEFAULTS = defaults("recurrent_param", expose_hidden=False, debug_info=False)

TYPES = (
    LayerType("LSTM", "other", _infer_lstm, Arity(2, 5), Arity(1, 3), defaults=_DEFAULTS,
              rows=_TIME,
              reach=_reach_recurrent),
    LayerType("RNN", "other", _infer_rnn, Arity(2, 4), Arity(1, 2), defaults=_DEFAULTS,
              rows=_TIME,
              reach=_reach_recurrent),
    LayerType("LSTMUnit", "other", _infer_lstm_unit, Arity(3, 3), Arity(2, 2),
              rows=_TIME,
              reach=_reach_lstm_unit),
)  # fmt: skip

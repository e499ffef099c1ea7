"""Recurrent layers, unrolled over the first axis.

After BVLC/caffe src/caffe/layers/{recurrent,rnn,lstm,lstm_unit}_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch.operation import MakeOperation, Operation


def lstm_unit(cell: Tensor, gates: Tensor, mark: Tensor) -> tuple[Tensor, Tensor]:
    """One step: new cell and hidden state, (streams, n).

    cell: (streams, n); gates: (streams, 4 n) as input, forget, output, new value; mark:
    (streams, 1), 0 where a sequence begins.
    """
    enter, forget, out, new = gates.chunk(4, 1)
    kept = torch.sigmoid(forget) * mark * cell
    cell = kept + torch.sigmoid(enter) * torch.tanh(new)
    return cell, torch.sigmoid(out) * torch.tanh(cell)


class LSTMUnit(Operation):
    """One step of an LSTM."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: cell (1, streams, n), gates (1, streams, 4 n), marks (1, streams)."""
        cell, gates, marks = bottoms
        tops = lstm_unit(cell[0], gates[0], marks.reshape(-1, 1))
        return [top[None] for top in tops]


class Recurrent(Operation):
    """What LSTM and RNN share: bottoms, states and the walk over the steps.

    The state is 0 at the start of every pass, unless `expose_hidden` gives it as bottoms.
    """

    n_states = 1

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: sequence (steps, streams, ...), marks (steps, streams), static, states."""
        sequence, marks = bottoms[0].flatten(2), bottoms[1].detach()
        is_exposed = self.layer.param("recurrent_param").boolean("expose_hidden")
        n_given = self.n_states if is_exposed else 0
        has_static = len(bottoms) > 2 + n_given
        drive = functional.linear(sequence, self.parameters.get(0), self.parameters.get(1))
        if has_static:
            drive = drive + functional.linear(bottoms[2].flatten(1), self.parameters.get(2))
        size = self.layer.param("recurrent_param").integer("num_output")
        given = bottoms[len(bottoms) - n_given :] if n_given else []
        states = (
            [state[0] for state in given]
            or self._remembered()
            or [sequence.new_zeros(sequence.shape[1], size) for _ in range(self.n_states)]
        )
        outputs = []
        for step in range(sequence.shape[0]):
            states, output = self.step(states, drive[step], marks[step][:, None], int(has_static))
            outputs.append(output)
        if self.place.memory is not None:
            self.place.memory[self.layer.name] = [state.detach() for state in states]
        tops = [torch.stack(outputs), *(state[None] for state in states)]
        return tops[: len(self.layer.tops)]

    def _remembered(self) -> list[Tensor]:
        """In a training the state goes on where the pass before left it."""
        return [] if self.place.memory is None else self.place.memory.get(self.layer.name, [])

    def step(
        self, states: list[Tensor], drive: Tensor, mark: Tensor, n_static: int
    ) -> tuple[list[Tensor], Tensor]:
        """One time step: the new states and the output."""
        raise NotImplementedError


class LSTM(Recurrent):
    """States: hidden, cell."""

    n_states = 2

    def step(
        self, states: list[Tensor], drive: Tensor, mark: Tensor, n_static: int
    ) -> tuple[list[Tensor], Tensor]:
        """The hidden state of before drives the gates, unless a sequence begins."""
        hidden, cell = states
        gates = drive + functional.linear(hidden * mark, self.parameters.get(2 + n_static))
        cell, hidden = lstm_unit(cell, gates, mark)
        return [hidden, cell], hidden


class RNN(Recurrent):
    """A tanh state and a tanh output of it."""

    def step(
        self, states: list[Tensor], drive: Tensor, mark: Tensor, n_static: int
    ) -> tuple[list[Tensor], Tensor]:
        """The output has a transform of its own."""
        hidden = torch.tanh(
            drive + functional.linear(states[0] * mark, self.parameters.get(2 + n_static))
        )
        output = functional.linear(
            hidden, self.parameters.get(3 + n_static), self.parameters.get(4 + n_static)
        )
        return [hidden], torch.tanh(output)


OPERATIONS: dict[str, MakeOperation] = {"LSTM": LSTM, "RNN": RNN, "LSTMUnit": LSTMUnit}

"""The records of a run: what log.jsonl holds, one JSON object a line, and what curves are drawn of.

Numbers of records are finite: a run whose numbers are not has diverged and ends.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Record(msgspec.Struct, frozen=True, tag_field="record", tag=str.lower):
    """One line of the log; `record` is the lower-case name of its class.

    iteration: how many iterations were done when it was made.
    """

    iteration: int


class TestNet(msgspec.Struct, frozen=True):
    """A net that scores a run: which of its scores are losses, and which accuracies."""

    losses: tuple[str, ...] = ()
    accuracies: tuple[str, ...] = ()


class Began(Record, frozen=True):
    """A run begins, or goes on after `iteration`: what comes after that in the log before is void.

    last: how many iterations there will be. batch, n_images: images of an iteration and of an
    epoch, 0 where that is not known. n_frozen: layers that ran once for each image; why_whole: why
    none does. n_moving, n_values: how many numbers learn, of how many. filler_layers: layers that
    no file gave weights for. tests: its test nets. notes: what of the solver is not done.
    """

    last: int
    batch: int = 0
    n_images: int = 0
    n_frozen: int = 0
    why_whole: str = ""
    n_moving: int = 0
    n_values: int = 0
    filler_layers: tuple[str, ...] = ()
    tests: tuple[TestNet, ...] = ()
    notes: tuple[str, ...] = ()


class Iteration(Record, frozen=True):
    """An iteration is done.

    loss: weighted, the mean over its passes. smoothed: the mean of the last average_loss losses, as
    Caffe displays it. rate: the learning rate. gradient_norm: L2, of all arrays together, summed
    over the passes and before it is clipped. per_second: iterations, without tests and pauses.
    seconds_left: with the tests to come.
    """

    loss: float
    smoothed: float
    rate: float
    gradient_norm: float
    per_second: float = 0.0
    seconds_left: float = 0.0


class Tested(Record, frozen=True):
    """A test net scored the weights: the mean of each output over test_iter batches.

    net: its number. loss: the weighted sum of its losses, 0 without one. scores: by blob, in the
    order of Caffe; "blob[i]" for element i of one with several.
    """

    net: int
    loss: float
    scores: dict[str, float]


class ChannelCount(msgspec.Struct, frozen=True):
    """How many of a ReLU layer's channels give 0 everywhere in every image that was looked at."""

    layer: str
    n_dead: int
    n_channels: int


class Channels(Record, frozen=True):
    """The channels of every layer that learns, on the same n_images images each time."""

    n_images: int
    layers: tuple[ChannelCount, ...]


class Snapshot(Record, frozen=True, tag="snapshot"):
    """Both files of a snapshot are whole, by their names in the folder of the run.

    is_extra: not asked for by the solver; such a one goes when the next snapshot is whole.
    """

    weights: str
    state: str
    is_extra: bool = False


class Warned(Record, frozen=True):
    """Something the user should know while the run goes on, said once.

    layers: those it is about; their counts are in the last Channels.
    """

    kind: Literal["dead channels", "val loss rises"]
    sentence: str
    hint: str = ""
    layers: tuple[str, ...] = ()


class Ended(Record, frozen=True):
    """The run is over; one that was killed has no such line.

    last_good: of a run that diverged, the snapshot to go on from, by its iteration; None where
    none was made before it went wrong.
    """

    why: Literal["finished", "stopped", "diverged"]
    sentence: str = ""
    hint: str = ""
    last_good: int | None = None


AnyRecord = Began | Iteration | Tested | Channels | Snapshot | Warned | Ended

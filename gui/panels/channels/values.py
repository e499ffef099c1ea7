"""Plain values that the views of channels over a folder are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PyQt5.QtGui import QImage


@dataclass(frozen=True, eq=False)
class TopPicture:
    """One of the top images of a channel; picture: the part that fired, null where there is none.

    image: the number that signals name it by. value: in words; name: short, the tip has it whole.
    """

    image: int
    name: str
    value: str
    picture: QImage
    tip: str = ""


@dataclass(frozen=True)
class ReadOffer:
    """What can be read: "relu5_3 over corel1k is not read yet.", "Read 200, 0:18".

    all_tip: what it takes to read all layers in one pass.
    """

    words: str
    button: str
    tip: str
    all_tip: str = ""


@dataclass(frozen=True)
class Band:
    """Neighbouring rows or columns of one class: its name, the first of them and how many."""

    label: str
    start: int
    count: int
    note: str = ""


@dataclass(frozen=True, eq=False)
class MatrixShown:
    """A matrix in the order that it is drawn in.

    cells: (rows, columns) float32 without dead channels. images, channels: what rows and columns
    are, (rows,) and (columns,) int64. names: of the images, row by row. high: the magnitude of the
    full colour. is_diverging: whether values are of both signs. n_dead: channels left out.
    """

    cells: np.ndarray
    images: np.ndarray
    channels: np.ndarray
    names: tuple[str, ...]
    rows: tuple[Band, ...]
    columns: tuple[Band, ...]
    high: float
    is_diverging: bool
    n_dead: int


@dataclass(frozen=True)
class ClassMean:
    """The mean of a channel over the images of a class; share: of the largest, 0 to 1."""

    label: str
    value: str
    share: float
    is_preferred: bool


@dataclass(frozen=True)
class ChannelFacts:
    """What is said of one channel; facts: (name, value) pairs."""

    channel: int
    prefers: str
    facts: tuple[tuple[str, str], ...]
    means: tuple[ClassMean, ...] = ()
    means_note: str = ""


@dataclass(frozen=True)
class SelectiveChannel:
    """A row of the table of channels, the most selective first."""

    channel: int
    prefers: str
    index: str
    in_top: str


@dataclass(frozen=True)
class MatrixWords:
    """What stands around the matrix."""

    title: str = ""
    hint: str = ""
    dead: str = ""
    table: tuple[SelectiveChannel, ...] = ()
    table_note: str = ""

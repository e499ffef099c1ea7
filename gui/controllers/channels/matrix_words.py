"""The matrix of images by channels as its view takes it, and what is said of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from core.jobs.channels import ChannelsFound
from core.jobs.channels_export import MatrixOrder
from core.words import plural, plural_with
from gui.controllers.channels.words import short_value
from gui.panels.channels.matrix_view import HINT
from gui.panels.channels.values import (
    Band,
    ChannelFacts,
    ClassMean,
    MatrixShown,
    MatrixWords,
    SelectiveChannel,
)

NO_CLASS = "no class"
_COLOURED_SHARE = 99.5
"""Percent of the cells that the scale of colours covers: single values would leave all pale."""
_SELECTIVE = 40


def matrix_of(found: ChannelsFound, order: MatrixOrder, orders: tuple[str, str]) -> MatrixShown:
    """The matrix in this order, dead channels left out; orders: the keys of rows and columns."""
    columns = order.columns[~found.is_dead[order.columns]]
    cells = found.cells[np.ix_(order.rows, columns)]
    names = tuple(found.table.names[row] for row in order.rows.tolist())
    sizes = np.abs(cells[np.isfinite(cells)])
    high = float(np.percentile(sizes, _COLOURED_SHARE)) if sizes.size else 1.0
    high = high or (float(sizes.max()) if sizes.size else 1.0) or 1.0
    return MatrixShown(
        cells,
        order.rows,
        columns,
        names,
        _row_bands(found, order, names, orders[0]),
        _column_bands(found, columns, orders[1]),
        high,
        bool(sizes.size and np.nanmin(cells) < 0),
        int(found.is_dead.sum()),
    )


def words_of(found: ChannelsFound, shown: MatrixShown) -> MatrixWords:
    """Title, note, hint and the table of channels."""
    table, n_dead = found.table, shown.n_dead
    n = plural(table.n_images, "image")
    noun = "unit" if table.is_vector else "channel"
    hint = f"{_cell_words(found)} {HINT}"
    if found.selectivity is not None and shown.columns and shown.columns[0].label:
        hint = f"{_cell_words(found)} A column lies under the class it prefers. {HINT}"
    dead = plural_with(n_dead, noun, "is", "are")
    rows = selective_channels(found)
    return MatrixWords(
        f"{n} × {plural(table.n_channels, noun)}",
        hint,
        f"{dead} 0 in all {n}" if n_dead else "",
        rows,
        f"All {table.n_channels:,}, CSV",
    )


def selective_channels(found: ChannelsFound) -> tuple[SelectiveChannel, ...]:
    """The channels with the highest index, the highest first."""
    chosen = found.selectivity
    if chosen is None:
        return ()
    order = np.argsort(-np.nan_to_num(chosen.index, nan=-1.0), kind="stable")[:_SELECTIVE]
    return tuple(
        SelectiveChannel(
            channel,
            chosen.classes[chosen.preferred[channel]],
            f"{chosen.index[channel]:.2f}",
            f"{chosen.n_in_top[channel]} of {chosen.n_top[channel]}",
        )
        for channel in order.tolist()
        if chosen.preferred[channel] >= 0
    )


def facts_of(found: ChannelsFound, channel: int) -> ChannelFacts:
    """What is said of one channel beside the matrix."""
    column, chosen = found.cells[:, channel], found.selectivity
    n = found.table.n_images
    facts = [("fires in", f"{found.fires[channel]:,} of {n:,}"),
             ("mean", short_value(float(column.mean(dtype=np.float64))))]  # fmt: skip
    if found.is_dead[channel]:
        return ChannelFacts(channel, f"is 0 in all {plural(n, 'image')}", tuple(facts))
    if chosen is None:
        return ChannelFacts(channel, "no classes to compare", tuple(facts))
    preferred = int(chosen.preferred[channel])
    if preferred < 0:
        why = "its means are not all above 0: no index"
        return ChannelFacts(channel, why, tuple(facts), _means(found, channel), _note(found))
    index = [("selectivity", f"{chosen.index[channel]:.2f}"),
             ("95 %", f"{chosen.low[channel]:.2f} to {chosen.high[channel]:.2f}")]  # fmt: skip
    return ChannelFacts(
        channel,
        f"prefers {chosen.classes[preferred]}",
        (*index, *facts),
        _means(found, channel),
        _note(found),
    )


def cell_words(found: ChannelsFound, image: int, channel: int) -> tuple[str, ...]:
    """The lines that stand beside a cell."""
    column = found.cells[:, channel]
    value = float(column[image])
    rank = int((column > value).sum()) + 1
    name = found.table.names[image]
    lines = [f"{name}, channel {channel}: {short_value(value)}"]
    place = found.table.place(image, channel)
    where = f"maximum at ({', '.join(map(str, place))}), " if place else ""
    lines.append(f"{where}rank {rank:,} of {plural(len(column), 'image')}")
    chosen, label = found.selectivity, found.labels[image]
    if chosen is not None and label is not None:
        number = chosen.classes.index(label)
        own = short_value(float(chosen.means[number, channel]))
        others = short_value(chosen.others_mean(channel, but=number))
        lines.append(f"mean of {label} {own}, of all others {others}")
    return tuple(lines)


def _means(found: ChannelsFound, channel: int) -> tuple[ClassMean, ...]:
    chosen = found.selectivity
    if chosen is None:
        return ()
    means = chosen.means[:, channel]
    most = float(np.abs(means).max()) or 1.0
    return tuple(
        ClassMean(
            chosen.classes[number],
            short_value(float(means[number])),
            float(means[number]) / most,
            number == int(chosen.preferred[channel]),
        )
        for number in np.argsort(-means, kind="stable").tolist()
    )


def _note(found: ChannelsFound) -> str:
    words = {"maximum": "maximum of an image", "mean": "mean of an image"}
    return words.get(found.summary, "share above 0 of an image")


def _cell_words(found: ChannelsFound) -> str:
    """What a cell is, in a sentence."""
    what = {"maximum": "the maximum", "mean": "the mean"}.get(found.summary, "the share above 0")
    if found.table.is_vector:
        return "A cell is the value of a unit."
    sizes = found.table.columns["size"]
    if not len(sizes) or (sizes != sizes[0]).any():
        return f"A cell is {what} of the places of a map."
    return f"A cell is {what} of {'×'.join(str(int(size)) for size in sizes[0])} places."


def _row_bands(
    found: ChannelsFound, order: MatrixOrder, names: Sequence[str], key: str
) -> tuple[Band, ...]:
    if key == "class":
        labels = [found.labels[row] or NO_CLASS for row in order.rows.tolist()]
    elif key == "folder":
        labels = [name.rpartition("/")[0] for name in names]
    else:
        labels = [""] * len(names)
    return _bands(labels, with_noun=True)


def _column_bands(found: ChannelsFound, columns: np.ndarray, key: str) -> tuple[Band, ...]:
    chosen = found.selectivity
    if chosen is None or key not in ("selectivity", "class"):
        return _bands([""] * len(columns), with_noun=False)
    preferred = chosen.preferred[columns].tolist()
    labels = [NO_CLASS if one < 0 else chosen.classes[one] for one in preferred]
    return _bands(labels, with_noun=False)


def _bands(labels: Sequence[str], *, with_noun: bool) -> tuple[Band, ...]:
    found, start = [], 0
    for label, group in groupby(labels):
        count = len(list(group))
        note = plural(count, "image") if with_noun else f"{count:,}"
        found.append(Band(label, start, count, note))
        start += count
    return tuple(found)

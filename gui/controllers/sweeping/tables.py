"""A sweep, running or stored, as the sweep view shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import msgspec

from core.jobs.sweep import Swept
from core.layer_numbers import LayerNumbers
from core.layers.registry import layer_type
from core.net.definition import Net
from core.net.identity import Place as NetPlace
from core.net.identity import value_at
from core.net.value_words import value_words
from core.retrieval.gallery import Gallery
from core.retrieval.sweep_file import StoredRow, StoredSweep
from core.retrieval.sweep_plan import SweepPlan
from core.retrieval.sweep_rows import SweepRow
from gui.panels.retrieval.sweep_table import (
    Place,
    SweepTable,
    SweptLayer,
    SweptRow,
    in_order,
)

_MOST_NOTES = 2


def running_table(net: Net, plan: SweepPlan | None, rows: Sequence[SweepRow]) -> SweepTable:
    """A sweep as far as it is: what it measures sooner or later, and what it has measured."""
    if plan is None:
        return SweepTable()
    keys = tuple((value.layer, value.top) for value in plan.values)
    planned: frozenset[Place] = frozenset(
        (one.value.layer, one.value.top, one.pool.word) for one in plan.representations
    )
    left_out = {(one.value.layer, one.value.top, one.pooling): one.reason for one in plan.left_out}
    return SweepTable(
        _layers(net, keys),
        in_order([one.pool.word for one in plan.representations]),
        _rows(net, map(_stored, rows)),
        planned,
        left_out,
    )


def finished_table(net: Net, plan: SweepPlan | None, swept: Swept) -> SweepTable:
    """A sweep at its end, with its sentences."""
    table = running_table(net, plan, swept.rows)
    rest = " ".join((_behind_first(swept.sentence), *swept.notes[:_MOST_NOTES])).strip()
    return replace(table, rest=rest, is_finished=True)


def stored_table(
    net: Net, stored: StoredSweep, places: Mapping[tuple[str, str], NetPlace] = MappingProxyType({})
) -> SweepTable:
    """A sweep of earlier; rows of layers that the net does not have are passed over.

    places: where the layers and tops of its table are in the net, which may call them otherwise.
    """
    known = {(version.layer, version.blob) for version in net.versions}
    rows = [_renamed(net, row, places) for row in stored.rows]
    rows = [row for row in rows if (row.layer, row.top) in known]
    keys = tuple(dict.fromkeys((row.layer, row.top) for row in rows))
    return SweepTable(
        _layers(net, keys),
        in_order([row.pooling for row in rows]),
        _rows(net, rows),
        rest=_behind_first(stored.sentence),
        is_finished=True,
    )


def numbers_of(table: SweepTable) -> LayerNumbers:
    """The best mAP of each layer, in percent."""
    best = table.best_by_layer()
    facts = (("Sweep", f"{len(best):,} scored of {len(table.layers):,}"),)
    return LayerNumbers(
        "mAP",
        "%",
        {(name, row.top): 100 * row.mean_ap for name, row in best.items()},
        "the sweep that shows, best representation",
        (*facts, ("Number", "mAP of the best representation")),
        missing="not scored",
        notes={name: row.pooling_text for name, row in best.items()},
    )


def places_of(gallery: Gallery) -> dict[tuple[str, str], NetPlace]:
    """Where each layer and top that a sweep's gallery was read with is in its net."""
    recipes = (gallery.recipe, *(one.recipe for one in gallery.contents.others))
    return {(one.layer, one.top): one.place for one in recipes if one.place is not None}


def _renamed(net: Net, row: StoredRow, places: Mapping[tuple[str, str], NetPlace]) -> StoredRow:
    place = places.get((row.layer, row.top))
    found = None if place is None else value_at(net, place)
    return row if found is None else msgspec.structs.replace(row, layer=found[0], top=found[1])


def _layers(net: Net, keys: Iterable[tuple[str, str]]) -> tuple[SweptLayer, ...]:
    words = _words(net)
    return tuple(
        SweptLayer(layer, top, words.get((layer, top), layer), _family(net, layer))
        for layer, top in keys
    )


def _rows(net: Net, rows: Iterable[StoredRow]) -> tuple[SweptRow, ...]:
    words = _words(net)
    return tuple(
        SweptRow(
            row.layer, row.top, words.get((row.layer, row.top), row.layer), row.pooling, row.after,
            row.dimension, row.mAP, *row.mAP_95, row.p_at_1, row.p_at_10, row.n_queries,
            row.n_ties, row.sparsity, row.effective_rank, row.hubness, row.separation,
            row.representation, row.notes,
        )
        for row in rows
    )  # fmt: skip


def _stored(row: SweepRow) -> StoredRow:
    return msgspec.convert(row.to_json(), StoredRow)


def _words(net: Net) -> dict[tuple[str, str], str]:
    return {(version.layer, version.blob): value_words(version) for version in net.versions}


def _family(net: Net, name: str) -> str:
    return layer_type(net.layer(name).type).family if net.has_layer(name) else ""


def _behind_first(sentence: str) -> str:
    """What stands behind the first sentence, which the view says in words of its own."""
    return sentence.partition(". ")[2]

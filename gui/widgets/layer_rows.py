"""What a list of layers shows: a row for each value, as it is found, spelled and shaped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import BlobVersion, Net
from core.net.find import FindRecord, Query
from core.net.value_words import blob_words
from core.words import shape_text


@dataclass(frozen=True)
class LayerRow:
    """One value: how it is found, its layer and top, and how it is spelled.

    top: "" for a layer that writes nothing. blob: "fc7@1" where it says more than the layer's name
    does. shape: without the batch. is_hidden: a later layer overwrites it. chain: the blob that
    it shares with other layers, "" for none. is_in_gallery: the open gallery was read with it.
    """

    record: FindRecord
    layer: str
    top: str
    blob: str
    shape: str
    is_hidden: bool = False
    chain: str = ""
    is_in_gallery: bool = False

    @property
    def words(self) -> str:
        """The one spelling of a value: "relu7 · fc7@1"."""
        return f"{self.layer} · {self.blob}" if self.blob else self.layer


@dataclass(frozen=True)
class Found:
    """The rows that a query found: by what they are called, and then by their shape alone."""

    by_name: tuple[LayerRow, ...]
    by_shape: tuple[LayerRow, ...] = ()


def layer_rows(
    net: Net, shapes: NetShapes, in_gallery: Collection[tuple[str, str]] = ()
) -> tuple[LayerRow, ...]:
    """A row for each value in the order of the net; for a layer without a top, one row.

    in_gallery: (layer, top) of each value that the open gallery was read with.
    """
    chain_of = {
        (version.layer, version.top_index): chain.blob
        for chain in net.chains
        for version in chain.versions
    }
    rows = []
    for record, layer in zip(find_records(net, shapes), net.layers, strict=True):
        written = net.written(layer)
        if not written:
            rows.append(LayerRow(record, layer.name, "", "", ""))
        for version in written:
            top = layer.tops[version.top_index]
            rows.append(
                LayerRow(
                    record,
                    layer.name,
                    top,
                    blob_words(version),
                    _shape_words(shapes, net, version),
                    not version.is_readable,
                    chain_of.get((layer.name, version.top_index), ""),
                    (layer.name, top) in in_gallery,
                )
            )
    return tuple(rows)


def find_rows(rows: Sequence[LayerRow], query: Query) -> Found:
    """What a query finds; a row whose shape alone matches comes after those named so."""
    hits = [row for row in rows if query.matches(row.record)]
    by_name = tuple(row for row in hits if query.matches_words(row.record))
    return Found(by_name, tuple(row for row in hits if row not in by_name))


def _shape_words(shapes: NetShapes, net: Net, version: BlobVersion) -> str:
    shape = shapes.top(net.layers[version.layer_index], version.top_index)
    return "" if shape is None else shape_text(shape[1:] or shape)

"""The layer table as CSV, with shares and totals as plain numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from gui.panels.layers.rows import LayerCosts, LayerRow, total_costs

HEADER = (
    "layer", "type", "bottoms", "blob versions", "output shapes", "in place", "overwritten",
    "parameters", "parameters share", "MACs", "MACs share", "memory bytes", "memory share",
)  # fmt: skip


def layers_as_csv(rows: Sequence[LayerRow]) -> str:
    """One line a row, then the totals; shares are fractions of them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    totals = total_costs(rows)
    writer.writerows(_line(row, totals) for row in rows)
    empty = ("",) * 5
    sums = _with_shares(totals, totals)
    writer.writerow(("total", f"{len(rows)} layers", *empty, *sums))
    return out.getvalue()


def _line(row: LayerRow, totals: LayerCosts) -> tuple[object, ...]:
    record = row.record
    shapes = ("?" if s is None else "x".join(map(str, s)) for s in record.shapes)
    return (
        record.name,
        record.type,
        " ".join(record.bottoms),
        " ".join(record.versions),
        " ".join(shapes),
        "yes" if record.is_in_place else "no",
        "yes" if record.is_hidden else "no",
        *_with_shares(row.costs, totals),
    )


def _with_shares(costs: LayerCosts, totals: LayerCosts) -> tuple[object, ...]:
    pairs = zip(costs, totals, strict=True)
    return tuple(
        value for part, total in pairs for value in (part, f"{part / total:.6f}" if total else "0")
    )

"""The report of a proof: gains with intervals, classes, queries, weights that moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.errors import AppError
from core.images.thumbnails import thumbnail
from core.reports.page import as_data_uri, write_page
from core.representations.titles import after_title, pooling_title
from core.training.proof import Proof, ProofQuery, ProofRow
from core.words import percent_number, points

_MOST_QUERIES = 8
_SIDE = 120
_WIDTH = 240.0


class Moved(Protocol):
    """How far a layer's weights moved."""

    @property
    def name(self) -> str: ...
    @property
    def change(self) -> float | None: ...


def write_proof_report(proof: Proof, moved: Sequence[Moved], root: Path, path: Path) -> None:
    """One HTML file with its own drawings and pictures. root: of the images. Raises AppError."""
    reach = max(
        (max(abs(row.difference.low), abs(row.difference.high)) for row in proof.rows), default=0.0
    )
    most = max((one.change or 0.0 for one in moved), default=0.0) or 1.0
    gains = [query for query in proof.queries if query.gain > 0][:_MOST_QUERIES]
    losses = [query for query in proof.queries if query.gain < 0][:_MOST_QUERIES]
    write_page(
        "proof.html",
        path,
        {
            "sentence": proof.sentence,
            "caveats": proof.caveats,
            "rows": [_row(row, reach or 1.0) for row in proof.rows],
            "lead": proof.rows[0].words,
            "classes": [
                {"label": label, "before": percent_number(a), "after": percent_number(b), "n": n,
                 "gain": points(b - a), "share": round(min(1.0, abs(b - a)) * 100, 1),
                 "is_loss": b < a}
                for label, a, b, n in proof.classes
            ],
            "gains": [_query(query, root) for query in gains],
            "losses": [_query(query, root) for query in losses],
            "moved": [
                {"name": one.name, "change": f"{100 * (one.change or 0):.2g} %",
                 "share": round(100 * (one.change or 0) / most, 1)}
                for one in moved if one.change is not None
            ],
        },
    )  # fmt: skip


def _row(row: ProofRow, reach: float) -> dict[str, object]:
    found = row.difference
    places = {
        name: round(_WIDTH * (0.5 + 0.48 * value / reach), 1)
        for name, value in (("low", found.low), ("mean", found.mean), ("high", found.high))
    }
    name = row.layer if row.layer == row.after_layer else f"{row.layer} to {row.after_layer}"
    return {
        "layer": name,
        "pooling": pooling_title(row.pooling),
        "post": after_title(row.post),
        "before": percent_number(row.before),
        "after": percent_number(row.after),
        "gain": "unchanged" if row.is_unchanged else points(found.mean),
        "p": "" if row.is_unchanged else _p(row.p_corrected),
        "is_sure": not row.is_unchanged and row.p_corrected < 0.05,
        "is_unchanged": row.is_unchanged,
        **places,
    }


def _query(query: ProofQuery, root: Path) -> dict[str, object]:
    try:
        picture = as_data_uri(thumbnail(root / query.file, _SIDE))
    except AppError:
        picture = ""
    return {
        "file": query.file,
        "picture": picture,
        "before": percent_number(query.before),
        "after": percent_number(query.after),
        "gain": points(query.gain),
    }


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

"""The table of a sweep as a CSV file or text, with lines that say what it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from core import __version__
from core.csv_table import guarded_cell, write_csv
from core.evaluation.scores import AP_VARIANT
from core.retrieval.gallery import Gallery
from core.retrieval.ranking_caption import net_caption
from core.retrieval.sweep_file import StoredRow, StoredSweep
from core.words import plural, printable

_COLUMNS = (
    "layer", "top", "pooling", "after", "dimension", "mAP", "mAP from", "mAP to", "P@1", "P@10",
    "queries", "ties", "sparsity", "effective rank", "hubness", "separation", "fit on",
)  # fmt: skip


def sweep_caption(
    gallery: Gallery, sweep: StoredSweep, net: Path, weights: Path | None
) -> tuple[str, ...]:
    """Images and labels, net and weights, preprocessing and the sentence, in lines."""
    recipe = gallery.recipe
    lines = (
        f"Layer sweep over {plural(len(gallery), 'image')} of {gallery.root}, labels: "
        f"{sweep.truth}, {plural_queries(len(sweep.queries))}",
        net_caption(recipe, net, weights),
        f"{recipe.preprocess.describe()}; cosine; AP: {AP_VARIANT}; 95 % intervals: bootstrap",
        sweep.sentence,
        f"Blobscope {__version__}",
    )
    return tuple(map(printable, lines))


def plural_queries(n: int) -> str:
    """ "1 query", "41 queries"."""
    return f"{n:,} {'query' if n == 1 else 'queries'}"


def export_sweep(path: Path, rows: Sequence[StoredRow], caption: Sequence[str]) -> None:
    """Write the caption behind #, the headings and a line a row. Raises AppError."""
    said = ((f"# {line}",) for line in caption)
    write_csv(path, chain(said, sweep_cells(rows)))


def sweep_text(rows: Sequence[StoredRow], caption: Sequence[str]) -> str:
    """The same for the clipboard, cells apart by tabs and guarded as in a CSV file."""
    lines = ("\t".join(str(guarded_cell(cell)) for cell in row) for row in sweep_cells(rows))
    return "\n".join((*(f"# {line}" for line in caption), *lines))


def sweep_cells(rows: Iterable[StoredRow]) -> Iterable[tuple[object, ...]]:
    """The headings, then the cells of each row."""
    return chain((_COLUMNS,), map(_cells, rows))


def _cells(row: StoredRow) -> tuple[object, ...]:
    return (
        row.layer, row.top, row.pooling, row.after, row.dimension, f"{row.mAP:.4f}",
        f"{row.mAP_95[0]:.4f}", f"{row.mAP_95[1]:.4f}", f"{row.p_at_1:.4f}",
        f"{row.p_at_10:.4f}", row.n_queries, row.n_ties, f"{row.sparsity:.4f}",
        f"{row.effective_rank:.2f}", f"{row.hubness:.2f}",
        "" if row.separation is None else f"{row.separation:.4f}", row.fit_on or "",
    )  # fmt: skip

"""Rankings as CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

from core.files import written_beside
from core.retrieval.gallery import Gallery
from core.retrieval.scores import judge
from core.retrieval.search import Ranking


def export_ranking(
    path: Path, gallery: Gallery, ranking: Ranking, query_label: str | None = None
) -> None:
    """Write rank, score, file, label and whether it is relevant; then put the file in place.

    The last column is empty for a query without a label. Raises AppError when the disk refuses.
    """
    verdicts = judge(ranking, gallery.labels, query_label)
    with (
        written_beside(path) as partial,
        partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(["rank", "score", "file", "label", "relevant"])
        for place, (index, score) in enumerate(zip(ranking.index, ranking.score, strict=True)):
            image = gallery.images[int(index)]
            relevant = "" if verdicts is None else int(verdicts[place])
            rows.writerow([place + 1, f"{score:.6f}", image.path, image.label or "", relevant])

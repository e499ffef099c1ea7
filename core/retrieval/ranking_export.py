"""Rankings as CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from core.csv_table import write_csv
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answers
from core.retrieval.search import Ranking, judge

_COLUMNS = ("rank", "score", "file", "label", "relevant")


def export_ranking(
    path: Path,
    gallery: Gallery,
    ranking: Ranking,
    query_label: str | None = None,
    caption: Sequence[str] = (),
) -> None:
    """Write rank, score, file, label and whether it is relevant; then put the file in place.

    The last column is empty for a query without a label. caption: lines before the headings, each
    behind a # as readers of tables skip it. Raises AppError when the disk refuses.
    """
    write_csv(path, chain((_COLUMNS,), _rows(gallery, ranking, query_label)), caption)


def export_rankings(path: Path, gallery: Gallery, found: Answers) -> None:
    """Write the ranking of one query as `export_ranking`; of several with their files before.

    What the answers' reader has to know stands before the headings, each line behind a #.
    """
    answers = found.answers
    if len(answers) == 1:
        notes = (*found.notes, *answers[0].notes)
        export_ranking(path, gallery, answers[0].ranking, answers[0].label, notes)
        return
    rows = (
        (str(answer.query.given), *row)
        for answer in answers
        for row in _rows(gallery, answer.ranking, answer.label)
    )
    write_csv(path, chain((("query", *_COLUMNS),), rows), found.notes)


def _rows(gallery: Gallery, ranking: Ranking, label: str | None) -> Iterator[tuple[object, ...]]:
    verdicts = judge(ranking, gallery.labels, label)
    for place, (index, score) in enumerate(zip(ranking.index, ranking.score, strict=True)):
        image = gallery.images[int(index)]
        relevant = "" if verdicts is None else int(verdicts[place])
        yield place + 1, f"{score:.6f}", image.path, image.label or "", relevant

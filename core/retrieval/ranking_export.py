"""Rankings as CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from core.csv_table import write_csv
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer, Answers
from core.retrieval.search import Ranking, judge

_COLUMNS = ("rank", "score", "file", "label", "relevant")
JUNK = "junk"


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
    verdicts = judge(ranking, gallery.labels, query_label)
    write_csv(path, chain((_COLUMNS,), _rows(gallery, ranking, verdicts)), caption)


def export_answer(
    path: Path, gallery: Gallery, answer: Answer, caption: Sequence[str] = ()
) -> None:
    """Write the ranking of an answer as `export_ranking`, judged as the answer is.

    Junk of a benchmark has no rank, and "junk" in the last column.
    """
    write_csv(path, chain((_COLUMNS,), _answer_rows(gallery, answer)), caption)


def export_rankings(path: Path, gallery: Gallery, found: Answers) -> None:
    """Write the ranking of one query as `export_answer`; of several with their files before.

    What the answers' reader has to know stands before the headings, each line behind a #.
    """
    answers = found.answers
    if len(answers) == 1:
        notes = (*found.notes, *answers[0].notes)
        export_answer(path, gallery, answers[0], notes)
        return
    rows = (
        (str(answer.query.given), *row)
        for answer in answers
        for row in _answer_rows(gallery, answer)
    )
    write_csv(path, chain((("query", *_COLUMNS),), rows), found.notes)


def ranks_of(answer: Answer) -> np.ndarray:
    """The rank of each place from 1, (n,) int64; 0 for junk, which takes none."""
    n = len(answer.ranking)
    if answer.junk is None:
        return np.arange(1, n + 1)
    ranks = np.cumsum(~answer.junk)
    return np.where(answer.junk, 0, ranks)


def _answer_rows(gallery: Gallery, answer: Answer) -> Iterator[tuple[object, ...]]:
    return _rows(gallery, answer.ranking, answer.verdicts, ranks_of(answer))


def _rows(
    gallery: Gallery,
    ranking: Ranking,
    verdicts: np.ndarray | None,
    ranks: np.ndarray | None = None,
) -> Iterator[tuple[object, ...]]:
    for place, (index, score) in enumerate(zip(ranking.index, ranking.score, strict=True)):
        image = gallery.images[int(index)]
        relevant: object = "" if verdicts is None else int(verdicts[place])
        rank: object = place + 1 if ranks is None else int(ranks[place])
        if not rank:
            rank, relevant = "", JUNK
        yield rank, f"{score:.6f}", image.path, image.label or "", relevant

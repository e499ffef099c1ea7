"""Rankings as one HTML file: the query, the first results with pictures, what they are of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import AppError
from core.images.thumbnails import thumbnail
from core.reports.page import as_data_uri, write_page
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from core.retrieval.ranking_export import JUNK, ranks_of
from core.words import plural

MOST_SHOWN = 60
_SIDE, _QUERY_SIDE = 160, 320
_SIGNS = {
    "relevant": "\N{CHECK MARK}",
    "wrong": "\N{MULTIPLICATION SIGN}",
    JUNK: "\N{EN DASH} junk",
}


def write_ranking_report(
    path: Path,
    gallery: Gallery,
    answers: Sequence[tuple[Answer, Sequence[str]]],
    *,
    most: int = MOST_SHOWN,
) -> None:
    """Write answers with the lines of their captions; at most `most` results each have a picture.

    Names are text, whatever they hold. Raises AppError when the disk refuses.
    """
    rankings = [_described(gallery, answer, caption, most) for answer, caption in answers]
    first = next((caption[0] for _, caption in answers if caption), "Ranking")
    title = first if len(rankings) == 1 else f"{plural(len(rankings), 'ranking')}"
    write_page("ranking.html", path, {"title": title, "rankings": rankings})


def _described(
    gallery: Gallery, answer: Answer, caption: Sequence[str], most: int
) -> dict[str, object]:
    query, ranks = answer.query, ranks_of(answer)
    name = str(query.path) if query.index is None else gallery.images.paths[query.index]
    return {
        "caption": list(caption) or [f"Ranking for {name}"],
        "name": name,
        "picture": _picture(query.path, _QUERY_SIDE),
        "n_ranked": f"{len(answer.ranking):,}",
        "results": [
            _result(gallery, answer, place, int(ranks[place]))
            for place in range(min(most, len(answer.ranking)))
        ],
    }


def _result(gallery: Gallery, answer: Answer, place: int, rank: int) -> dict[str, str]:
    index = int(answer.ranking.index[place])
    kind = ""
    if answer.verdicts is not None:
        kind = "relevant" if answer.verdicts[place] else "wrong"
    if not rank:
        kind = JUNK
    return {
        "rank": f"{rank:,}" if rank else "",
        "score": f"{answer.ranking.score[place]:.4f}",
        "name": gallery.images.paths[index],
        "picture": _picture(gallery.path(index), _SIDE),
        "kind": f" {kind}" if kind else "",
        "mark": _SIGNS.get(kind, ""),
    }


def _picture(path: Path, side: int) -> str:
    try:
        return as_data_uri(thumbnail(path, side))
    except AppError:
        return ""

"""What a fine-tuning did to retrieval: two sweeps of the same images, set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import GalleryError
from core.evaluation.intervals import PairedDifference, paired_difference
from core.representations.titles import after_title, pooling_title
from core.retrieval.compared_results import SIGNIFICANT
from core.retrieval.sweep_file import OpenedSweep, StoredRow
from core.training.split import Split
from core.words import percent_number, plural, points

Queries = Literal["all", "held back", "new classes"]
"""Which queries a proof counts: of the test part, or of val where there is none; of classes that
the split does not have."""


@dataclass(frozen=True)
class ProofRow:
    """One representation before and after.

    after_layer: its name after, another one for a layer that was renamed. p_corrected: p times how
    often one could have been lucky (Holm, 1979); is_unchanged: every query has the AP it had.
    """

    layer: str
    after_layer: str
    pooling: str
    post: str
    before: float
    after: float
    difference: PairedDifference
    p_corrected: float
    is_unchanged: bool

    @property
    def words(self) -> str:
        """ "fire9/concat, GAP, L2"."""
        return f"{self.after_layer}, {pooling_title(self.pooling)}, {after_title(self.post)}"


@dataclass(frozen=True)
class ProofQuery:
    """One query under the row that the proof is about."""

    file: str
    label: str
    before: float
    after: float

    @property
    def gain(self) -> float:
        """AP after minus before."""
        return self.after - self.before


@dataclass(frozen=True)
class Proof:
    """Rows by mAP after, the greatest first; of the first of them, classes and queries.

    classes: label, mAP before, mAP after, number of queries; the greatest gain first. caveats: what
    the figures do not say.
    """

    rows: tuple[ProofRow, ...]
    classes: tuple[tuple[str, float, float, int], ...]
    queries: tuple[ProofQuery, ...]
    sentence: str
    caveats: tuple[str, ...]


def prove(
    before: OpenedSweep,
    after: OpenedSweep,
    labels: Mapping[str, str],
    *,
    renamed: Mapping[str, str] | None = None,
    split: Split | None = None,
    of: Queries = "all",
) -> Proof:
    """Pair the rows of two sweeps and say what was gained.

    labels: of each query, by file. renamed: old and new name of layers. split: what was trained on,
    to say what the figures rest on. of: which queries count. Raises GalleryError for sweeps that
    share no query or no row, and where no query is of that kind.
    """
    places = {file: at for at, file in enumerate(after.table.queries)}
    common = [file for file in before.table.queries if file in places]
    if not common:
        raise GalleryError("The two sweeps have no query in common.")
    common = _counted(common, labels, split, of)
    own = {file: at for at, file in enumerate(before.table.queries)}
    pairs = _pairs(before.table.rows, after.table.rows, renamed or {})
    if not pairs:
        raise GalleryError("The two sweeps have no representation in common.")
    first = [before.precisions[i, [own[file] for file in common]] for i, _ in pairs]
    second = [after.precisions[j, [places[file] for file in common]] for _, j in pairs]
    found = [
        paired_difference(a.astype(np.float64), b.astype(np.float64))
        for a, b in zip(first, second, strict=True)
    ]
    moved = [not np.array_equal(a, b) for a, b in zip(first, second, strict=True)]
    corrected = _holm([one.p if did else 1.0 for one, did in zip(found, moved, strict=True)], moved)
    order = sorted(range(len(pairs)), key=lambda k: -float(second[k].mean()))
    rows = tuple(
        ProofRow(
            before.table.rows[pairs[k][0]].layer,
            after.table.rows[pairs[k][1]].layer,
            before.table.rows[pairs[k][0]].pooling,
            before.table.rows[pairs[k][0]].after,
            float(first[k].mean()),
            float(second[k].mean()),
            found[k],
            corrected[k],
            not moved[k],
        )
        for k in order
    )
    lead = order[0]
    queries = [
        ProofQuery(file, labels.get(file, ""), float(a), float(b))
        for file, a, b in zip(common, first[lead], second[lead], strict=True)
    ]
    return Proof(
        rows,
        _by_class(queries),
        tuple(sorted(queries, key=lambda query: -abs(query.gain))),
        _sentence(rows),
        tuple(_caveats(rows, common, labels, split)),
    )


def _counted(
    queries: Sequence[str], labels: Mapping[str, str], split: Split | None, of: Queries
) -> list[str]:
    """The queries of a kind: held back from training, or of classes that it never saw."""
    if of == "all" or split is None:
        return list(queries)
    if of == "new classes":
        found = [q for q in queries if q in labels and labels[q] not in split.classes]
    else:
        held = set(split.parts["test"] or split.parts["val"])
        found = [query for query in queries if query in held]
    if not found:
        raise GalleryError(
            "There is no image of a class that training did not see." if of == "new classes"
            else "The split holds no image back from training."
        )  # fmt: skip
    return found


def _pairs(
    before: Sequence[StoredRow], after: Sequence[StoredRow], renamed: Mapping[str, str]
) -> list[tuple[int, int]]:
    """Numbers of rows that say the same of the same layer."""
    known = {(row.layer, row.top, row.pooling, _kind(row)): j for j, row in enumerate(after)}
    by_layer = {(row.layer, row.pooling, _kind(row)): j for j, row in enumerate(after)}
    found = []
    for i, row in enumerate(before):
        j = known.get((row.layer, row.top, row.pooling, _kind(row)))
        if j is None:
            name = renamed.get(row.layer, row.layer)
            j = by_layer.get((name, row.pooling, _kind(row)))
        if j is not None:
            found.append((i, j))
    return found


def _kind(row: StoredRow) -> str:
    """The post-processing without the dimension that a fit decided."""
    return row.after.partition(":")[0]


def _holm(values: Sequence[float], is_test: Sequence[bool]) -> list[float]:
    """Holm's step-down correction: the k-th smallest of n times n - k, and never falling.

    What is no test, as where nothing changed, has p 1 and does not count.
    """
    tests = [k for k, counts in enumerate(is_test) if counts]
    corrected, least = [1.0] * len(values), 0.0
    for rank, k in enumerate(sorted(tests, key=lambda k: values[k])):
        least = max(least, min(1.0, values[k] * (len(tests) - rank)))
        corrected[k] = least
    return corrected


def _by_class(queries: Sequence[ProofQuery]) -> tuple[tuple[str, float, float, int], ...]:
    labels = sorted({query.label for query in queries if query.label})
    found = []
    for label in labels:
        own = [query for query in queries if query.label == label]
        means = [float(np.mean([getattr(q, side) for q in own])) for side in ("before", "after")]
        found.append((label, means[0], means[1], len(own)))
    return tuple(sorted(found, key=lambda row: row[1] - row[2]))


def _sentence(rows: Sequence[ProofRow]) -> str:
    lead = rows[0]
    best_before = max(rows, key=lambda row: row.before)
    gain = lead.difference
    told = (
        f"mAP {percent_number(lead.before)} to {percent_number(lead.after)} %, "
        f"{points(gain.mean)} points (95 %: {points(gain.low)} to {points(gain.high)}, "
        f"p {_p(lead.p_corrected)} corrected for "
        f"{plural(sum(not row.is_unchanged for row in rows), 'test')})"
    )
    if lead.is_unchanged:
        verdict = f"The best representation, {lead.words}, finds what it found before"
        told = f"mAP {percent_number(lead.after)} %"
    elif lead.p_corrected >= SIGNIFICANT:
        verdict = f"{lead.words} may have changed by chance alone"
    else:
        verdict = f"{lead.words} finds {'more' if gain.mean > 0 else 'less'}"
    more = ""
    if best_before.words != lead.words and best_before.before > lead.after:
        more = (
            f" Before, {best_before.layer}, {pooling_title(best_before.pooling)}, "
            f"{after_title(best_before.post)} had "
            f"{percent_number(best_before.before)} %: nothing is as good now."
        )
    return f"{verdict}: {told}.{more}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _caveats(
    rows: Sequence[ProofRow], queries: Sequence[str], labels: Mapping[str, str], split: Split | None
) -> list[str]:
    found = []
    worse = [row for row in rows if row.difference.mean < 0 and row.p_corrected < SIGNIFICANT]
    if worse:
        least = min(worse, key=lambda row: row.difference.mean)
        found.append(
            f"{len(worse)} of {len(rows)} representations find less than before, {least.words} "
            f"{points(least.difference.mean)} points."
        )
    if split is None:
        found.append("Which of these images the training saw is not known here: give its split.")
        return found
    trained = set(split.parts["train"])
    n_seen = sum(file in trained for file in queries)
    if n_seen:
        found.append(
            f"{n_seen} of {len(queries)} queries are images that the net was trained on: for them "
            "the figures say little."
        )
    if trained & set(labels) and not n_seen:
        found.append("The gallery that they are ranked in holds the training images, too.")
    unseen = {labels[file] for file in queries if file in labels} - set(split.classes)
    if unseen:
        classes = "1 class was" if len(unseen) == 1 else f"{len(unseen)} classes were"
        found.append(f"{classes} never seen in training: {_some(sorted(unseen))}.")
    else:
        found.append("Every class was in training: this says nothing of new classes.")
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

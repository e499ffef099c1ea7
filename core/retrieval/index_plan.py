"""What an index has to do: files that are new or changed, those that stay, those that are gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.images.finding import FolderListing
from core.retrieval.absence import Missing, judge_missing
from core.retrieval.gallery_contents import (
    GONE,
    Contents,
    FileStamp,
    StoredProblem,
    stamp_of,
)
from core.retrieval.mixed_order import mixed_order


@dataclass(frozen=True)
class IndexPlan:
    """What is to do: `todo` by relative path, what stays, and what is missing.

    n_expected: files that will be in the gallery or among its problems. outdated: those to do of
    which the gallery has an older state.
    """

    root: Path
    todo: dict[str, FileStamp]
    unnameable: tuple[StoredProblem, ...]
    n_kept: int
    n_expected: int
    outdated: tuple[str, ...]
    missing: Missing


def plan_index(
    listing: FolderListing, contents: Contents, absent: frozenset[str], *, prune: bool
) -> IndexPlan:
    """Compare the files with what the gallery holds.

    absent: what an earlier index did not see and kept. A known file that is listed and can't be
    asked for its size stays as it is.
    """
    known = {image.path: image.stamp for image in contents.images}
    known_problems = {problem.path: problem.stamp for problem in contents.problems}
    todo: dict[str, FileStamp] = {}
    unnameable = []
    seen = set()
    n_kept = 0
    for path in mixed_order(listing.images):
        relative = path.relative_to(listing.root).as_posix()
        stamp = stamp_of(path)
        if not _is_utf8(relative):
            shown = relative.encode("utf-8", "backslashreplace").decode()
            unnameable.append(StoredProblem(shown, "Its name is not UTF-8; rename it.", stamp))
            seen.add(shown)
            continue
        seen.add(relative)
        if relative in known and stamp in (known[relative], GONE):
            n_kept += 1
        elif known_problems.get(relative) != stamp:
            todo[relative] = stamp
    there = known.keys() | known_problems.keys()
    missing = judge_missing(listing, there, seen, absent, prune=prune)
    return IndexPlan(
        listing.root,
        todo,
        tuple(unnameable),
        n_kept,
        n_expected=len(listing.images) + len(missing.absent),
        outdated=tuple(relative for relative in todo if relative in there),
        missing=missing,
    )


def find_unread(listing: FolderListing, contents: Contents) -> tuple[Path, ...]:
    """The listed files that an index would describe, in the order in which it would."""
    plan = plan_index(listing, contents, frozenset(), prune=False)
    return tuple(plan.root / relative for relative in plan.todo)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""Files of a gallery that its folder does not show: gone for good, or only absent for now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.files import is_folder
from core.images.finding import FolderListing
from core.words import plural

MOST_SHARE = 0.5
FEW = 3
_NOT_THERE = "the folder is not there"
_NONE_KNOWN = "the folder shows none of the images it had"
_SINCE_BEFORE = "not seen by an earlier index either"
_PLAIN = ""
RULE = (
    "A file that is gone leaves the gallery if its folder still shows another image that was "
    "known. It stays as absent if that folder is missing, empty or can't be opened, if anything "
    "else could not be listed, or if more than half of the gallery is missing, and more than "
    f"{FEW} files."
)


@dataclass(frozen=True)
class AbsentFiles:
    """Files of one folder that stay in the gallery though they are not to be seen.

    folder: from the gallery's root, "" for that itself. reason: "" where the folder lists well.
    """

    folder: str
    n_files: int
    reason: str

    def describe(self) -> str:
        """ "5 in red (permission denied)"."""
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.n_files:,} in {self.folder or 'the folder itself'}{why}"


@dataclass(frozen=True)
class Missing:
    """What a gallery knows and its folder does not show: `gone` is dropped, `absent` stays.

    to_remember: those of `absent` that stay so when whatever else could not be listed is back.
    """

    gone: tuple[str, ...]
    absent: tuple[str, ...]
    to_remember: tuple[str, ...] = ()
    folders: tuple[AbsentFiles, ...] = ()


def judge_missing(
    listing: FolderListing,
    known: Collection[str],
    seen: Collection[str],
    absent_before: Collection[str],
    *,
    prune: bool,
) -> Missing:
    """Tell what is gone from what may come back, by RULE; with `prune` all of it is gone.

    known: what the gallery has, seen: what the folder shows, absent_before: what earlier indexes
    kept so, all relative to the listing's root. A disk that is not connected leaves an empty
    folder, none, or one with files of its own: a folder is believed only if it shows an image that
    was known before, and what is absent once stays so, for by then those files are known too.
    """
    missing = sorted(set(known) - set(seen))
    if prune:
        return Missing(tuple(missing), ())
    closed = _closed_places(listing)
    alive = {_folder_of(name) for name in known if name in seen}
    reasons = {name: _reason(name, closed, alive, listing) for name in missing}
    for name in missing:
        if name in absent_before and reasons[name] == _PLAIN:
            reasons[name] = _SINCE_BEFORE
    are_most = len(missing) > FEW and len(missing) > MOST_SHARE * len(known)
    doubtful = [name for name in missing if are_most or reasons[name] != _PLAIN]
    if any(one.is_loss for one in listing.skipped):
        return Missing((), tuple(missing), tuple(doubtful), _by_folder(missing, reasons))
    gone = sorted(set(missing) - set(doubtful))
    return Missing(tuple(gone), tuple(doubtful), tuple(doubtful), _by_folder(doubtful, reasons))


def by_folder(names: Collection[str], reason: str) -> tuple[AbsentFiles, ...]:
    """Files that are absent for one reason, folder by folder."""
    return _by_folder(names, dict.fromkeys(names, reason))


def describe_absent(folders: Collection[AbsentFiles]) -> str:
    """ "5 in red (permission denied); 2 in blue"; folders beyond the third are counted."""
    shown = [one.describe() for one in sorted(folders, key=lambda one: -one.n_files)[:3]]
    more = f"; and {plural(len(folders) - 3, 'folder')} more" if len(folders) > 3 else ""
    return "; ".join(shown) + more


def _closed_places(listing: FolderListing) -> dict[str, str]:
    """What can't be listed now, a folder or a link, by its path from the root; and why."""
    return {
        one.path.relative_to(listing.root).as_posix(): one.reason
        for one in listing.skipped
        if one.is_loss and one.path.is_relative_to(listing.root)
    }


def _reason(name: str, closed: dict[str, str], alive: set[str], listing: FolderListing) -> str:
    path = PurePosixPath(name)
    for place in (path, *path.parents):
        if place.as_posix() in closed:
            return closed[place.as_posix()]
    if _folder_of(name) in alive:
        return _PLAIN
    return _NONE_KNOWN if is_folder((listing.root / name).parent) else _NOT_THERE


def _by_folder(names: Collection[str], reasons: dict[str, str]) -> tuple[AbsentFiles, ...]:
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(_folder_of(name), []).append(reasons[name])
    return tuple(
        AbsentFiles(folder, len(why), why[0] if len(set(why)) == 1 else f"{why[0]}, and the like")
        for folder, why in sorted(folders.items())
    )


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]

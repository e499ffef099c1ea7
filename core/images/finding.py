"""The images that folders, files and lists of paths name, and what was left out and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import ImageError
from core.files import is_folder, is_there
from core.images.formats import describe_other_suffix, is_image_name
from core.images.path_list import ListedPath, is_path_list, read_path_list
from core.reading import check_cancelled


@dataclass(frozen=True)
class SkippedFile:
    """A path that is not taken for an image, and why.

    is_loss: images may be missing because of it, as with a folder that can't be opened; not so with
    a file that is plainly none.
    """

    path: Path
    reason: str
    is_loss: bool = False
    is_folder: bool = False

    def describe(self, root: Path | None = None) -> str:
        """ "folder vase: permission denied", its name as seen from `root`."""
        is_inside = root is not None and self.path.is_relative_to(root)
        name = self.path.relative_to(root) if root is not None and is_inside else self.path
        return f"{'folder ' if self.is_folder else ''}{name}: {self.reason}"


@dataclass(frozen=True)
class FolderListing:
    """What a folder and its sub-folders hold, sorted by path, hidden files left out.

    skipped: first what may cost images, then files that are none; root: the folder.
    """

    images: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]
    root: Path


@dataclass(frozen=True)
class ImageFiles:
    """Images to work on: those of folders by path, those of lists in the list's order.

    labels: one for each file, None where no list gives it one; skipped: as in FolderListing.
    """

    files: tuple[Path, ...] = ()
    labels: tuple[str | None, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()

    @property
    def losses(self) -> tuple[SkippedFile, ...]:
        """What was left out and may have cost images."""
        return tuple(one for one in self.skipped if one.is_loss)


def find_files(paths: Sequence[Path]) -> ImageFiles:
    """The images of folders, single files and lists, one after another.

    A list is a text with one path a line, alone or with a label behind it as Caffe's ImageData
    reads; relative to the list's folder, else to the current one. A path that is given by itself is
    taken for an image whatever it is called. Each file counts once. Raises ImageError for a path
    that is not there and where no image is found at all.
    """
    found: dict[Path, str | None] = {}
    skipped: list[SkippedFile] = []
    for path in paths:
        for file, label in _expand(path, skipped):
            if file in found:
                skipped.append(SkippedFile(file, "named a second time"))
            else:
                found[file] = label
    if not found:
        first = f" {skipped[0].describe()}." if skipped else ""
        named = ", ".join(str(path) for path in paths)
        raise ImageError(f"There are no images in {named}.{first}", hint="Choose other files.")
    ordered = sorted(skipped, key=lambda one: not one.is_loss)
    return ImageFiles(tuple(found), tuple(found.values()), tuple(ordered))


def find_images(folder: Path) -> tuple[Path, ...]:
    """All images of a folder and its sub-folders by suffix, sorted by path.

    Raises ImageError if there is no such folder.
    """
    return list_folder(folder).images


def list_folder(folder: Path) -> FolderListing:
    """Images and other files below a folder; links are followed, each real folder once.

    Raises ImageError if there is no such folder or it can't be opened.
    """
    if not is_folder(folder):
        raise ImageError(f"There is no folder '{folder}'.", hint="Choose a folder of images.")
    walk = _Walk()
    try:
        walk.enter(folder)
    except OSError as error:
        raise ImageError(f"The folder '{folder}' can't be opened: {_reason(error)}.") from error
    walk.follow_links()
    skipped = sorted(walk.skipped, key=lambda one: (not one.is_loss, one.path.as_posix()))
    return FolderListing(tuple(sorted(walk.images, key=Path.as_posix)), tuple(skipped), folder)


def list_images(path: Path) -> FolderListing:
    """The images of a folder, or of a list with the folder they have in common as root.

    Raises ImageError as list_folder and find_files do.
    """
    if is_folder(path) or not is_there(path):
        return list_folder(path)
    found = find_files([path])
    images = [_normalised(file) for file in found.files]
    skipped = tuple(replace(one, path=_normalised(one.path)) for one in found.skipped)
    # with what is missing, so that the root stays the same when that comes back
    named = [*images, *(one.path for one in skipped if one.is_loss)]
    root = Path(os.path.commonpath([path.parent for path in named]))
    return FolderListing(tuple(sorted(images, key=Path.as_posix)), skipped, root)


@dataclass
class _Walk:
    """One way through folders; links wait, so that a folder is listed under its own name."""

    images: list[Path] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    linked: list[Path] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)

    def enter(self, folder: Path) -> None:
        """List a folder and the real folders below it. Raises OSError for the first alone."""
        check_cancelled()
        status = folder.stat()
        self.seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            names = sorted((entry.name, entry.is_symlink()) for entry in entries)
        for name, is_link in names:
            if not name.startswith("."):
                self._take(folder / name, is_link=is_link)

    def follow_links(self) -> None:
        """List the folders that links lead to, unless they were listed."""
        while self.linked:
            folder = self.linked.pop(0)
            try:
                status = folder.stat()
            except OSError as error:  # its disk went away since the link was listed
                self.skipped.append(
                    SkippedFile(folder, _reason(error), is_loss=True, is_folder=True)
                )
                continue
            if (status.st_dev, status.st_ino) in self.seen:
                reason = "a link to a folder that is listed already"
                self.skipped.append(SkippedFile(folder, reason, is_folder=True))
            else:
                self._enter_or_skip(folder)

    def _take(self, path: Path, *, is_link: bool) -> None:
        try:
            is_folder = path.is_dir()
            if is_link and not path.exists():
                reason = f"a link to '{path.readlink()}', which is not there"
                self.skipped.append(SkippedFile(path, reason, is_loss=True))
                return
        except OSError as error:  # a link that leads to itself, a folder that may not be searched
            self.skipped.append(SkippedFile(path, _reason(error), is_loss=True))
            return
        if is_folder and is_link:
            self.linked.append(path)
        elif is_folder:
            self._enter_or_skip(path)
        elif is_image_name(path):
            self.images.append(path)
        else:
            self.skipped.append(SkippedFile(path, describe_other_suffix(path)))

    def _enter_or_skip(self, folder: Path) -> None:
        try:
            self.enter(folder)
        except OSError as error:
            self.skipped.append(SkippedFile(folder, _reason(error), is_loss=True, is_folder=True))


def _expand(path: Path, skipped: list[SkippedFile]) -> Iterator[tuple[Path, str | None]]:
    """The images that one given path stands for, with their labels."""
    if is_folder(path):
        listing = list_folder(path)
        skipped += listing.skipped
        yield from ((file, None) for file in listing.images)
    elif not is_there(path):
        raise ImageError(f"There is no file {path}.")
    elif is_image_name(path) or not is_path_list(path):
        yield path, None
    else:
        for listed in read_path_list(path):
            yield from _expand_listed(listed, skipped)


def _expand_listed(
    listed: ListedPath, skipped: list[SkippedFile]
) -> Iterator[tuple[Path, str | None]]:
    if listed.problem:
        skipped.append(SkippedFile(listed.path, listed.problem, is_loss=True))
    elif is_folder(listed.path):
        listing = list_folder(listed.path)
        skipped += listing.skipped
        yield from ((file, listed.label) for file in listing.images)
    else:
        yield listed.path, listed.label


def _normalised(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

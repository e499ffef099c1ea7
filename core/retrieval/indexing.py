"""Indexing: a folder of images into a gallery, in steps that a cancel or a crash can't spoil."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError
from core.images.finding import FolderListing, SkippedFile, list_images
from core.images.prepared import PreparedImage
from core.measures.measure import Pool
from core.progress import Job, Progress
from core.retrieval.describing import Describer, checked_rows
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_contents import (
    Contents,
    FileStamp,
    GalleryProgress,
    StoredImage,
    StoredProblem,
    stamp_of,
)
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.ground_truth import folder_label
from core.retrieval.mixed_order import mixed_order
from core.surveys.pictures import by_shape
from core.surveys.survey import Results, SurveyReport, survey


@dataclass(frozen=True)
class IndexReport:
    """What indexing did.

    n_images: now in the gallery; n_added of them now, n_kept from before; n_removed: files that
    are gone. problems: images that could not be described; skipped: files that are no images.
    progress: whether every file had its turn. apart: why each image had a pass of its own, "" where
    they shared passes. slowest: the stage that set the rate.
    """

    gallery: Path
    n_images: int
    n_added: int
    n_kept: int
    n_removed: int
    dimension: int
    seconds: float
    problems: tuple[ImageProblem, ...]
    skipped: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    progress: GalleryProgress
    apart: str = ""
    slowest: str = ""

    @property
    def images_per_second(self) -> float:
        """Rate of the images described now; 0 if there were none."""
        return self.n_added / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class _Plan:
    """What is to do: `todo` by relative path, what stays, and what is gone.

    hidden: what stays although it can't be reached now. n_expected: files that will be in the
    gallery or among its problems. outdated: those to do of which the gallery has an older state.
    """

    root: Path
    todo: dict[str, FileStamp]
    unnameable: tuple[StoredProblem, ...]
    n_kept: int
    n_expected: int
    outdated: tuple[str, ...]
    hidden: tuple[str, ...]
    gone: tuple[str, ...]


def index_folder(
    describer: Describer,
    folder: Path,
    out: Path,
    *,
    origin: GalleryOrigin | None = None,
    batch_size: int = 8,
    n_threads: int = 2,
) -> Job[IndexReport]:
    """Describe all images of a folder into the gallery `out`, or bring that gallery up to date.

    folder: or a list of images, whose gallery is of the folder that they have in common.

    After each batch the gallery is whole, so an index that was cancelled or killed goes on where
    it stood: files of unchanged size and time are kept, new and changed ones described, missing
    ones dropped. Images that can't be used are listed in the report with the reason. Raises
    GalleryError if `out` was made with another recipe or from another folder that still exists.
    """
    started = time.monotonic()
    describer.check()
    recipe = describer.recipe
    yield Progress(0, 0, "images found")
    listing = list_images(folder)
    store = GalleryStore(out)
    contents = _open_store(store, recipe, listing.root.resolve(), origin)
    _check_still_there(listing, contents)
    plan = _plan(listing, contents)
    _clean(store, plan)
    store.begin(plan.n_expected, plan.outdated)
    collector = GalleryCollector(describer, store, plan)
    done = yield from _survey(describer, collector, plan, batch_size, n_threads)
    store.finish()
    contents = store.read()
    return IndexReport(
        gallery=out,
        n_images=len(contents.images),
        n_added=collector.n_added,
        n_kept=plan.n_kept,
        n_removed=len(plan.gone),
        dimension=contents.dimension,
        seconds=time.monotonic() - started,
        problems=tuple(ImageProblem(p.path, p.reason) for p in contents.problems),
        skipped=listing.skipped,
        notes=(*_notes(describer, out, contents), *done.notes, *_dropped(plan)),
        progress=contents.progress,
        apart=done.apart,
        slowest=done.slowest,
    )


def _open_store(
    store: GalleryStore, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None
) -> Contents:
    """Make the gallery, or check that the one there is of the same recipe and folder."""
    if not store.exists:
        store.create(recipe, root, origin)
    contents = store.read()
    check_same_recipe(contents.recipe, recipe)
    if root not in contents.roots and contents.root.is_dir():
        raise GalleryError(
            f"This gallery is of the folder '{contents.root}', not of '{root}'.",
            hint="Index into a new folder.",
        )
    store.set_places(recipe, root, origin)
    return contents


def _check_still_there(listing: FolderListing, contents: Contents) -> None:
    """Raise GalleryError rather than drop all images because a disk is not connected."""
    if contents.images and not listing.images:
        raise GalleryError(
            f"None of the gallery's {len(contents.images):,} images is in '{listing.root}' now, "
            "which holds no images at all.",
            hint="Is its disk connected? To start anew, delete the gallery or choose another.",
        )


def _plan(listing: FolderListing, contents: Contents) -> _Plan:
    """Compare the files with what the gallery holds."""
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
        if known.get(relative) == stamp:
            n_kept += 1
        elif known_problems.get(relative) != stamp:
            todo[relative] = stamp
    there = known.keys() | known_problems.keys()
    closed = _closed_folders(listing)
    hidden = {name for name in there - seen if f"{name}/".startswith(closed)}
    return _Plan(
        listing.root,
        todo,
        tuple(unnameable),
        n_kept,
        n_expected=len(listing.images) + len(hidden),
        outdated=tuple(relative for relative in todo if relative in there),
        hidden=tuple(sorted(hidden)),
        gone=tuple(sorted(there - seen - hidden)),
    )


def _closed_folders(listing: FolderListing) -> tuple[str, ...]:
    """Relative beginnings, "a/b/", of what can't be opened now: its images may be there.

    Such is a folder without permission, and a link to a disk that is not connected.
    """
    lost = (one.path for one in listing.skipped if one.is_loss)
    below = (path.relative_to(listing.root) for path in lost if path.is_relative_to(listing.root))
    return tuple(f"{path.as_posix()}/" for path in below)


def _clean(store: GalleryStore, plan: _Plan) -> None:
    if plan.gone:
        store.remove(plan.gone)
    if plan.unnameable:
        store.add_problems(plan.unnameable)


def _survey(
    describer: Describer,
    collector: GalleryCollector,
    plan: _Plan,
    batch_size: int,
    n_threads: int,
) -> Job[SurveyReport]:
    """Run what is to do, with the rate beside the count."""
    started = time.monotonic()
    job = survey(
        describer.engine,
        describer.feed,
        [plan.root / relative for relative in plan.todo],
        describer.recipe.preprocess,
        [collector],
        batch_size=batch_size,
        grouping=by_shape,
        n_threads=max(1, n_threads),
    )
    yield Progress(0, len(plan.todo), "images indexed")
    while True:
        try:
            step = next(job)
        except StopIteration as stop:
            report: SurveyReport = stop.value
            return report
        yield Progress(step.done, step.total, _with_rate("images indexed", step.done, started))


class GalleryCollector:
    """Stores each batch's descriptors; the gallery is whole after each."""

    def __init__(self, describer: Describer, store: GalleryStore, plan: _Plan) -> None:
        self._recipe, self._store, self._plan = describer.recipe, store, plan
        self._measure = describer.measure
        self.n_added = 0

    @property
    def wants(self) -> Mapping[Value, tuple[Pool, ...]]:
        """One pooling of one value."""
        return {self._recipe.value: (self._measure,)}

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Keep what is finite; an image that gives NaN or infinity is a problem."""
        found = results[self._recipe.value, self._measure]
        descriptors = checked_rows(found, len(images), self._recipe.layer)
        is_finite = np.isfinite(descriptors).all(axis=1)
        pairs = list(zip(images, is_finite, strict=True))
        added = [_image(self._plan, image) for image, is_good in pairs if is_good]
        if added:
            self._store.add(added, descriptors[is_finite])
        reason = f"Layer '{self._recipe.layer}' gives NaN or infinity for it."
        bad = [_problem(self._plan, image, reason) for image, is_good in pairs if not is_good]
        if bad:
            self._store.add_problems(bad)
        self.n_added += len(added)

    def skip(self, image: PreparedImage) -> None:
        """Note an image that can't be used."""
        self._store.add_problems([_problem(self._plan, image, image.problem)])


def _image(plan: _Plan, image: PreparedImage) -> StoredImage:
    relative = image.path.relative_to(plan.root).as_posix()
    width, height = image.size
    return StoredImage(relative, folder_label(relative), width, height, plan.todo[relative])


def _problem(plan: _Plan, image: PreparedImage, reason: str | None) -> StoredProblem:
    relative = image.path.relative_to(plan.root).as_posix()
    return StoredProblem(relative, reason or "", plan.todo[relative])


def _notes(describer: Describer, out: Path, contents: Contents) -> tuple[str, ...]:
    """Sentences that a reader of the results should know."""
    notes = []
    if describer.measure != describer.recipe.measure:
        layer = describer.recipe.layer
        notes.append(f"'{layer}' has one place per channel: every pooling is flatten.")
    return (*notes, *Gallery(out, contents).notes)


def _dropped(plan: _Plan) -> tuple[str, ...]:
    """What to say of images that are no longer in the folder, or that can't be reached."""
    notes = []
    if plan.gone:
        are = "file is" if len(plan.gone) == 1 else "files are"
        said = f"{len(plan.gone):,} {are} gone from the folder, and from the gallery"
        notes.append(f"{said}: {_named(plan.gone)}.")
    if plan.hidden:
        said = f"{len(plan.hidden):,} of the gallery's files can't be reached now, and are kept"
        notes.append(f"{said}: {_named(plan.hidden)}.")
    return tuple(notes)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _with_rate(what: str, done: int, started: float) -> str:
    seconds = time.monotonic() - started
    return f"{what}, {done / seconds:.1f} a second" if seconds > 0.5 else what

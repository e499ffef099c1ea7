"""Indexing: a folder of images into a gallery, in steps that a cancel or a crash can't spoil."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.engines.values import Value
from core.errors import FolderLost, GalleryError
from core.files import is_folder
from core.images.finding import FolderListing, SkippedFile, list_images
from core.images.prepared import PreparedImage
from core.measures.measure import Pool
from core.progress import Job, Progress, with_steps
from core.retrieval.absence import AbsentFiles, by_folder, describe_absent
from core.retrieval.describing import Describer, checked_rows
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.folder_reach import FolderReach, Reach
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_contents import (
    GONE,
    Contents,
    GalleryProgress,
    StoredImage,
    StoredProblem,
)
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.ground_truth import folder_label
from core.retrieval.index_plan import IndexPlan, plan_index
from core.surveys.pictures import by_shape
from core.surveys.survey import Results, SurveyReport, survey

_WENT_AWAY = "went away while the index ran"


@dataclass(frozen=True)
class IndexReport:
    """What indexing did.

    n_images: now in the gallery; n_added of them now, n_kept from before; n_removed: files that
    are gone. absent: files that stay in the gallery though they are not to be seen now, or that
    went away while the index ran. problems: images that could not be described; skipped: files that
    are no images. progress: whether every file had its turn. apart: why each image had a pass of
    its own, "" where they shared passes. slowest: the stage that set the rate.
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
    absent: tuple[AbsentFiles, ...] = ()

    @property
    def n_absent(self) -> int:
        """Files that the gallery has, or should have, and its folder does not show."""
        return sum(one.n_files for one in self.absent)

    @property
    def absent_note(self) -> str:
        """A sentence on them; "" where every file is to be seen."""
        if not self.absent:
            return ""
        where = describe_absent(self.absent)
        if self.n_absent == 1:
            return f"1 file is absent and stays in the gallery: {where}."
        return f"{self.n_absent:,} files are absent and stay in the gallery: {where}."

    @property
    def images_per_second(self) -> float:
        """Rate of the images described now; 0 if there were none."""
        return self.n_added / self.seconds if self.seconds > 0 else 0.0


def index_folder(
    describer: Describer,
    folder: Path,
    out: Path,
    *,
    origin: GalleryOrigin | None = None,
    batch_size: int = 8,
    prune: bool = False,
) -> Job[IndexReport]:
    """Describe all images of a folder into the gallery `out`, or bring that gallery up to date.

    folder: or a list of images, whose gallery is of the folder that they have in common.

    After each batch the gallery is whole, so an index that was cancelled or killed goes on where
    it stood: files of unchanged size and time are kept, new and changed ones described, and gone
    ones dropped by absence.RULE, or all that are not to be seen with `prune`. Images that can't be
    used are listed in the report with the reason. Raises GalleryError if `out` was made with
    another recipe or from another folder that still exists, FolderLost if the folder goes away.
    """
    started = time.monotonic()
    describer.check()
    recipe = describer.recipe
    yield Progress(0, 0, "images found")
    listing = list_images(folder)
    store = GalleryStore(out)
    n_mended = yield from _mend(store, recipe)
    contents = _open_store(store, recipe, listing.root.resolve(), origin)
    _check_still_there(listing, contents)
    plan = plan_index(listing, contents, store.read_absent(), prune=prune)
    _clean(store, plan)
    store.begin(plan.n_expected, plan.outdated, plan.missing.to_remember)
    collector = GalleryCollector(describer, store, plan)
    done = yield from _survey(describer, collector, plan, batch_size)
    store.finish()
    contents = store.read()
    return IndexReport(
        gallery=out,
        n_images=len(contents.images),
        n_added=collector.n_added,
        n_kept=plan.n_kept,
        n_removed=len(plan.missing.gone),
        dimension=contents.dimension,
        seconds=time.monotonic() - started,
        problems=tuple(ImageProblem(p.path, p.reason) for p in contents.problems),
        skipped=listing.skipped,
        notes=(
            *_mended(n_mended),
            *_notes(describer, out, contents),
            *done.notes,
            *_dropped(plan),
        ),
        progress=contents.progress,
        apart=done.apart,
        slowest=done.slowest,
        absent=(*plan.missing.folders, *by_folder(collector.lost, _WENT_AWAY)),
    )


def _mend(store: GalleryStore, recipe: DescriptorRecipe) -> Job[int]:
    """How many descriptors of a gallery of this recipe were lost or damaged, and are forgotten."""
    if not store.exists:
        return 0
    check_same_recipe(store.read_recipe(), recipe)
    # without a count: those of an index are images
    job = with_steps(store.mend_rows(), lambda step: Progress(0, 0, "descriptors checked"))
    return (yield from job)


def _open_store(
    store: GalleryStore, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None
) -> Contents:
    """Make the gallery, or check that the one there is of the same recipe and folder."""
    if not store.exists:
        store.create(recipe, root, origin)
    contents = store.read()
    check_same_recipe(contents.recipe, recipe)
    if root not in contents.roots and is_folder(contents.root):
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


def _clean(store: GalleryStore, plan: IndexPlan) -> None:
    if plan.missing.gone:
        store.remove(plan.missing.gone)
    if plan.unnameable:
        store.add_problems(plan.unnameable)


def _survey(
    describer: Describer,
    collector: GalleryCollector,
    plan: IndexPlan,
    batch_size: int,
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
    )
    yield Progress(0, len(plan.todo), "images indexed")
    return (
        yield from with_steps(
            job, lambda step: replace(step, what=_with_rate("images indexed", step.done, started))
        )
    )


class GalleryCollector:
    """Stores each batch's descriptors; the gallery is whole after each."""

    def __init__(self, describer: Describer, store: GalleryStore, plan: IndexPlan) -> None:
        self._recipe, self._store, self._plan = describer.recipe, store, plan
        self._measure = describer.measure
        self._reach = FolderReach(plan.root)
        self.n_added = 0
        self.lost: list[str] = []

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
        """Note an image that can't be used.

        One that went away is no problem: it keeps what it has. Raises FolderLost where its whole
        folder went.
        """
        how = self._reach.how(image.path)
        relative = image.path.relative_to(self._plan.root).as_posix()
        if how is Reach.NOT_THERE or (how is Reach.CLOSED and relative in self._plan.outdated):
            self.lost.append(relative)
            if not self._reach.has_folder:
                raise self._folder_lost()
            return
        problem = _problem(self._plan, image, image.problem)
        # what is closed may be opened without a change of its time: it is tried again next time
        self._store.add_problems([problem if how is Reach.OPEN else replace(problem, stamp=GONE)])

    def _folder_lost(self) -> FolderLost:
        n_done = self._plan.n_expected - len(self._plan.todo) + self.n_added
        return FolderLost(
            f"The folder '{self._plan.root}' went away while it was indexed: {n_done:,} of "
            f"{self._plan.n_expected:,} images are in the gallery.",
            hint="Nothing was dropped. Index again when the folder is back: it goes on from there.",
        )


def _image(plan: IndexPlan, image: PreparedImage) -> StoredImage:
    relative = image.path.relative_to(plan.root).as_posix()
    width, height = image.size
    return StoredImage(relative, folder_label(relative), width, height, plan.todo[relative])


def _problem(plan: IndexPlan, image: PreparedImage, reason: str | None) -> StoredProblem:
    relative = image.path.relative_to(plan.root).as_posix()
    return StoredProblem(relative, reason or "", plan.todo[relative])


def _notes(describer: Describer, out: Path, contents: Contents) -> tuple[str, ...]:
    """Sentences that a reader of the results should know."""
    notes = []
    if describer.measure != describer.recipe.measure:
        layer = describer.recipe.layer
        notes.append(f"'{layer}' has one place per channel: every pooling is flatten.")
    return (*notes, *Gallery(out, contents).notes)


def _mended(n_mended: int) -> tuple[str, ...]:
    """What to say of descriptors that could not be trusted any more."""
    if not n_mended:
        return ()
    were = "descriptor was" if n_mended == 1 else "descriptors were"
    return (f"{n_mended:,} {were} lost or damaged; what is in the folder was described again.",)


def _dropped(plan: IndexPlan) -> tuple[str, ...]:
    """What to say of images that are no longer in the folder."""
    gone = plan.missing.gone
    if not gone:
        return ()
    are = "file is" if len(gone) == 1 else "files are"
    return (f"{len(gone):,} {are} gone from the folder, and from the gallery: {_named(gone)}.",)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _with_rate(what: str, done: int, started: float) -> str:
    seconds = time.monotonic() - started
    return f"{what}, {done / seconds:.1f} a second" if seconds > 0.5 else what

"""Indexing: a folder of images into a gallery, in steps that a cancel or a crash can't spoil."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import GalleryError
from core.files import is_folder
from core.images.finding import FolderListing, SkippedFile, list_images
from core.progress import Job, Progress, with_steps
from core.retrieval.absence import AbsentFiles, by_folder, describe_absent
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe, find_difference
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_collector import GalleryCollector
from core.retrieval.gallery_contents import (
    Contents,
    GalleryProgress,
)
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.index_plan import IndexPlan, plan_index
from core.surveys.pictures import by_shape
from core.surveys.stages import StageLimit
from core.surveys.survey import SurveyReport, survey
from core.words import plural

Surveyor = Callable[[Describer, GalleryCollector, IndexPlan, int], Job[SurveyReport]]
"""Describes what a plan has to do, images a pass, and hands it to a collector."""
_WENT_AWAY = "went away while the index ran"


@dataclass(frozen=True)
class IndexReport:
    """What indexing did.

    n_images: now in the gallery; n_added of them now, n_kept from before; n_removed: files that
    are gone. absent: files that stay in the gallery though they are not to be seen now, or that
    went away while the index ran. problems: images that could not be described; skipped: files that
    are no images. progress: whether every file had its turn. apart: why each image had a pass of
    its own, "" where they shared passes. limit: the stage that set the rate.
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
    limit: StageLimit | None = None
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
        return f"{plural(self.n_absent, 'file')} are absent and stay in the gallery: {where}."

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
    others: Sequence[DescriptorRecipe] = (),
    surveyor: Surveyor | None = None,
) -> Job[IndexReport]:
    """Describe all images of a folder into the gallery `out`, or bring that gallery up to date.

    folder: or a list of images, whose gallery is of the folder that they have in common.

    The gallery is whole at every moment, so an index that was cancelled goes on where it stood, one
    that was killed from a batch or half a second before: files of unchanged size and time are kept,
    new and changed ones described, and gone ones dropped by absence.RULE, or all that are not to be
    seen with `prune`. Images that can't be used are listed in the report with the reason.

    others: further representations of the same pass, kept beside the recipe's. surveyor: what
    describes the images in place of this machine's survey. Raises GalleryError if `out` was made
    with another recipe or from another folder that still exists, FolderLost if the folder goes
    away.
    """
    started = time.monotonic()
    describer.check()
    recipe = describer.recipe
    yield Progress(0, 0, "images found")
    listing = list_images(folder)
    store = GalleryStore(out)
    n_mended = yield from _mend(store, recipe)
    contents = _open_store(store, recipe, listing.root.resolve(), origin, others)
    _check_still_there(listing, contents)
    plan = plan_index(listing, contents, store.read_absent(), prune=prune)
    _clean(store, plan)
    store.begin(plan.n_expected, plan.outdated, plan.missing.to_remember)
    collector = GalleryCollector(describer, store, plan, others)
    try:
        done = yield from (surveyor or _survey)(describer, collector, plan, batch_size)
    finally:
        collector.store()
    store.finish()
    return _report(describer, store, plan, collector, done, listing.skipped, started, n_mended)


def _report(
    describer: Describer,
    store: GalleryStore,
    plan: IndexPlan,
    collector: GalleryCollector,
    done: SurveyReport,
    skipped: tuple[SkippedFile, ...],
    started: float,
    n_mended: int,
) -> IndexReport:
    """What came of a run that is over."""
    contents = store.read()
    return IndexReport(
        gallery=store.folder,
        n_images=len(contents.images),
        n_added=collector.n_added,
        n_kept=plan.n_kept,
        n_removed=len(plan.missing.gone),
        dimension=contents.dimension,
        seconds=time.monotonic() - started,
        problems=tuple(ImageProblem(p.path, p.reason) for p in contents.problems),
        skipped=skipped,
        notes=(
            *_mended(n_mended),
            *_notes(describer, store.folder, contents),
            *done.notes,
            *_dropped(plan),
        ),
        progress=contents.progress,
        apart=done.apart,
        limit=done.limit,
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
    store: GalleryStore,
    recipe: DescriptorRecipe,
    root: Path,
    origin: GalleryOrigin | None,
    others: Sequence[DescriptorRecipe],
) -> Contents:
    """Make the gallery, or check that the one there is of the same recipe and folder."""
    if not store.exists:
        store.create(recipe, root, origin, others)
    contents = store.read()
    check_same_recipe(contents.recipe, recipe)
    pairs = zip(contents.others, others, strict=False)
    is_equal = len(contents.others) == len(others)
    if not is_equal or any(find_difference(a.recipe, b) is not None for a, b in pairs):
        raise GalleryError(
            f"This gallery holds {plural(len(contents.others) + 1, 'representation')} of "
            "each image, "
            f"others than the {len(others) + 1:,} asked for.",
            hint="Index or sweep into a new folder.",
        )
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
            f"None of the gallery's {plural(len(contents.images), 'image')} is in "
            f"'{listing.root}' now, "
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
        describer.measurer,
        describer.feed,
        [plan.root / relative for relative in plan.todo],
        describer.recipe.preprocess,
        [collector],
        batch_size=batch_size,
        grouping=by_shape,
        is_even=describer.has_even_passes,
    )
    yield Progress(0, len(plan.todo), "images indexed")
    return (
        yield from with_steps(
            job, lambda step: replace(step, what=_with_rate("images indexed", step.done, started))
        )
    )


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

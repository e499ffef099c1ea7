"""Fits before an index: the stored one, or one that is made of a set of images and saved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from core.engines.values import Value
from core.errors import AppError, GalleryError
from core.images.finding import list_images
from core.images.prepared import PreparedImage
from core.jobs.fit_choice import (
    CHOSEN,
    FitWish,
    chosen_wish,
    described_set,
    made_for,
    made_for_parts,
)
from core.measures.measure import Pool
from core.progress import Job, Progress, with_steps
from core.representations.after import After
from core.representations.encoding import Encoder, PartSample
from core.representations.fit_files import (
    fit_digest,
    open_encoder,
    open_fit,
    read_note,
    save_encoder,
    save_fit,
)
from core.representations.pca import PcaFit, PcaSums
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe, with_fits_of
from core.retrieval.finish import FITS_NAME, Finish, FitName, load_fits
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import DescriptorRows
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import FITTED_ON_NAME, GalleryStore
from core.retrieval.indexing import index_folder
from core.retrieval.sweep_rows import TRANSDUCTIVE, described_by
from core.surveys.passes import Results
from core.surveys.pictures import by_shape
from core.surveys.survey import survey
from core.words import plural

_ROWS_AT_ONCE = 4096
_OTHER_CHARACTERS = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class FitPlan:
    """An index that needs fits: its folders, where its net came from, images a pass.

    known: folders below which galleries lie, one of which may hold other images to fit on.
    """

    wish: FitWish
    folder: Path
    out: Path
    origin: GalleryOrigin | None
    batch_size: int
    known: tuple[Path, ...] = ()

    @property
    def fit_folder(self) -> Path:
        """The images that are fitted on."""
        return self.wish.on or self.folder

    @property
    def is_transductive(self) -> bool:
        """Whether they are those that are indexed."""
        return self.fit_folder.resolve() == self.folder.resolve()


@dataclass(frozen=True)
class Fitted:
    """A describer with all its fits, and what its user has to know of them."""

    describer: Describer
    notes: tuple[str, ...] = ()


def settle_fits(describer: Describer, plan: FitPlan) -> Job[Fitted]:
    """The fits that a recipe needs: those of the gallery that is there, stored ones, or new ones.

    New ones are saved in the gallery before an image is in it. Raises GalleryError for a stored fit
    of other descriptors.
    """
    store = GalleryStore(plan.out)
    if store.exists:
        recipe = with_fits_of(store.read_recipe(), describer.recipe)
        _check_fit_set(recipe.finish, plan)
        describer = replace(describer, recipe=recipe)
    if not describer.recipe.finish.lacks_fit:
        return Fitted(replace(describer, fits=load_fits(describer.recipe.finish, plan.out)))
    describer.check()
    plan = replace(plan, wish=chosen_wish(plan.wish, describer.recipe, plan.folder, plan.known))
    notes: list[str] = []
    finish = describer.recipe.finish
    if finish.encoding and finish.encoder is None:
        describer = yield from _with_encoder(describer, plan, notes)
    if finish.asked_after.projection and finish.fit is None:
        describer = yield from _with_fit(describer, plan, notes)
    return Fitted(describer, tuple(dict.fromkeys(notes)))


def _with_encoder(describer: Describer, plan: FitPlan, notes: list[str]) -> Job[Describer]:
    recipe = describer.recipe
    if plan.wish.encoder is not None:
        encoder = open_encoder(plan.wish.encoder)
        _check_made_for(encoder.fit, made_for_parts(recipe), plan.wish.encoder)
    else:
        encoder = yield from _fit_encoder(describer, plan)
        if plan.is_transductive:
            notes.append(TRANSDUCTIVE)
    asked = recipe.finish.parts
    if asked is None or (asked.method, asked.centres) != (
        encoder.encoding.method,
        encoder.encoding.centres,
    ):
        raise GalleryError(f"The fit is for '{encoder.encoding.word}', not for what is asked for.")
    name = _name(plan, recipe, encoder.encoding.word)
    path = _folder(plan) / name
    folder = _folder_of(plan, plan.wish.encoder)
    save_encoder(path, encoder, folder=folder)
    warned = encoder.encoding.method == "white"
    whole = encoder.whole or encoder.fit
    notes.append(_said(whole, encoder.encoding.dimension, plan.wish, whiten=warned))
    noted = _noted(path, encoder.fit, encoder.encoding.dimension, folder)
    finish = msgspec.structs.replace(recipe.finish, encoder=noted)
    fits = replace(describer.fits, encoder=encoder)
    return replace(describer, recipe=replace(recipe, finish=finish), fits=fits)


def _with_fit(describer: Describer, plan: FitPlan, notes: list[str]) -> Job[Describer]:
    recipe = describer.recipe
    asked = recipe.finish.asked_after
    wanted = made_for(recipe, has_power=asked.has_power)
    raw: Gallery | None = None
    if plan.wish.stored is not None:
        fit = open_fit(plan.wish.stored)
        _check_made_for(fit, wanted, plan.wish.stored)
    elif plan.wish.described is not None:
        at_hand = described_set(recipe, plan.wish.described)
        described = described_by(at_hand.gallery, at_hand.numbers)
        fit = _fitted(described.rows, asked, at_hand.gallery.root.name, wanted)
    else:
        raw = yield from _described(describer, plan)
        fit = _fitted(raw.rows, asked, plan.fit_folder.name, wanted)
        if plan.is_transductive:
            notes.append(TRANSDUCTIVE)
    steps = asked.settled(fit)
    if steps.dimension > fit.most:
        raise AppError(
            f"A fit on {plural(fit.n, 'image')} has {fit.most} dimensions, not {steps.dimension}.",
            hint="Fit it on more images, or choose fewer dimensions.",
        )
    path = _folder(plan) / _name(plan, recipe, steps.word)
    folder = _folder_of(plan, plan.wish.stored)
    save_fit(path, fit.cut(steps.dimension), whole=fit, after=steps.word, folder=folder)
    notes.append(_said(fit, steps.dimension, plan.wish, whiten=steps.projection == "white"))
    noted = _noted(path, fit, steps.dimension, folder)
    finish = msgspec.structs.replace(recipe.finish, fit=noted)
    fits = replace(describer.fits, after=fit)
    settled = replace(describer, recipe=replace(recipe, finish=finish), fits=fits)
    if raw is not None and plan.is_transductive:
        yield from _take_over(raw, settled, plan)
    return settled


def _described(describer: Describer, plan: FitPlan) -> Job[Gallery]:
    """The descriptors that a fit is of, in a gallery of their own, which a stopped run keeps."""
    out = plan.out / FITTED_ON_NAME
    raw = replace(describer, recipe=describer.recipe.raw)
    yield from index_folder(
        raw, plan.fit_folder, out, origin=plan.origin, batch_size=plan.batch_size
    )
    gallery = open_gallery(out)
    if not len(gallery):
        raise GalleryError(f"There is no image in '{plan.fit_folder}' to fit on.")
    return gallery


def _take_over(raw: Gallery, describer: Describer, plan: FitPlan) -> Job[None]:
    """Put the steps behind descriptors that are there already, so that no image runs twice."""
    store = GalleryStore(plan.out)
    if not store.exists:
        store.create(describer.recipe, raw.root, plan.origin)
    store.begin(len(raw))
    steps, images = describer.recipe.finish.steps, raw.images
    for start in range(0, len(raw), _ROWS_AT_ONCE):
        yield Progress(start, len(raw), "descriptors turned")
        some = [images[number] for number in range(start, min(start + _ROWS_AT_ONCE, len(raw)))]
        rows = np.asarray(raw.rows[start : start + len(some)])
        store.add(some, steps.apply(rows, describer.fits.after))


def _fit_encoder(describer: Describer, plan: FitPlan) -> Job[Encoder]:
    """One pass over the images that are fitted on; a stopped one begins anew."""
    encoding = describer.recipe.finish.parts
    if encoding is None:
        raise GalleryError("There is no encoding to fit.")
    listing = list_images(plan.fit_folder)
    sample = PartSample(
        encoding, plan.fit_folder.name, made_for_parts(describer.recipe), len(listing.images)
    )
    job = survey(
        describer.engine,
        describer.feed,
        listing.images,
        describer.recipe.preprocess,
        [_PartCollector(describer, sample)],
        batch_size=plan.batch_size,
        grouping=by_shape,
    )
    yield from with_steps(job, lambda step: replace(step, what="images fitted on"))
    return sample.fit()


@dataclass
class _PartCollector:
    """Hands the parts of each image to a sample."""

    describer: Describer
    sample: PartSample
    _channels: int = field(default=0)

    @property
    def wants(self) -> Mapping[Value, tuple[Pool, ...]]:
        """The parts, and a mean that says how many channels one has."""
        return {value: (pool, Pool("gap")) for value, pool in self.describer.keys}

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """A batch of images of one size."""
        key = self.describer.keys[0]
        rows, channels = results[key], results[key[0], Pool("gap")].shape[1]
        self.sample.add(rows[np.isfinite(rows).all(axis=1)], channels)

    def skip(self, image: PreparedImage) -> None:
        """What can't be read is told by the index."""


def _fitted(
    rows: np.ndarray | DescriptorRows, asked: After, image_set: str, made_for: str
) -> PcaFit:
    sums = PcaSums(image_set, made_for)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        sums.add(asked.prepared(np.asarray(rows[start : start + _ROWS_AT_ONCE])))
    return sums.fit()


def _check_made_for(fit: PcaFit, wanted: str, path: Path) -> None:
    if fit.made_for != wanted:
        raise GalleryError(
            f"The fit '{path.name}' is of other descriptors: of another net, layer, pooling, "
            "preprocessing or power.",
            hint="Take a fit of the same recipe, or fit on images with --fit-on.",
        )


def _check_fit_set(finish: Finish, plan: FitPlan) -> None:
    """Raise GalleryError where the gallery is fitted on a set that is not the one named now."""
    named = plan.wish.on
    for noted in (finish.fit, finish.encoder):
        if named is not None and noted is not None and noted.image_set != named.name:
            raise GalleryError(
                f"The gallery is fitted on {noted.image_set}, not on {named.name}.",
                hint="Index into a new folder.",
            )


def _folder(plan: FitPlan) -> Path:
    folder = plan.out / FITS_NAME
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _name(plan: FitPlan, recipe: DescriptorRecipe, steps: str) -> str:
    """ "fire9-concat-gap-white64", or as the user calls it."""
    if plan.wish.name:
        return _OTHER_CHARACTERS.sub("-", plan.wish.name)[:120]
    layers = "+".join(value.layer for value in recipe.values)
    words = f"{layers}-{recipe.measure.word}-{steps}".replace(":", "")
    return _OTHER_CHARACTERS.sub("-", words.replace("+", "-"))[:120]


def _folder_of(plan: FitPlan, stored: Path | None) -> Path | None:
    """Where the images of a fit lie; None where a stored one does not tell."""
    if stored is None or plan.wish.is_chosen:
        return plan.fit_folder
    noted = read_note(stored).folder
    return Path(noted) if noted else None


def _noted(path: Path, fit: PcaFit, dimension: int, folder: Path | None) -> FitName:
    where = "" if folder is None else str(folder.resolve())
    return FitName(path.name, fit_digest(path), dimension, fit.image_set, fit.n, where)


def _said(fit: PcaFit, dimension: int, wish: FitWish, *, whiten: bool) -> str:
    """What a fit holds, with a warning where its dimensions are too many for its images."""
    share = float(fit.explained[min(dimension, fit.most) - 1])
    said = (
        f"Fitted on {fit.n:,} {fit.what} of {fit.image_set}: {dimension} of {fit.most} dimensions "
        f"hold {share:.1%} of the variance; eigenvalues below a millionth of the first are cut."
    )
    warning = fit.warning(dimension, whiten=whiten)
    return " ".join(filter(None, (said, CHOSEN if wish.is_chosen else "", warning)))

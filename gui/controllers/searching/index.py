"""The index that the window asks for, and where in the user's cache its gallery lies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt5.QtCore import QStandardPaths

from core.engines.host import EngineHost, NetToRun
from core.errors import GalleryError
from core.files import is_folder
from core.images.preprocess import Preprocess
from core.jobs.fit_choice import chosen_wish
from core.jobs.index import Indexed, IndexRequest, descriptor_recipe, index, recipe_on
from core.jobs.outlook import IndexOutlook, look_ahead, measure_rate
from core.progress import Job
from core.retrieval.descriptor import find_difference
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_labels import label_gallery
from core.retrieval.kept_galleries import KeptGallery, find_kept_galleries
from gui.panels.retrieval.view import OWN_SET, RecipeChoice

FOLDERS = "folders"
SWEEPS = "sweeps"
"""The folder below the cache, so that galleries of single layers are not looked for in it."""
ASK_SECONDS = 20.0
"""An index that may take longer is asked about first."""
_FEW = 8
"""So few images are read without a trial."""


def default_cache() -> Path:
    """Where galleries are kept for this user."""
    base = QStandardPaths.writableLocation(QStandardPaths.CacheLocation)
    return Path(base) / "galleries"


@dataclass(frozen=True)
class Reading:
    """A folder being read: the request of the job, and the words for the value it reads by."""

    request: IndexRequest
    choice: RecipeChoice
    value: str

    @property
    def words(self) -> str:
        """ "relu7 · fc7@1, GeM p=3"."""
        return f"{self.value}, {self.choice.pooling_text}"


@dataclass(frozen=True, eq=False)
class Searched:
    """A gallery with what made it; `indexed` is None for one that no run of now has read."""

    reading: Reading
    gallery: Gallery
    indexed: Indexed | None


@dataclass(frozen=True, eq=False)
class Looked:
    """What a reading has to do, and images a second; 0.0 for a rate that is not known."""

    reading: Reading
    outlook: IndexOutlook
    rate: float = 0.0

    @property
    def seconds(self) -> float | None:
        """How long it may take; None where the rate is not known."""
        return self.outlook.n_to_read / self.rate if self.rate > 0 else None

    @property
    def is_long(self) -> bool:
        """Whether it is to be asked about."""
        return self.seconds is not None and self.seconds > ASK_SECONDS

    @property
    def part(self) -> Searched | None:
        """What is there already, to be searched."""
        gallery = self.outlook.gallery
        return None if gallery is None else Searched(self.reading, gallery, None)


class GalleryPlaces:
    """Finds the folder of each recipe's gallery below the user's cache."""

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache or default_cache()
        """The folder below which they lie."""
        self.truth = FOLDERS
        """Where the labels of the folder that is searched come from."""
        self.benchmark = ""
        """The ground truth that judges the folder as it is opened, "" for labels."""
        self._expected = FOLDERS, ""

    @property
    def known(self) -> tuple[Path, ...]:
        """The folders below which galleries lie."""
        return self.cache, self.cache / SWEEPS

    def expect_labels(self, truth: str, benchmark: str = "") -> None:
        """The next folder has labels from there; benchmark: that judges it, "" for none."""
        self._expected = truth, benchmark

    def begin(self) -> None:
        """Another folder: labels are as expected, else those of its folders."""
        (self.truth, self.benchmark), self._expected = self._expected, (FOLDERS, "")

    def labelled(self, gallery: Gallery) -> Gallery:
        """The gallery with these labels; with those of its folders where they are gone."""
        if self.truth == FOLDERS:
            return gallery
        try:
            return label_gallery(gallery, self.truth)[0]
        except GalleryError:  # the table went away or fits no image any more
            return gallery

    def placed(self, request: IndexRequest) -> IndexRequest:
        """The request with the gallery's place; hashes the weights the first time.

        Images to fit on that nobody named are looked for among the galleries of now.
        """
        recipe = descriptor_recipe(request)
        wish = chosen_wish(request.fits, recipe, request.folder, self.known)
        request = replace(request, fits=wish)
        now, before = (
            self.cache / _place_name(digest, request)
            for digest in (recipe.digest, recipe.named_digest)
        )
        return replace(request, out=before if before.exists() and not now.exists() else now)

    def kept(self, folder: Path, net: NetToRun, preprocess: Preprocess) -> tuple[KeptGallery, ...]:
        """The galleries of a folder that this net, fed so, would go on with, by its own names."""
        found = []
        for one in find_kept_galleries(self.cache, folder):
            recipe = replace(recipe_on(net, one.recipe), preprocess=preprocess)
            if find_difference(one.recipe, recipe) is None:
                found.append(replace(one, recipe=recipe))
        return tuple(found)


def _place_name(digest: str, request: IndexRequest) -> str:
    """A folder's name; other images to fit on give other descriptors, and another place."""
    fit_on, folder = request.fits.on, request.folder.resolve()
    is_own = fit_on is None or fit_on.resolve() == folder
    fitted = "" if fit_on is None or is_own else f" fitted on {fit_on.resolve()}"
    text = f"{digest} {folder}{fitted}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]


def look(places: GalleryPlaces, reading: Reading) -> Looked:
    """What there is and what is to do, without an engine."""
    request = places.placed(reading.request)
    outlook = look_ahead(request)
    if outlook.gallery is not None:
        outlook = replace(outlook, gallery=places.labelled(outlook.gallery))
    return Looked(_placed(reading, request), outlook)


def try_rate(looked: Looked, host: EngineHost) -> Job[Looked]:
    """The same with a measured rate."""
    rate = yield from measure_rate(looked.reading.request, host, looked.outlook.to_read)
    return replace(looked, rate=rate)


def read_folder(
    places: GalleryPlaces,
    reading: Reading,
    host: EngineHost,
    *,
    is_agreed: bool,
    rate: float = 0.0,
) -> Job[Searched | Looked]:
    """Index, or go on from where an earlier run stood.

    is_agreed: however long it takes; else what is to do comes back where that may take long.
    rate: images a second, where they are known.
    """
    request = places.placed(reading.request)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    if not is_agreed and not request.prune:
        looked = replace(look(places, reading), rate=rate)
        if not rate and looked.outlook.n_to_read > _FEW and request.cluster is None:
            looked = yield from try_rate(looked, host)
        if looked.is_long:
            return looked
    indexed = yield from index(request, host)
    return Searched(_placed(reading, request), places.labelled(indexed.gallery), indexed)


def open_what_is_there(places: GalleryPlaces, reading: Reading) -> Searched | None:
    """The gallery a cancelled run left; None when it holds no image yet."""
    request = places.placed(reading.request)
    if not is_folder(request.out):
        return None
    gallery = places.labelled(open_gallery(request.out))
    return Searched(_placed(reading, request), gallery, None) if len(gallery) else None


def _placed(reading: Reading, request: IndexRequest) -> Reading:
    """The reading with its place, and with what was found to fit on in its words."""
    found = ""
    if descriptor_recipe(request).finish.lacks_fit:
        on = request.fits.on
        is_own = on is None or on.resolve() == request.folder.resolve()
        found = OWN_SET if on is None or is_own else str(on)
    return replace(reading, request=request, choice=replace(reading.choice, found=found))

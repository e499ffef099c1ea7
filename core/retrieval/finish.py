"""What a recipe does with what is pooled: scales, parts encoded, layers joined, steps, fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.errors import AppError, GalleryError, RequestError
from core.measures.measure import POOLING_HELP, Pool, parse_pooling
from core.net.identity import Place
from core.representations.after import L2, After, parse_after
from core.representations.encoding import Encoder, Encoding, parse_encoding
from core.representations.fit_files import fit_digest, open_encoder, open_fit
from core.representations.pca import PcaFit

FITS_NAME = "fits"
"""The folder of a gallery that holds its fits."""
MOST_SCALES = 8
SCALES_HELP = "factors of the picture's size, such as 1,0.7071,0.5"
POOLED_HELP = (
    f"{POOLING_HELP}; rmac-white or rmac-white:D for R-MAC with whitened regions, vlad or "
    "vlad:KxD for VLAD of the places, K centres in D dimensions, which are fitted first"
)
_ENCODED = re.compile(
    r"(?P<relu>relu-)?(?:rmac(?::(?P<levels>\d+))?-(?P<white>white.*)|(?P<vlad>vlad.*))"
)
_FIT_NAME = re.compile(r"[\w+.-]{1,200}")
_LEAST_SCALE, _GREATEST_SCALE = 0.05, 8.0


class FitName(msgspec.Struct, frozen=True):
    """A saved fit by its name in the gallery; sha256: of its numbers.

    dimension: that it is used with. image_set, n: what it was fitted on, which lay in `folder`.
    """

    name: str
    sha256: str
    dimension: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    image_set: str = ""
    n: int = 0
    folder: str = ""


class FurtherValue(msgspec.Struct, frozen=True):
    """A value that is joined to the recipe's own: by name, and by its place in the net."""

    layer: str
    top: str
    place: Place | None = None


class Finish(msgspec.Struct, frozen=True):
    """What comes after pooling, in the order in which it is done.

    encoding: of parts, as `parse_encoding` reads it, "" for none; encoder: its fit. scales: factors
    of the picture's size, whose descriptors of length 1 are put together. further: values whose
    descriptors of length 1 are joined to the first. after: as `parse_after` reads it; fit: of PCA
    or whitening. Where a fit is None and is needed, none was chosen yet.
    """

    after: str = L2.word
    fit: FitName | None = None
    scales: tuple[float, ...] = (1.0,)
    encoding: str = ""
    encoder: FitName | None = None
    further: tuple[FurtherValue, ...] = ()

    def check(self) -> None:
        """Raise RequestError for words or numbers that mean nothing."""
        after = parse_after(self.after)
        if len(after) != 1:
            raise RequestError(f"'{self.after}' names {len(after)} ways where one is asked for.")
        if self.encoding:
            parse_encoding(self.encoding)
        check_scales(self.scales)
        for fit in (self.fit, self.encoder):
            if fit is not None and not _FIT_NAME.fullmatch(fit.name):
                raise RequestError(f"A fit can't be called '{fit.name:.60}'.")

    @property
    def asked_after(self) -> After:
        """The steps after pooling, their dimension as it was asked for."""
        return parse_after(self.after)[0]

    @property
    def steps(self) -> After:
        """The same with the dimension of the fit."""
        asked = self.asked_after
        if self.fit is None or not asked.projection:
            return asked
        return After(asked.has_power, asked.projection, self.fit.dimension)

    @property
    def parts(self) -> Encoding | None:
        """How parts are encoded; None where pooling gives the vector."""
        if not self.encoding:
            return None
        asked = parse_encoding(self.encoding)
        if self.encoder is None or asked.dimension:
            return asked
        return Encoding(asked.method, self.encoder.dimension, asked.centres)

    @property
    def has_several_scales(self) -> bool:
        """Whether the picture is read at another size than its own."""
        return self.scales != (1.0,)

    @property
    def lacks_fit(self) -> bool:
        """Whether descriptors can't be made before something is fitted."""
        needs_fit = bool(self.asked_after.projection) and self.fit is None
        return needs_fit or (bool(self.encoding) and self.encoder is None)

    @property
    def raw(self) -> Finish:
        """What comes before the steps, whose descriptors the fit is made of."""
        return msgspec.structs.replace(self, after=L2.word, fit=None)

    def with_fits_of(self, other: Finish) -> Finish:
        """The same with another's fits, where this has none and all that was asked is equal."""
        bare = msgspec.structs.replace(other, fit=None, encoder=None)
        if bare != msgspec.structs.replace(self, fit=None, encoder=None):
            return self
        return msgspec.structs.replace(
            self, fit=self.fit or other.fit, encoder=self.encoder or other.encoder
        )

    def compared(self) -> dict[str, Any]:
        """What of it changes a descriptor, under the words of a sentence; {} of a plain one."""
        fields: dict[str, Any] = {}
        if self.has_several_scales:
            fields["list of scales"] = _scale_words(self.scales)
        if self.encoding:
            fields["encoding"] = self.encoding
        if self.encoder is not None:
            fields["fit of the encoding"] = self.encoder.sha256
        if self.further:
            fields["list of further layers"] = [
                one.place or [one.layer, one.top] for one in self.further
            ]
        if self.after != L2.word:
            fields["step after pooling"] = self.after
        if self.fit is not None:
            fields["fit"] = self.fit.sha256
        return fields

    def describe(self) -> str:
        """ "scales 1, 0.5, L2, whitening 64 (fitted on 200 images of photos), L2"."""
        scales = f"scales {_scale_words(self.scales)}, " if self.has_several_scales else ""
        steps = self.steps.describe()
        if self.fit is not None and self.fit.image_set:
            fitted = f" (fitted on {self.fit.n:,} of {self.fit.image_set})"
            head, _, tail = steps.rpartition(",")
            steps = f"{head}{fitted},{tail}"
        return f"{scales}{steps}"


PLAIN = Finish()


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of a finish, read from their files; None where it needs none."""

    after: PcaFit | None = None
    encoder: Encoder | None = None


def load_fits(finish: Finish, folder: Path) -> Fits:
    """The fits that a gallery's recipe names, from its folder.

    Raises GalleryError for one that is lost, damaged, or another than the descriptors are made by.
    """
    try:
        return Fits(
            None if finish.fit is None else open_fit(_checked(finish.fit, folder)),
            None if finish.encoder is None else open_encoder(_checked(finish.encoder, folder)),
        )
    except GalleryError:
        raise
    except AppError as error:
        raise GalleryError(
            f"A fit of the gallery can't be read. {error.sentence}",
            hint="Its descriptors stay as they are; new images need the fit that made them.",
        ) from error


def _checked(fit: FitName, folder: Path) -> Path:
    path = folder / FITS_NAME / fit.name
    if fit_digest(path) != fit.sha256:
        raise GalleryError(
            f"The fit '{fit.name}' is another one than the descriptors were made by.",
            hint="Index into a new folder.",
        )
    return path


def parse_pooled(word: str, p: float | None = None) -> tuple[Pool, Encoding | None]:
    """The pooling of a word, or parts with their encoding: "gem", "rmac-white:64", "vlad:64x32".

    p: for "gem" without a number of its own. Raises RequestError.
    """
    match = _ENCODED.fullmatch(word.strip().lower())
    if match is None:
        return parse_pooling(word, p), None
    encoding = parse_encoding(match["white"] or match["vlad"])
    levels = f":{match['levels']}" if match["levels"] else ""
    return parse_pooling(f"{match['relu'] or ''}{encoding.parts}{levels}"), encoding


def parse_scales(words: str) -> tuple[float, ...]:
    """The scales of "1,0.7071,0.5". Raises RequestError."""
    try:
        scales = tuple(float(word) for word in words.split(","))
    except ValueError as error:
        raise RequestError(f"'{words}' names no scales.", hint=f"Give {SCALES_HELP}.") from error
    check_scales(scales)
    return scales


def check_scales(scales: tuple[float, ...]) -> None:
    """Raise RequestError for scales that no picture can have, or too many of them."""
    if not 1 <= len(scales) <= MOST_SCALES or len(set(scales)) != len(scales):
        raise RequestError(f"Give 1 to {MOST_SCALES} different scales.")
    for scale in scales:
        if not _LEAST_SCALE <= scale <= _GREATEST_SCALE:
            raise RequestError(
                f"A scale of {scale:g} is none of {_LEAST_SCALE:g} to {_GREATEST_SCALE:g}."
            )


def finish_from_json(document: Mapping[str, Any] | None) -> Finish:
    """The inverse of `finish_to_json`; the plain one where there is nothing."""
    if document is None:
        return PLAIN
    finish = msgspec.convert(document, Finish)
    finish.check()
    return finish


def finish_to_json(finish: Finish) -> dict[str, Any] | None:
    """A JSON-able dictionary; None of the plain one."""
    if finish == PLAIN:
        return None
    written: dict[str, Any] = msgspec.to_builtins(finish)
    return written


def _scale_words(scales: tuple[float, ...]) -> str:
    return ", ".join(f"{scale:g}" for scale in scales)

"""The recipe of a descriptor: everything that decides on the vector an image gets."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

import msgspec
import numpy as np

from core.engines.values import Value
from core.errors import AppError, GalleryError
from core.images.preprocess import Preprocess
from core.measures.measure import MOST_LEVELS, POOLINGS, Pool, PoolingName
from core.net.definition import NetState
from core.net.identity import Place
from core.net.reader import DEFAULT_STATE
from core.retrieval.finish import PLAIN, Finish, finish_from_json, finish_to_json
from core.typed_json import as_type


class _RecipeDocument(msgspec.Struct, frozen=True):
    """A recipe as JSON keeps it.

    Recipes written before they said how the net was run are of float32 and the TEST phase; those
    without an identity know their net by its text alone.
    """

    layer: str
    top: str
    pooling: str
    p: Annotated[float, msgspec.Meta(gt=0, le=1e9)]
    preprocess: dict[str, Any]
    net_sha256: str
    weights_sha256: str
    phase: str = DEFAULT_STATE.phase
    level: int = DEFAULT_STATE.level
    stages: tuple[str, ...] = ()
    precision: str = "float32"
    engine_options: dict[str, str] = {}
    batched: bool = True
    levels: Annotated[int, msgspec.Meta(ge=1, le=MOST_LEVELS)] = 3
    relu: bool = False
    net_identity: str = ""
    place: Place | None = None
    finish: dict[str, Any] | None = None


@dataclass(frozen=True)
class DescriptorRecipe:
    """Which value of which net is pooled how, from pictures prepared how.

    net_sha256: of the prototxt's text. weights_sha256: of the weights file; without one, a word
    such as "filler 0" that names the seed. p, levels and relu: as Pool has them. state: the net is
    built in.
    precision and engine_options: what the engine was told that changes values. is_batched: whether
    images went through the net together, which counts for nets that mix the rows of a batch.
    net_identity and place: what the net computes, and where the value is in it, without the names
    that a rename changes; "" and None in galleries of before. layer and top are the names by which
    the value was read. finish: what is done with what is pooled.
    """

    layer: str
    top: str
    pooling: str
    p: float
    preprocess: Preprocess
    net_sha256: str
    weights_sha256: str
    state: NetState = DEFAULT_STATE
    precision: str = "float32"
    engine_options: tuple[tuple[str, str], ...] = ()
    is_batched: bool = True
    levels: int = 3
    relu: bool = False
    net_identity: str = ""
    place: Place | None = None
    finish: Finish = PLAIN

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise GalleryError(
                f"There is no pooling '{self.pooling}'.", hint=f"Known: {', '.join(POOLINGS)}."
            )
        if not self.p > 0:
            raise GalleryError(f"GeM pooling needs a p above 0, not {self.p:g}.")

    @property
    def value(self) -> Value:
        """The layer and top that are read."""
        return Value(self.layer, self.top)

    @property
    def measure(self) -> Pool:
        """The pooling as an engine is asked for it, before the layer's shape is known."""
        pooling = cast(PoolingName, self.pooling)  # checked in __post_init__
        return Pool(pooling, self.p, self.levels, self.relu)

    @property
    def values(self) -> tuple[Value, ...]:
        """All that are read: its own, and those that are joined to it."""
        return (self.value, *(Value(one.layer, one.top) for one in self.finish.further))

    @property
    def has_levels(self) -> bool:
        """Whether the pooling has a grid of regions."""
        return self.measure.has_levels

    @property
    def raw(self) -> DescriptorRecipe:
        """The same before its steps, whose descriptors PCA and whitening are fitted on."""
        return replace(self, finish=self.finish.raw)

    def describe(self) -> str:
        """The recipe in one line."""
        name = "rmac" if self.pooling == "regions" and self.finish.encoding else self.pooling
        pooling = f"{'ReLU, ' if self.relu else ''}{name}"
        if self.pooling == "gem":
            pooling += f" p={self.p:g}"
        elif self.has_levels:
            pooling += f" L={self.levels}"
        encoding = self.finish.parts
        pooling += f", {encoding.describe()}" if encoding is not None else ""
        ran = "".join(f", {words}" for words in self._unusual())
        named = " + ".join(f"{layer} ({top})" for layer, top in self.values)
        return f"{named}, {pooling}, {self.finish.describe()}{ran}; {self.preprocess.describe()}"

    def _unusual(self) -> list[str]:
        """How the net was run, where that is not how nets are run."""
        words = [] if self.precision == "float32" else [self.precision]
        if self.state.phase != DEFAULT_STATE.phase:
            words.append(f"phase {self.state.phase}")
        words += [f"level {self.state.level}"] if self.state.level else []
        words += [f"stage {stage}" for stage in self.state.stages]
        words += [f"{name} {value}" for name, value in self.engine_options]
        return words if self.is_batched else [*words, "one image at a time"]

    @property
    def digest(self) -> str:
        """SHA-256 over all that changes a descriptor: equal ones can be compared."""
        document = {**self._net_and_value(), **self._compared()}
        document["preprocess"] = self.preprocess.digest
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    @property
    def named_digest(self) -> str:
        """The digest as it was before nets had an identity: by the prototxt and its names."""
        return replace(self, net_identity="", place=None).digest

    def _net_and_value(self) -> dict[str, Any]:
        if self.net_identity and self.place is not None:
            return {"net": self.net_identity, "value": self.place, "weights": self.weights_sha256}
        return {
            "prototxt": self.net_sha256,
            "weights": self.weights_sha256,
            "layer": self.layer,
            "top": self.top,
        }

    def _compared(self) -> dict[str, Any]:
        """What else changes a descriptor but the preprocessing, under the words of a sentence."""
        dials: dict[str, Any] = {"p": self.p} if self.pooling == "gem" else {}
        dials |= {"number of levels": self.levels} if self.has_levels else {}
        dials |= {"ReLU": "first"} if self.relu else {}
        return {
            "pooling": self.pooling,
            **dials,
            **self.finish.compared(),
            "precision": self.precision,
            "phase": self.state.phase,
            "level": self.state.level,
            "set of stages": " ".join(sorted(self.state.stages)) or "empty",
            "set of engine options": " ".join("=".join(o) for o in self.engine_options) or "empty",
            "way of images": "together" if self.is_batched else "one at a time",
        }

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        document = _RecipeDocument(
            self.layer,
            self.top,
            self.pooling,
            self.p,
            self.preprocess.to_json(),
            self.net_sha256,
            self.weights_sha256,
            self.state.phase,
            self.state.level,
            self.state.stages,
            self.precision,
            dict(self.engine_options),
            self.is_batched,
            self.levels,
            self.relu,
            self.net_identity,
            self.place,
            finish_to_json(self.finish),
        )
        written: dict[str, Any] = msgspec.to_builtins(document)
        return written

    @classmethod
    def from_json(cls, document: object) -> DescriptorRecipe:
        """The inverse of to_json. Raises GalleryError if a field is missing or wrong."""
        try:
            noted = as_type(document, _RecipeDocument, "The recipe")
            return cls(
                noted.layer,
                noted.top,
                noted.pooling,
                noted.p,
                Preprocess.from_json(noted.preprocess),
                noted.net_sha256,
                noted.weights_sha256,
                NetState(noted.phase, noted.level, noted.stages),
                noted.precision,
                tuple(sorted(noted.engine_options.items())),
                noted.batched,
                noted.levels,
                noted.relu,
                noted.net_identity,
                noted.place,
                finish_from_json(noted.finish),
            )
        except (TypeError, ValueError, OverflowError, AppError) as error:
            raise GalleryError(
                "The recipe of the gallery can't be read.", details=str(error)
            ) from error


def find_difference(there: DescriptorRecipe, here: DescriptorRecipe) -> str | None:
    """A sentence naming the first field in which two recipes differ; None if they are the same."""
    is_same_net = "" != there.net_identity == here.net_identity
    if not is_same_net and there.net_sha256 != here.net_sha256:
        return "The prototxt is another one than the gallery was made with."
    if there.weights_sha256 != here.weights_sha256:
        return "The weights are others than the gallery was made with."
    other_value = _value_difference(there, here, is_same_net=is_same_net)
    if other_value is not None:
        return other_value
    old_fields, new_fields = there._compared(), here._compared()
    for name in old_fields | new_fields:  # the pooling comes before its dials, which others lack
        old, new = old_fields.get(name, "none"), new_fields.get(name, "none")
        if old != new:
            return f"The {name} is {old} in the gallery and {new} here."
    return _preprocess_difference(there.preprocess, here.preprocess)


def with_fits_of(there: DescriptorRecipe, here: DescriptorRecipe) -> DescriptorRecipe:
    """`here` with the fits of a gallery's recipe, where it has none and asks for the same."""
    return replace(here, finish=here.finish.with_fits_of(there.finish))


def check_same_recipe(there: DescriptorRecipe, here: DescriptorRecipe) -> None:
    """Raise GalleryError, which says what differs, unless both recipes give equal descriptors."""
    difference = find_difference(there, here)
    if difference is not None:
        raise GalleryError(
            f"This gallery was made with another recipe. {difference}",
            hint="Use the gallery's recipe, or index into a new folder.",
        )


def l2_normalise(descriptors: np.ndarray) -> np.ndarray:
    """Divide each row by its Euclidean length; a row of zeros stays.

    descriptors: (n, dimension) or (dimension,). Returns the same shape, float32.
    """
    exact = np.asarray(descriptors, dtype=np.float64)
    length = np.sqrt((exact * exact).sum(axis=-1, keepdims=True))
    result: np.ndarray = (exact / np.where(length == 0, 1.0, length)).astype(np.float32)
    return result


def text_sha256(text: str) -> str:
    """SHA-256 of a prototxt's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _value_difference(
    there: DescriptorRecipe, here: DescriptorRecipe, *, is_same_net: bool
) -> str | None:
    """By place where both nets are known without their names, else by layer and top."""
    if is_same_net and there.place is not None and here.place is not None:
        if there.place == here.place:
            return None
    elif there.value == here.value:
        return None
    for name, old, new in zip(("layer", "top"), there.value, here.value, strict=True):
        if old != new:
            return f"The {name} is {old} in the gallery and {new} here."
    return f"Layer {here.layer} stands at another place of the net than in the gallery."


def _preprocess_difference(there: Preprocess, here: Preprocess) -> str | None:
    if there == here or there.digest == here.digest:
        return None
    old_fields, new_fields = there.to_json(), here.to_json()
    for name, old in old_fields.items():
        if name != "made_with" and old != new_fields[name]:
            words = name.replace("_", " ")
            return f"Preprocessing: {words} is {old} in the gallery and {new_fields[name]} here."
    return "Preprocessing: the mean image has another content."

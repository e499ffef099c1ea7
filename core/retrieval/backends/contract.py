"""What every search backend answers with: the images that are nearest to some vectors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

import numpy as np

from core.errors import RequestError
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.search import Ranking, best_of_many, rank_by

BackendName = Literal["numpy", "faiss", "qdrant"]
BACKENDS: tuple[BackendName, ...] = ("numpy", "faiss", "qdrant")
SERVER_VARIABLE = "BLOBSCOPE_QDRANT_URL"
KEY_VARIABLE = "BLOBSCOPE_QDRANT_API_KEY"
_DEFAULT_SERVER = "http://localhost:6333"


@dataclass(frozen=True)
class BackendChoice:
    """Which backend searches; server: the address of a Qdrant server, "" for the others."""

    name: BackendName = "numpy"
    server: str = ""

    @property
    def word(self) -> str:
        """ "faiss" or "qdrant:http://localhost:6333": what `parse_backend` reads; "" for exact."""
        if self.name == "numpy":
            return ""
        return f"{self.name}:{self.server}" if self.server else self.name

    @property
    def is_exact(self) -> bool:
        """Whether every descriptor is compared."""
        return self.name == "numpy"


EXACT = BackendChoice()


def parse_backend(word: str) -> BackendChoice:
    """The choice of a word. Raises RequestError for one that names none."""
    name, _, server = word.strip().partition(":")
    for known in BACKENDS:
        if name == known and (not server or known == "qdrant"):
            return choose_backend(known, server)
    raise RequestError(
        f"There is no search backend '{word}'.",
        hint="Known: numpy, faiss, qdrant or qdrant:ADDRESS.",
    )


def choose_backend(name: BackendName, server: str = "") -> BackendChoice:
    """A backend; server: of Qdrant, "" for the one of the environment, or of this machine.

    Raises RequestError for an address that is none.
    """
    if name != "qdrant":
        return BackendChoice(name)
    return BackendChoice(name, server_address(server or default_server()))


def default_server() -> str:
    """Where a Qdrant server is looked for that nobody names."""
    return os.environ.get(SERVER_VARIABLE, "") or _DEFAULT_SERVER


def server_address(words: str) -> str:
    """The address of a server as it is typed: "host:6333" is "http://host:6333".

    Raises RequestError for one that is none, or that holds a password, which would be remembered.
    """
    typed = words.strip().rstrip("/")
    address = typed if "://" in typed else f"http://{typed}"
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_good &= parts.port != 0 and not set(address) & set(", \t\n")
    except ValueError:
        is_good = False
    if not is_good or parts.query or parts.fragment:
        raise RequestError(
            f"'{words}' is no address of a server.", hint=f"Write it as {_DEFAULT_SERVER}."
        )
    if parts.username is not None:
        raise RequestError(
            "An address with a password would be written down.",
            hint=f"Leave it out; an API key is read from the variable {KEY_VARIABLE}.",
        )
    return address


class Backend(Protocol):
    """Searches the descriptors of one gallery.

    cosines: theirs. most: how many images a ranking of it lists at most, None for all.
    """

    @property
    def cosines(self) -> Cosines: ...

    @property
    def most(self) -> int | None: ...

    def search(
        self, vectors: np.ndarray, k: int | None, filters: Sequence[Excluded]
    ) -> list[Ranking]:
        """The best k images for each of (n, dimension) vectors, with their exact cosines.

        k: None for as many as there are, or `most`. filters: for each vector the image that it must
        not find, (n,) int64 of several, or None. Equal cosines stand in the order of the images.
        Raises GalleryError for a vector that is not finite.
        """
        ...

    def describe(self) -> str:
        """A sentence on what it finds, "" for everything."""
        ...

    def note(self) -> str:
        """The same with what a reader of a ranking has to know."""
        ...

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        ...


@dataclass(frozen=True, eq=False)
class ExactSearch:
    """Compares every descriptor, by NumPy."""

    cosines: Cosines
    most: int | None = None

    def search(
        self, vectors: np.ndarray, k: int | None, filters: Sequence[Excluded]
    ) -> list[Ranking]:
        """As `Backend` has it."""
        if k is None:
            pairs = zip(vectors, filters, strict=True)
            return [rank_by(self.cosines, vector, exclude=own) for vector, own in pairs]
        return best_of_many(self.cosines, vectors, k, filters)

    def describe(self) -> str:
        """It finds everything."""
        return ""

    def note(self) -> str:
        """Nor has a reader to know anything."""
        return ""

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {"kind": "exact"}

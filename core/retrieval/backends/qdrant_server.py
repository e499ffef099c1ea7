"""A user's own Qdrant server: asked within bounds of time, its errors told in sentences."""

from __future__ import annotations

import importlib.util
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from core.errors import AppError
from core.retrieval.backends.contract import KEY_VARIABLE

TIMEOUT_SECONDS = 15
"""For each answer: a batch is written, or a search done, in a fraction of it."""
_EFFORTS = 64, 4096
"""Candidates of a search in its graph of neighbours (HNSW's ef)."""
_QUERIES_AT_ONCE = 100
_ROWS_AT_ONCE = 1000


class ServerError(AppError):
    """A server that can't be reached, or that refuses what it is asked for."""


def why_no_qdrant() -> str:
    """Why no server can be asked, in a sentence; "" where the library is there."""
    if importlib.util.find_spec("qdrant_client") is None:
        return (
            "A Qdrant server needs qdrant-client, which is not installed: pip install qdrant-client"
        )
    return ""


@dataclass(frozen=True)
class Point:
    """A row as a server keeps it: its number in the gallery, and what tells of its content.

    A stranger's point may have a word in place of a number; its crc is -1.
    """

    row: int | str
    crc: int


class QdrantServer:
    """One server; every method may raise ServerError, none waits longer than the timeout.

    client: of qdrant-client, for tests; else one is made for the address.
    """

    def __init__(self, address: str, client: Any = None) -> None:
        self.address = address
        self._models = _load().models
        self._client = make_client(address) if client is None else client
        weakref.finalize(self, self._client.close)  # of its connections

    def notes(self, collection: str) -> dict[str, Any] | None:
        """What was noted of a collection; None where there is none of that name."""
        with self._told():
            if not self._client.collection_exists(collection):
                return None
            found = self._client.get_collection(collection).config.metadata
            return dict(found or {})

    def note(self, collection: str, **notes: Any) -> None:
        """Note something of a collection beside what is noted."""
        with self._told():
            self._client.update_collection(collection, metadata=notes)

    def create(self, collection: str, dimension: int, notes: dict[str, Any]) -> None:
        """A new collection for vectors that are compared by their cosine.

        Raises ServerError too for a server that keeps no notes.
        """
        params = self._models.VectorParams(size=dimension, distance=self._models.Distance.COSINE)
        with self._told():
            self._client.create_collection(collection, vectors_config=params, metadata=notes)
        if self.notes(collection) != notes:
            with self._told():
                self._client.delete_collection(collection)
            raise ServerError(
                f"The server {self.address} keeps no notes of a collection.",
                hint="Qdrant 1.16 or later is needed.",
            )

    def points(self, collection: str) -> Iterator[list[Point]]:
        """All rows that a collection holds, some at a time."""
        after = None
        while True:
            with self._told():
                records, after = self._client.scroll(
                    collection, limit=_ROWS_AT_ONCE, offset=after, with_payload=["crc"]
                )
            yield [_point(record) for record in records]
            if after is None:
                return

    def put(
        self, collection: str, rows: np.ndarray, vectors: np.ndarray, notes: Sequence[Any]
    ) -> None:
        """Write rows: (n,) int64 numbers, (n, dimension) float32, and a dictionary of each."""
        batch = self._models.Batch(ids=rows.tolist(), vectors=vectors.tolist(), payloads=notes)
        with self._told():
            self._client.upsert(collection, points=batch, wait=True)

    def drop(self, collection: str, rows: Sequence[int | str]) -> None:
        """Forget rows."""
        with self._told():
            some = self._models.PointIdsList(points=list(rows))
            self._client.delete(collection, points_selector=some, wait=True)

    def is_ready(self, collection: str) -> bool:
        """Whether it is done with making its own index of what was written."""
        with self._told():
            return str(self._client.get_collection(collection).status.value) != "yellow"

    def nearest(
        self, collection: str, queries: np.ndarray, k: int, effort: int
    ) -> list[list[int | str]]:
        """The numbers of up to k rows for each of (n, dimension) queries, best first."""
        models = self._models
        params = models.SearchParams(hnsw_ef=effort)
        with self._told():
            answers = self._client.query_batch_points(
                collection,
                [models.QueryRequest(query=q, limit=k, params=params) for q in queries.tolist()],
            )
        return [[point.id for point in answer.points] for answer in answers]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What client and server say, in a sentence."""
        exceptions = _load().http.exceptions
        try:
            yield
        except exceptions.ResponseHandlingException as error:
            raise self._unreachable(error) from error
        except exceptions.UnexpectedResponse as error:
            raise self._refusal(error) from error
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise ServerError(
                f"The answer of the server {self.address} is not understood.", details=str(error)
            ) from error

    def _unreachable(self, error: Exception) -> ServerError:
        is_late = "timed out" in str(error) or "Timeout" in repr(error)
        does = f"did not answer within {TIMEOUT_SECONDS} s" if is_late else "can't be reached"
        return ServerError(
            f"The server {self.address} {does}.",
            hint="Is Qdrant running there? The address is that of its REST port, as "
            "http://localhost:6333.",
            details=str(error),
        )

    def _refusal(self, error: Any) -> ServerError:
        if error.status_code in (401, 403):
            return ServerError(
                f"The server {self.address} wants another API key.",
                hint=f"It is read from the variable {KEY_VARIABLE}.",
            )
        return ServerError(
            f"The server {self.address} refused it: {error.status_code} {error.reason_phrase}.",
            details=error.content.decode(errors="replace")[:2000],
        )


@dataclass(frozen=True, eq=False)
class ServerRows:
    """The rows of a gallery in a collection of a server, as an index of approximate search.

    n_rows: points that it holds; n_stored: rows that the gallery has.
    """

    server: QdrantServer
    collection: str
    n_rows: int
    n_stored: int

    @property
    def efforts(self) -> tuple[int, int]:
        """Candidates of a search."""
        return _EFFORTS

    def describe(self, effort: int) -> str:
        """ "Qdrant at http://host:6333, ef 128"."""
        return f"Qdrant at {self.server.address}, ef {effort:,}"

    def to_json(self, effort: int) -> dict[str, object]:
        """A JSON-able dictionary."""
        named = {"server": self.server.address, "collection": self.collection}
        return {"library": "Qdrant", **named, "hnsw_ef": effort}

    def search(self, queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        """As `RowIndex` has it."""
        k = min(k, max(1, self.n_rows))
        found = np.full((len(queries), k), -1, np.int64)
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            some = queries[start : start + _QUERIES_AT_ONCE]
            answers = self.server.nearest(self.collection, some, k, effort)
            for place, answer in enumerate(answers, start=start):
                rows = [row for row in answer if isinstance(row, int) and 0 <= row < self.n_stored]
                found[place, : len(rows)] = rows[:k]
        return found

    def search_one(self, query: np.ndarray, k: int, effort: int) -> np.ndarray:
        """As `RowIndex` has it."""
        found = self.search(query[None], k, effort)[0]
        result: np.ndarray = found[found >= 0]
        return result


def make_client(address: str) -> Any:
    """A client of qdrant-client, which connects when it is first asked something."""
    parts = urlsplit(address)
    return _load().QdrantClient(
        url=address,
        port=parts.port or (443 if parts.scheme == "https" else 6333),
        api_key=os.environ.get(KEY_VARIABLE) or None,
        timeout=TIMEOUT_SECONDS,
        check_compatibility=False,  # it would warn, on a terminal, of what is told in sentences
    )


def _load() -> Any:
    """The library. Raises ServerError where there is none."""
    try:
        import qdrant_client
    except ImportError as error:
        raise ServerError(
            "A Qdrant server needs the library qdrant-client, which is not installed.",
            hint="pip install qdrant-client, or search exactly.",
        ) from error
    return qdrant_client


def _point(record: Any) -> Point:
    crc = (record.payload or {}).get("crc")
    return Point(record.id, crc if isinstance(crc, int) and crc >= 0 else -1)

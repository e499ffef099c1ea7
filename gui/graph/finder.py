"""The layers that a query hits, and which of them is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.net.find import FindRecord, Query, find_matches, parse_query


class Finder:
    """Keeps a query over the records of a net; hits are layer indices in file order."""

    def __init__(self) -> None:
        self._make_records: Callable[[], Sequence[FindRecord]] = tuple
        self._records: Sequence[FindRecord] | None = None
        self._query = Query(())
        self.hits: tuple[int, ...] = ()
        self.position: int | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for, or nothing that can be understood."""
        return self._query.is_empty

    @property
    def problem(self) -> str:
        """Why the query can't be understood, as a sentence."""
        return self._query.problem

    def set_source(self, make_records: Callable[[], Sequence[FindRecord]]) -> None:
        """Search another net with the same query; its records are made once they are needed."""
        self._make_records = make_records
        self._records = None
        self._hit_again()

    def search(self, text: str) -> None:
        """Ask for something else."""
        self._query = parse_query(text)
        self.position = None
        self._hit_again()

    def step(self, by: int) -> int | None:
        """Go `by` hits on, around the ends; the layer index there, None without hits."""
        if not self.hits:
            return None
        if self.position is None:
            self.position = 0 if by > 0 else len(self.hits) - 1
        else:
            self.position = (self.position + by) % len(self.hits)
        return self.hits[self.position]

    def _hit_again(self) -> None:
        self.hits = ()
        if not self.is_idle:
            if self._records is None:
                self._records = self._make_records()
            self.hits = find_matches(self._query, self._records)
        if self.position is not None and self.position >= len(self.hits):
            self.position = None

"""Find layers by words and comparisons: `type:ReLU inplace:yes params>1e6`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER_KEYS = ("params", "macs", "memory")
_TEXT_KEYS = ("name", "type", "family", "blob", "bottom", "top", "shape")
_CLAIM_KEYS = ("inplace", "hidden")
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "ki": 1024.0, "mi": 1024.0**2, "gi": 1024.0**3}

_TOKEN = re.compile(r'(?P<no>-?)(?P<body>(?:"[^"]*"?|[^\s"])+)')
_COMPARISON = re.compile(r"^(?P<key>[A-Za-z]+):?(?P<sign><=|>=|<|>|=)(?P<number>.*)$")
_KEYED = re.compile(r"^(?P<key>[A-Za-z]+):(?P<value>.+)$")
_NUMBER = re.compile(
    r"^(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)(?P<unit>[kmg]i?)?b?$", re.IGNORECASE
)


@dataclass(frozen=True)
class FindRecord:
    """What one layer can be found by; `shapes` are its top shapes, None where unknown."""

    name: str
    type: str
    family: str = ""
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    shapes: tuple[tuple[int, ...] | None, ...] = ()
    is_in_place: bool = False
    is_hidden: bool = False
    params: int = 0
    macs: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Term:
    """One condition: `key` "" looks everywhere; `sign` "" means contains."""

    key: str
    sign: str
    text: str
    number: float = 0.0
    is_negated: bool = False

    def matches(self, record: FindRecord) -> bool:
        """Whether the condition holds for `record`."""
        return self._holds(record) != self.is_negated

    def matches_words(self, record: FindRecord) -> bool:
        """Whether it holds for `record` without a look at its shapes."""
        if self.key or self.is_negated:
            return self.matches(record)
        return self._is_in_words(record)

    def _holds(self, record: FindRecord) -> bool:
        if self.key in _NUMBER_KEYS:
            return _compare(float(getattr(record, self.key)), self.sign, self.number)
        if self.key in _CLAIM_KEYS:
            claim = record.is_in_place if self.key == "inplace" else record.is_hidden
            return claim == (self.text == "yes")
        if self.key == "shape":
            return _shape_matches(self.text, record.shapes)
        if self.key:
            return any(self.text in value.lower() for value in _values(record, self.key))
        return self._is_anywhere(record)

    def _is_anywhere(self, record: FindRecord) -> bool:
        return self._is_in_words(record) or _shape_matches(self.text, record.shapes)

    def _is_in_words(self, record: FindRecord) -> bool:
        words = (record.name, record.type, *record.bottoms, *record.tops, *record.versions)
        return any(self.text in word.lower() for word in words)


@dataclass(frozen=True)
class Query:
    """All terms must hold; `problem` is a sentence when a term can't be understood."""

    terms: tuple[Term, ...]
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """No condition at all: everything matches."""
        return not self.terms

    def matches(self, record: FindRecord) -> bool:
        """Whether every term holds for `record`; nothing matches a query with a problem."""
        return not self.problem and all(term.matches(record) for term in self.terms)

    def matches_words(self, record: FindRecord) -> bool:
        """Whether `record` would match too if free words were not sought in shapes."""
        return not self.problem and all(term.matches_words(record) for term in self.terms)


def parse_query(text: str) -> Query:
    """Split `text` at spaces (quotes keep them) into terms that are joined by AND."""
    terms: list[Term] = []
    for found in _TOKEN.finditer(text):
        term, problem = _read_term(found["body"], bool(found["no"]))
        if problem:
            return Query((), problem)
        terms.append(term)
    return Query(tuple(terms))


def find_matches(query: Query, records: Iterable[FindRecord]) -> tuple[int, ...]:
    """The positions in `records` that match, in order."""
    return tuple(i for i, record in enumerate(records) if query.matches(record))


def _read_term(body: str, is_negated: bool) -> tuple[Term, str]:
    compared = _COMPARISON.match(body)
    if compared and compared["key"].lower() in _NUMBER_KEYS:
        return _read_comparison(compared["key"], compared["sign"], compared["number"], is_negated)
    keyed = _KEYED.match(body)
    key = keyed["key"].lower() if keyed else ""
    value = keyed["value"].replace('"', "").lower() if keyed else ""
    if keyed and key in _NUMBER_KEYS:
        return _read_comparison(key, "=", keyed["value"], is_negated)
    if keyed and key in _CLAIM_KEYS:
        if value not in ("yes", "no"):
            return Term("", "", ""), f"{key}: takes yes or no, not “{keyed['value']}”."
        return Term(key, "", value, is_negated=is_negated), ""
    if keyed and key in _TEXT_KEYS:
        return Term(key, "", value, is_negated=is_negated), ""
    return Term("", "", body.replace('"', "").lower(), is_negated=is_negated), ""


def _read_comparison(key: str, sign: str, text: str, is_negated: bool) -> tuple[Term, str]:
    found = _NUMBER.match(text)
    if not found:
        return Term("", "", ""), f"{key}{sign} needs a number such as 1e6, 25k or 4.5M."
    number = float(found["number"]) * _UNITS[(found["unit"] or "").lower()]
    return Term(key.lower(), sign, text, number, is_negated), ""


def _compare(value: float, sign: str, number: float) -> bool:
    if sign == ">":
        return value > number
    if sign == "<":
        return value < number
    if sign == ">=":
        return value >= number
    if sign == "<=":
        return value <= number
    return value == number


def _values(record: FindRecord, key: str) -> tuple[str, ...]:
    if key == "bottom":
        return record.bottoms
    if key == "top":
        return record.tops
    if key == "blob":
        return (*record.bottoms, *record.tops, *record.versions)
    return (str(getattr(record, key)),)


def _shape_matches(text: str, shapes: tuple[tuple[int, ...] | None, ...]) -> bool:
    """A single number matches one whole dimension; several must be neighbours in order."""
    parts = text.replace("×", "x").split("x")
    if not all(part.isdigit() for part in parts):
        return False
    wanted = tuple(int(part) for part in parts)
    return any(_contains(shape, wanted) for shape in shapes if shape is not None)


def _contains(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    size = len(wanted)
    return any(shape[i : i + size] == wanted for i in range(len(shape) - size + 1))

"""What may be done beside a plain exact search, and the words that ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import RequestError
from core.retrieval.backends.contract import BACKENDS, EXACT, BackendChoice, parse_backend
from core.retrieval.expansion import DEFAULT_ALPHA, Expansion, Weighting
from core.retrieval.reranking import N_RERANKED, Diffusion, KReciprocal, Reranking
from core.words import plural

HELP = (
    "dba:K (database-side augmentation, before the others), "
    "qe:K (average query expansion), rankqe:K (weighted by rank), alphaqe:K or alphaqe:K:ALPHA "
    "(weighted by similarity, alpha 3), "
    "kreciprocal or kreciprocal:K1:K2:LAMBDA (re-ranking by k-reciprocal encoding, 20:6:0.3), "
    f"diffusion or diffusion:K:ALPHA (re-ranking by diffusion, 50:0.99), top:N (how many of the "
    f"first are re-ranked, {N_RERANKED})"
)
_WEIGHTINGS: dict[str, Weighting] = {"qe": "average", "rankqe": "rank", "alphaqe": "alpha"}
_MOST_DIALS = {
    "dba": 1, "qe": 1, "rankqe": 1, "alphaqe": 2, "kreciprocal": 3,
    "diffusion": 2, "top": 1,
}  # fmt: skip
_NEEDS_ONE = ("dba", "qe", "rankqe", "alphaqe", "top")
_MOST_NEIGHBOURS = 1000
_MOST_RERANKED = 5000
"""Whose cosines with one another take 200 MB."""


@dataclass(frozen=True)
class SearchSteps:
    """What is done beside exact search; augmentation: neighbours, 0 for none.

    backend: what looks for the nearest descriptors.
    """

    augmentation: int = 0
    expansion: Expansion | None = None
    backend: BackendChoice = EXACT
    reranking: Reranking | None = None

    def describe(self) -> str:
        """ "augmented by 20 neighbours, queries expanded by 10 (average)"; "" for nothing.

        Approximate search tells more than this can.
        """
        words = []
        if self.augmentation:
            words.append(f"augmented by {plural(self.augmentation, 'neighbour')}")
        if self.expansion is not None:
            words.append(self.expansion.describe())
        if self.reranking is not None:
            words.append(self.reranking.describe())
        return ", ".join(words)

    @property
    def word(self) -> str:
        """ "faiss,dba:20,qe:10,diffusion:50:0.99": what `parse_search` reads; "" for none."""
        return ",".join(filter(None, (self.backend.word, self.steps_word)))

    @property
    def steps_word(self) -> str:
        """The same without the backend."""
        words = [f"dba:{self.augmentation}"] if self.augmentation else []
        if self.expansion is not None:
            name = next(n for n, w in _WEIGHTINGS.items() if w == self.expansion.weighting)
            alpha = f":{self.expansion.alpha!r}" if name == "alphaqe" else ""
            words.append(f"{name}:{self.expansion.k}{alpha}")
        one = self.reranking
        if isinstance(one, KReciprocal):
            words += [f"kreciprocal:{one.k1}:{one.k2}:{one.weight!r}", f"top:{one.n}"]
        elif isinstance(one, Diffusion):
            words += [f"diffusion:{one.k}:{one.alpha!r}", f"top:{one.n}"]
        return ",".join(words)

    @property
    def variant(self) -> str:
        """The same with approximate search, as a result is called by: "" for plain exact search."""
        approximate = "" if self.backend.is_exact else f"approximate search by {self.backend.name}"
        return ", ".join(filter(None, (approximate, self.describe())))

    @property
    def is_quick(self) -> bool:
        """Whether every image of a gallery is soon ranked so."""
        return self.backend.is_exact and self.reranking is None


NOTHING = SearchSteps()


def parse_search(words: str) -> SearchSteps:
    """The steps of "dba:20,qe:10,kreciprocal". Raises RequestError for words that are none."""
    steps, n_reranked = NOTHING, None
    for word in filter(None, map(str.strip, words.split(","))):
        name, _, rest = word.lower().partition(":")
        if name in BACKENDS:  # whose address may have capitals
            steps = replace(steps, backend=parse_backend(word))
            continue
        dials = rest.split(":") if rest else []
        most = _MOST_DIALS.get(name, -1)
        if not (name in _NEEDS_ONE) <= len(dials) <= most:
            raise RequestError(f"There is no search step '{word}'.", hint=f"Known: {HELP}.")
        if name == "dba":
            steps = replace(steps, augmentation=_count(word, dials[0]))
        elif name == "top":
            n_reranked = _count(word, dials[0], _MOST_RERANKED)
        elif name in _WEIGHTINGS:
            alpha = _number(word, dials[1], 100) if len(dials) > 1 else DEFAULT_ALPHA
            expansion = Expansion(_count(word, dials[0]), _WEIGHTINGS[name], alpha)
            steps = replace(steps, expansion=expansion)
        elif steps.reranking is not None:
            raise RequestError("A ranking is re-ranked once.", hint=f"Leave out '{word}'.")
        else:
            steps = replace(steps, reranking=_reranking(word, name, dials))
    if n_reranked is None:
        return steps
    if steps.reranking is None:
        raise RequestError("'top' goes with kreciprocal or diffusion.")
    return replace(steps, reranking=replace(steps.reranking, n=n_reranked))


def _reranking(word: str, name: str, dials: Sequence[str]) -> Reranking:
    first = _count(word, dials[0]) if dials else None
    if name == "diffusion":
        found = Diffusion()
        found = found if first is None else replace(found, k=first)
        return replace(found, alpha=_number(word, dials[1], 0.999)) if len(dials) > 1 else found
    mutual = KReciprocal()
    mutual = mutual if first is None else replace(mutual, k1=first)
    if len(dials) > 1:
        mutual = replace(mutual, k2=_count(word, dials[1]))
    return replace(mutual, weight=_number(word, dials[2], 1)) if len(dials) > 2 else mutual


def _count(word: str, number: str, most: int = _MOST_NEIGHBOURS) -> int:
    if not number.isascii() or not number.isdecimal() or not 0 < int(number) <= most:
        raise RequestError(f"'{word}' needs a number from 1 to {most:,}.")
    return int(number)


def _number(word: str, text: str, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise RequestError(f"'{word}' needs a number from 0 to {most:g} at its end.")
    return number

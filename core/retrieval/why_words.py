"""What carries a match, in words."""

from __future__ import annotations

import numpy as np

from core.retrieval.why_maps import Why, WhyMap

MOST_CHANNELS = 5
LEAST_OFFSET = 0.0005
"""Of what no place carries, to be told."""


def strongest_channels(found: WhyMap, most: int = MOST_CHANNELS) -> list[tuple[int, float]]:
    """(channel, share) of those that carry most, the first first; none that carries nothing."""
    order = np.argsort(-found.channels, kind="stable")[:most]
    return [(int(c), float(found.channels[c])) for c in order if found.channels[c] > 0]


def half_words(found: WhyMap) -> str:
    """ "12 of 169 places"."""
    n = found.n_for_half
    return f"{n:,} of {found.places.size:,} places" if n else "none"


def carriers(found: Why) -> str:
    """ "4 of 14 regions carry 58 % of 0.771.", or how few places carry half, of the result."""
    result = found.result
    total, n = result.carried, result.n_for_half
    if not n:
        return f"Its places carry nothing of {found.cosine:.3f} together."
    if result.regions:
        shares = np.sort([one.share for one in result.regions])[::-1]
        most = min(int(np.searchsorted(np.cumsum(shares), total / 2)) + 1, len(shares))
        part = 100 * shares[:most].sum() / total
        said = f"{most} of {len(shares)} regions carry {part:.0f} % of {total:.3f}"
    else:
        verb = "carries" if n == 1 else "carry"
        said = f"{n:,} of {result.places.size:,} places {verb} half of {total:.3f}"
    if abs(result.offset) < LEAST_OFFSET:
        return f"{said}."
    return f"{said}; the mean that is taken away counts {result.offset:+.3f}."


def half_share(found: Why) -> float:
    """The part of the result's places that carry half of what all do, 0 to 1."""
    return found.result.n_for_half / found.result.places.size


def compared_words(first: Why, second: Why) -> str:
    """ "Half the similarity sits in 5 % of the places in A, in 31 % in B."."""
    if not (first.result.n_for_half and second.result.n_for_half):
        return ""
    parts = [f"{100 * half_share(one):.0f} %" for one in (first, second)]
    return f"Half the similarity sits in {parts[0]} of the places in A, in {parts[1]} in B."

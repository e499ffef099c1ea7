"""What carries a match, in words."""

from __future__ import annotations

import numpy as np

from core.retrieval.why_maps import Why, WhyMap

MOST_CHANNELS = 5


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
    if result.regions and found.cosine > 0:
        shares = np.sort([one.share for one in result.regions])[::-1]
        most = int(np.searchsorted(np.cumsum(shares), found.cosine / 2)) + 1
        most = min(most, len(shares))
        part = 100 * shares[:most].sum() / found.cosine
        return f"{most} of {len(shares)} regions carry {part:.0f} % of {found.cosine:.3f}."
    n = result.n_for_half
    if not n:
        return f"Its places carry nothing of {found.cosine:.3f} together."
    verb = "carries" if n == 1 else "carry"
    return f"{n:,} of {result.places.size:,} places {verb} half of {found.cosine:.3f}."


def half_share(found: Why) -> float:
    """The part of the result's places that carry half of what all do, 0 to 1."""
    return found.result.n_for_half / found.result.places.size


def compared_words(first: Why, second: Why) -> str:
    """ "Half the similarity sits in 5 % of the places in A, in 31 % in B."."""
    if not (first.result.n_for_half and second.result.n_for_half):
        return ""
    parts = [f"{100 * half_share(one):.0f} %" for one in (first, second)]
    return f"Half the similarity sits in {parts[0]} of the places in A, in {parts[1]} in B."

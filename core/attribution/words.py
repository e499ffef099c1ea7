"""What an explanation shows, in sentences that its numbers prove."""

from __future__ import annotations

import numpy as np

from core.attribution.explanation import Explanation


def concentration(found: Explanation) -> tuple[float, float] | None:
    """(share of the sum, share of the places): of what speaks for the score, where it is dense.

    The places above half of the largest; of methods that tell of pixels, a few of which are far
    above all others, the fewest that make half of the sum. None where nothing speaks for it.
    """
    rising = np.sort(np.maximum(found.places, 0), axis=None)[::-1].astype(np.float64)
    total = rising.sum()
    if not total > 0 or not np.isfinite(total):
        return None
    n_dense = int((rising >= rising[0] / 2).sum())
    if found.is_sharp:
        n_dense = int(np.searchsorted(np.cumsum(rising), total / 2)) + 1
    return float(rising[:n_dense].sum() / total), n_dense / rising.size


def sentence(found: Explanation) -> str:
    """ "58 % of Grad-CAM lies on 9 % of the picture." """
    shares = concentration(found)
    title = found.method.title
    if shares is None:
        return f"Nothing in the picture raises {found.words} by {title}."
    whole = "the picture" if found.is_whole else "what the net sees of the picture"
    what = f"what raises it by {title}" if found.method.is_signed else title
    return f"{percent(shares[0])} of {what} lies on {percent(shares[1])} of {whole}."


def percent(share: float) -> str:
    """ "58 %", "0.4 %" below 1 %."""
    return f"{100 * share:.0f} %" if share >= 0.0095 or not share else f"{100 * share:.1g} %"


def completeness_words(found: Explanation) -> str:
    """ "Places add up to 11.21; the score has grown by 11.25: 0.4 % apart." """
    said = found.completeness
    if said is None:
        return ""
    apart = "" if np.isinf(said.error) else f": {100 * said.error:.2g} % apart"
    return (
        f"All places add up to {said.total:.4g}; from the baseline the score has grown by "
        f"{said.grown:.4g}{apart}."
    )

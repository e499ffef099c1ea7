"""The formulas of the measures by name, for our Python and for the one that runs Caffe.

Valid from Python 2.7 on: it travels there. A measure's `formula` is a name and its arguments.
"""

from core.measures.peaks import channel_peaks, positive_share
from core.measures.places import pool_places
from core.measures.spread import cell_counts, channel_range, edge_counts, moments_of

FORMULAS = {  # type: Dict[str, Callable[..., np.ndarray]]
    "pool": pool_places,
    "peaks": channel_peaks,
    "positive": positive_share,
    "moments": moments_of,
    "channel range": channel_range,
    "cell counts": cell_counts,
    "edge counts": edge_counts,
}


def apply_formula(activation, formula):
    # type: (np.ndarray, Sequence[Any]) -> np.ndarray
    """What a formula, such as ["pool", "gem", 3.0, 3, False], makes of an activation."""
    return FORMULAS[formula[0]](activation, *formula[1:])


MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, Sequence  # noqa: F401 - for the type comments

    import numpy as np  # noqa: F401 - for the type comments

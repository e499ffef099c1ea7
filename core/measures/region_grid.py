"""The square regions that R-MAC pools: a grid for each level, from the size of a map alone.

Valid from Python 2.7 on: it travels to the Python that runs Caffe. After Tolias et al. (2016).
"""

_STEPS = (2, 3, 4, 5, 6, 7)
_WANTED_OVERLAP = 0.4


def region_grid(height, width, levels):
    # type: (int, int, int) -> List[Tuple[int, int, int]]
    """(x, y, side) of every region of a map, level by level, row by row.

    The shorter side is divided anew at each level; along the longer one stand as many regions more
    as bring the overlap of neighbours nearest to 0.4.
    """
    return [
        (x, y, side)
        for side, down, across in region_levels(height, width, levels)
        for y in down
        for x in across
    ]


def region_levels(height, width, levels):
    # type: (int, int, int) -> List[Tuple[int, List[int], List[int]]]
    """Of each level that has regions: their side, where they begin down, and across."""
    short = min(height, width)
    more = _more_along_the_longer(short, max(height, width))
    more_down = more if height > width else 0
    more_across = more if width > height else 0
    found = []
    for level in range(1, levels + 1):
        side = 2 * short // (level + 1)
        if side:
            down = _starts(height, side, level + more_down)
            found.append((side, down, _starts(width, side, level + more_across)))
    return found


def region_cells(height, width, levels):
    # type: (int, int, int) -> Tuple[List[Tuple[int, int]], List[Tuple[int, int]]]
    """The (begin, end) of the bands that all borders of regions cut a map into, down and across.

    Every region is made of whole cells, the crossings of two bands.
    """
    regions = region_grid(height, width, levels)
    across = sorted({x for x, _, _ in regions} | {x + side for x, _, side in regions})
    down = sorted({y for _, y, _ in regions} | {y + side for _, y, side in regions})
    return list(zip(down, down[1:])), list(zip(across, across[1:]))


def _more_along_the_longer(short, long):
    # type: (int, int) -> int
    """How many regions more the longer side gets; 0 of a square."""
    if short == long:
        return 0
    best, least = 0, None
    for place, n_steps in enumerate(_STEPS):
        step = (long - short) / float(n_steps - 1)
        overlap = (short * short - short * step) / float(short * short)
        distance = abs(overlap - _WANTED_OVERLAP)
        if least is None or distance < least:
            best, least = place + 1, distance
    return best


def _starts(length, side, count):
    # type: (int, int, int) -> List[int]
    """Where the regions begin, rounded as the published code rounds them: about the middle."""
    step = (length - side) / float(count - 1) if count > 1 else 0.0
    half = (side - 2) // 2
    return [int(_floor(half + place * step) - half) for place in range(count)]


def _floor(value):
    # type: (float) -> int
    return int(value // 1)


MYPY = False
if MYPY:
    from typing import List, Tuple  # noqa: F401 - for the type comments

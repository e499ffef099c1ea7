"""Values from a name alone, the same in every Python and NumPy: for inputs and weights of cases.

Real Caffe's Python runs this file too, so it keeps to what Python 3.6 and NumPy 1.13 know.
"""

import zlib

import numpy as np


def make_values(name, shape, kind):
    """Float32 values of a kind, seeded by the name.

    Kinds: normal, positive, unit (0 to 1), simplex (rows over axis 1 sum to 1), ties (few whole
    numbers), nan (some NaN), binary, marks (first row 0, then mostly 1), label:K or label:K:I
    (whole numbers below K, some of them I), constant:V.
    """
    random = np.random.RandomState(zlib.crc32(name.encode("ascii")) & 0x7FFFFFFF)
    word, _, rest = kind.partition(":")
    return np.asarray(_KINDS[word](random, tuple(shape), rest), np.float32).reshape(shape)


def parameter_kind(layer_type, index):
    """What usually fills a parameter: statistics of a BatchNorm must be possible ones."""
    if layer_type == "BatchNorm":
        return ("normal", "positive", "constant:2.5")[index]
    return "small"


def _simplex(random, shape, rest):
    values = np.abs(random.randn(*shape)) + 0.05
    return values / values.sum(axis=1, keepdims=True)


def _with_nan(random, shape, rest):
    values = random.randn(*shape)
    values[random.rand(*shape) < 0.2] = np.nan
    return values


def _marks(random, shape, rest):
    values = (random.rand(*shape) < 0.7).astype(np.float32)
    values[0] = 0
    return values


def _labels(random, shape, rest):
    bound, _, ignored = rest.partition(":")
    values = np.asarray(random.randint(0, int(bound), size=shape))
    if ignored:
        values = np.where(random.rand(*shape) < 0.3, int(ignored), values)
    return values


_KINDS = {
    "normal": lambda random, shape, rest: random.randn(*shape),
    "small": lambda random, shape, rest: random.randn(*shape) * 0.5,
    "positive": lambda random, shape, rest: np.abs(random.randn(*shape)) + 0.1,
    "unit": lambda random, shape, rest: random.rand(*shape),
    "simplex": _simplex,
    "ties": lambda random, shape, rest: random.randint(-2, 3, size=shape),
    "nan": _with_nan,
    "binary": lambda random, shape, rest: random.randint(0, 2, size=shape),
    "marks": _marks,
    "label": _labels,
    "constant": lambda random, shape, rest: np.full(shape, float(rest)),
}

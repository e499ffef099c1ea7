"""What poolings, and the steps after them, are called for a reader: "GeM p=4" of "gem:4"."""

from __future__ import annotations

from core.errors import RequestError
from core.representations.after import parse_after

POOLING_TITLES = {
    "gap": "GAP", "mac": "MAC", "gem": "GeM", "spoc": "SPoC", "crow": "CroW",
    "rmac": "R-MAC", "mac+rmac": "MAC + R-MAC", "flatten": "flatten",
}  # fmt: skip
ENCODED_TITLES = {"rmac-white": "R-MAC, whitened regions", "vlad": "VLAD"}
"""Poolings whose parts are encoded by a fit, which a sweep can't make on the way."""
AFTER_TITLES = {
    "l2": "L2",
    "power": "Power, L2",
    "pca": "PCA",
    "white": "Whitening",
    "power+white": "Power, whitening",
}


def pooling_title(word: str) -> str:
    """ "GeM p=4" of "gem:4", "R-MAC" of "rmac"; of joined layers "GAP + flatten"."""
    method, _, dial = word.partition(":")
    title = POOLING_TITLES.get(method) or ENCODED_TITLES.get(method)
    if title is not None:
        return f"{title} {'p=' if method == 'gem' else ''}{dial}" if dial else title
    if word.startswith("relu-"):
        return f"ReLU, {pooling_title(word.removeprefix('relu-'))}"
    if "+" in word:
        return " + ".join(map(pooling_title, word.split("+")))
    return word


def after_title(word: str) -> str:
    """ "L2", "Whitening 64" of "white:64"; a word of another program stays as it is."""
    kind, _, dimension = word.partition(":")
    title = AFTER_TITLES.get(kind)
    if title is not None:
        return f"{title} {dimension}".rstrip()
    try:
        return parse_after(word)[0].describe()
    except RequestError:
        return word

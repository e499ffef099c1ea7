"""What poolings and the steps after them are called for a reader."""

from __future__ import annotations

import pytest

from core.representations.titles import after_title, pooling_title


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("gap", "GAP"), ("gem:4", "GeM p=4"), ("rmac:2", "R-MAC 2"), ("mac+rmac", "MAC + R-MAC"),
        ("relu-gem:2", "ReLU, GeM p=2"), ("gap+flatten", "GAP + flatten"), ("cells", "cells"),
    ],
)  # fmt: skip
def test_poolings(word: str, title: str) -> None:
    assert pooling_title(word) == title


def test_steps_after_pooling() -> None:
    assert [after_title(word) for word in ("l2", "power", "white:64", "power+pca", "ours:9")] == [
        "L2", "Power, L2", "Whitening 64", "signed power, L2, PCA, L2", "ours:9",
    ]  # fmt: skip

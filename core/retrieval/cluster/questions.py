"""What the child of a cluster is asked, and how a list of images travels to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from core.retrieval.gallery_contents import FileStamp


class Describing(msgspec.Struct, frozen=True):
    """An index to run. parts: a folder with its manifest; fits: the gallery that holds them.

    state: phase, level and stages of the net; options: of the engine; temporary: where a Ray that
    is started here keeps its files.
    """

    net_text: str
    net_path: str
    weights: str | None
    state: tuple[str, int, tuple[str, ...]]
    seed: int
    engine: str
    options: tuple[tuple[str, str], ...]
    parts: str
    fits: str
    batch_size: int
    address: str
    n_engines: int
    use_gpus: bool
    part_images: int
    starved_seconds: float
    temporary: str


def packed(todo: Mapping[str, FileStamp]) -> list[np.ndarray]:
    """Images by their paths: a header has no room for a million of them."""
    names = "\0".join(todo).encode()
    stamps = [(stamp.n_bytes, stamp.changed) for stamp in todo.values()]
    return [
        np.frombuffer(names, np.uint8),
        np.array(stamps, np.int64).reshape(-1, 2),
    ]


def unpacked(arrays: Sequence[np.ndarray]) -> list[tuple[str, int, int]]:
    """The inverse of `packed`: path, bytes and time of change of each."""
    names, stamps = arrays
    text = names.tobytes().decode()
    paths = text.split("\0") if text else []
    return [(path, n, changed) for path, (n, changed) in zip(paths, stamps.tolist(), strict=True)]

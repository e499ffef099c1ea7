"""Statistics of a folder in one file: at hand later, or gone on with where they stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.activations.npz_file import write_npz
from core.activations.spreads import ValueSpread
from core.engines.values import Value
from core.errors import AppError
from core.measures.spread import MOMENTS
from core.npy_file import read_npz
from core.typed_json import as_type, parse_json

SCHEMA = 1
_MOST_BYTES = 2 << 30
_ABOUT = "about.json"


class SeenImage(msgspec.Struct, frozen=True, array_like=True):
    """One image that was read, or left out for a reason: its path in the folder, bytes, ns."""

    path: str
    n_bytes: int
    changed: int
    reason: str = ""


class _About(msgspec.Struct, frozen=True):
    """What the arrays are of. made_by: what decides on the values; seconds: of reading."""

    schema: int
    made_by: str
    values: list[tuple[str, str]]
    images: list[SeenImage]
    seconds: float


@dataclass(frozen=True)
class KeptStatistics:
    """What was found of some images; made_by: what decides on the values."""

    made_by: str
    spreads: Mapping[Value, ValueSpread]
    images: tuple[SeenImage, ...]
    seconds: float


def save_statistics(path: Path, kept: KeptStatistics) -> None:
    """Write the file, whole or not at all. Raises AppError where the disk refuses."""
    about = _About(
        SCHEMA,
        kept.made_by,
        [(v.layer, v.top) for v in kept.spreads],
        list(kept.images),
        kept.seconds,
    )
    write_npz(path, _arrays(about, kept.spreads))


def load_statistics(path: Path) -> KeptStatistics:
    """Read the file. Raises AppError for one that is damaged, or of another version."""
    arrays = read_npz(path, _MOST_BYTES)
    try:
        about = as_type(parse_json(arrays[_ABOUT].tobytes(), path.name), _About, path.name)
        if about.schema != SCHEMA:
            raise AppError(f"{path.name} was written by another version.", hint="Read it anew.")
        values = [Value(*value) for value in about.values]
        spreads = {value: _spread(arrays, number) for number, value in enumerate(values)}
    except (KeyError, ValueError, OverflowError) as error:
        raise AppError(f"{path.name} holds no statistics.", details=repr(error)) from error
    return KeptStatistics(about.made_by, spreads, tuple(about.images), about.seconds)


def _arrays(
    about: _About, spreads: Mapping[Value, ValueSpread]
) -> Iterable[tuple[str, np.ndarray]]:
    yield _ABOUT, np.frombuffer(msgspec.json.encode(about), np.uint8)
    for number, spread in enumerate(spreads.values()):
        saturated = np.nan if spread.n_saturated is None else float(spread.n_saturated)
        moments = [float(getattr(spread, name)) for name in MOMENTS]
        yield f"{number}/moments", np.array([*moments, saturated])
        yield f"{number}/ends", np.stack([spread.least, spread.greatest])
        if spread.cells is not None:
            yield f"{number}/cells", spread.cells


def _spread(arrays: Mapping[str, np.ndarray], number: int) -> ValueSpread:
    """One of them, its arrays as they have to be; ValueError where they are not."""
    moments, ends = arrays[f"{number}/moments"], arrays[f"{number}/ends"]
    cells = arrays.get(f"{number}/cells")
    if moments.shape != (len(MOMENTS) + 1,) or ends.ndim != 2 or len(ends) != 2:
        raise ValueError("arrays of other shapes")
    if cells is not None and (cells.ndim != 2 or cells.shape[1] != 2 or cells.dtype != np.int64):
        raise ValueError("cells that are none")
    *named, saturated = moments.astype(np.float64).tolist()
    found = dict(zip(MOMENTS, named, strict=True))
    return ValueSpread(
        **{name: int(value) if name.startswith("n_") else value for name, value in found.items()},
        least=ends[0].astype(np.float32),
        greatest=ends[1].astype(np.float32),
        cells=cells,
        n_saturated=None if np.isnan(saturated) else int(saturated),
    )

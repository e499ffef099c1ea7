"""Weights files in the folder of a prototxt, by how they fit its net."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from core.errors import AppError
from core.files import is_plain_file
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.progress import Job, Progress
from core.reading import names_in
from core.weights.binding import Binding, bind_weights
from core.weights.reader import open_weights
from core.words import plural

SUFFIXES = (".caffemodel", ".h5", ".hdf5")
MOST_FILES = 12
"""Snapshots of a training lie beside its prototxt by the hundred; those of the nearest names are
read, and of each only which arrays it holds."""


@dataclass(frozen=True)
class WeightsBeside:
    """A weights file that fits a net, and how."""

    path: Path
    binding: Binding

    @property
    def fit_words(self) -> str:
        """ "32 of 32 arrays"."""
        return (
            f"{self.binding.n_arrays_bound:,} of {plural(self.binding.n_arrays_expected, 'array')}"
        )


def find_weights_beside(
    prototxt: Path, net: Net, shapes: NetShapes
) -> Job[tuple[WeightsBeside, ...]]:
    """The weights files beside a prototxt that fit its net, the best first.

    A file fits that covers at least half of the net's arrays, none of them in another shape. What
    can't be read is passed over.
    """
    paths = _likely_files(prototxt)
    found = []
    for n_read, path in enumerate(paths):
        yield Progress(n_read, len(paths), "files")
        try:
            binding = bind_weights(net, shapes, open_weights(path))
        except AppError:
            continue
        if not binding.wrong and 0 < binding.n_arrays_expected <= 2 * binding.n_arrays_bound:
            found.append(WeightsBeside(path, binding))
    return tuple(sorted(found, key=lambda one: _rank(one, prototxt)))


def _rank(found: WeightsBeside, prototxt: Path) -> tuple[int, bool, int]:
    """The one that covers most, then that of the prototxt's name, then the last snapshot."""
    numbers = re.findall(r"\d{1,15}", found.path.stem)
    is_named_so = found.path.name.split(".")[0] == prototxt.name.split(".")[0]
    return -found.binding.n_arrays_bound, not is_named_so, -int(numbers[-1]) if numbers else 0


def _likely_files(prototxt: Path) -> list[Path]:
    """Those whose names are nearest to the prototxt's, in that order."""
    folder = prototxt.absolute().parent
    named = [name for name in names_in(folder) if name.lower().endswith(SUFFIXES)]
    stem = prototxt.stem.lower()
    named.sort(key=lambda name: -SequenceMatcher(None, stem, name.lower()).ratio())
    return [folder / name for name in named[:MOST_FILES] if is_plain_file(folder / name)]

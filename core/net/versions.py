"""Tracing which layer writes and reads which version of a blob.

After BVLC/caffe src/caffe/net.cpp (AppendTop, AppendBottom) and util/insert_splits.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.net.definition import AUTOMATIC_TOP, BlobVersion, Layer, Problem


@dataclass(frozen=True)
class TracedVersions:
    """Versions in writing order; per layer the numbers of the versions its bottoms read."""

    versions: tuple[BlobVersion, ...]
    bottom_versions: tuple[tuple[int | None, ...], ...]
    problems: tuple[Problem, ...]


_ADD_INPUT = (
    " No layer gives this net its input: add an Input layer, or choose another phase or stage."
)


@dataclass
class _Open:
    """A version while the trace runs."""

    blob: str
    version: int
    layer: Layer
    top_index: int
    readers: list[Layer] = field(default_factory=list)
    overwritten_by: Layer | None = None


def trace_versions(layers: Sequence[Layer]) -> TracedVersions:
    """Follow the layers in order and give every written value its version number."""
    trace = _Trace(has_source=any(not layer.bottoms for layer in layers))
    for layer in layers:
        trace.add(layer)
    return trace.finish()


class _Trace:
    def __init__(self, *, has_source: bool) -> None:
        self.has_source = has_source
        self.versions: list[_Open] = []
        self.current: dict[str, int] = {}
        self.bottoms: list[tuple[int | None, ...]] = []
        self.problems: list[Problem] = []

    def add(self, layer: Layer) -> None:
        read = tuple(self._read(layer, i) for i in range(len(layer.bottoms)))
        self.bottoms.append(read)
        in_place = set(layer.in_place_tops())
        for i, blob in enumerate(layer.tops):
            self._write(layer, i, blob, i in in_place)

    def _read(self, layer: Layer, index: int) -> int | None:
        blob = layer.bottoms[index]
        number = self.current.get(blob)
        if number is None:
            where = f"(layer '{layer.name}', bottom index {index})"
            remedy = "" if self.has_source or self.problems else _ADD_INPUT
            self._refuse(layer, f"Unknown bottom blob '{blob}' {where}.{remedy}")
            return None
        self.versions[number].readers.append(layer)
        return number

    def _write(self, layer: Layer, index: int, blob: str, is_in_place: bool) -> None:
        before = self.current.get(blob)
        if blob == AUTOMATIC_TOP:
            before = None
        elif before is not None and not is_in_place:
            self._refuse(layer, f"Top blob '{blob}' produced by multiple sources.")
        if before is not None:
            self.versions[before].overwritten_by = layer
        version = 0 if before is None else self.versions[before].version + 1
        self.versions.append(_Open(blob, version, layer, index))
        self.current[blob] = len(self.versions) - 1

    def finish(self) -> TracedVersions:
        counts = {number.blob: number.version + 1 for number in self.versions}
        for version in self.versions:
            self._check_shared_reading(version)
        return TracedVersions(
            tuple(_close(version, counts[version.blob]) for version in self.versions),
            tuple(self.bottoms),
            tuple(self.problems),
        )

    def _check_shared_reading(self, version: _Open) -> None:
        writer = version.overwritten_by
        if writer is None or len(version.readers) < 2 or writer not in version.readers:
            return
        others = ", ".join(dict.fromkeys(r.name for r in version.readers if r is not writer))
        self._refuse(
            writer,
            f"'{writer.name}' runs in place on blob '{version.blob}', which {others or 'it'} also "
            "reads: Caffe splits the blob and then finds it produced by multiple sources.",
        )

    def _refuse(self, layer: Layer, sentence: str) -> None:
        self.problems.append(Problem(sentence, layer.name, layer.line))


def _close(version: _Open, n_versions: int) -> BlobVersion:
    return BlobVersion(
        blob=version.blob,
        version=version.version,
        layer=version.layer.name,
        layer_index=version.layer.index,
        top_index=version.top_index,
        n_versions=n_versions if version.blob != AUTOMATIC_TOP else 1,
        readers=tuple(reader.name for reader in version.readers),
        overwritten_by=version.overwritten_by.name if version.overwritten_by else None,
    )

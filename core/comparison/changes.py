"""What separates an edited net from its file, counted once for everyone who says it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from core.net.definition import Layer, Net
from core.net.rename_plan import BlobRename
from core.words import plural


@dataclass(frozen=True)
class Changes:
    """Names that differ between two texts of the same layers.

    renames: tops under other names. n_names, n_layers: quoted names of layers and blobs that
    differ, and in how many layers. n_own: tops that no other layer overwrites any more;
    n_shared: tops that are shared again; n_layer_names: layers under other names; n_fixes: repairs
    among the edits, which change what the net computes.
    """

    renames: tuple[BlobRename, ...] = ()
    n_names: int = 0
    n_layers: int = 0
    n_own: int = 0
    n_shared: int = 0
    n_layer_names: int = 0
    n_fixes: int = 0

    @property
    def words(self) -> str:
        """ "17 new blobs", "1 fix, 2 new blobs", "2 blobs shared again"."""
        parts = [
            f"{self.n_fixes:,} {'fix' if self.n_fixes == 1 else 'fixes'}" if self.n_fixes else "",
            plural(self.n_own, "new blob") if self.n_own else "",
            f"{plural(self.n_shared, 'blob')} shared again" if self.n_shared else "",
            f"{plural(self.n_layer_names, 'layer')} renamed" if self.n_layer_names else "",
        ]
        said = ", ".join(filter(None, parts))
        return said or ("names changed" if self.n_names else "text changed")

    @property
    def names_words(self) -> str:
        """ "34 names in 32 layers"; "" where no name differs."""
        if not self.n_names:
            return ""
        return f"{plural(self.n_names, 'name')} in {plural(self.n_layers, 'layer')}"


NO_CHANGES = Changes()


def changes_between(before: Net, after: Net, n_fixes: int = 0) -> Changes:
    """Hold two texts of the same layers against each other, layer by layer."""
    renames = renames_between(before, after)
    n_writers = Counter(version.blob for version in after.versions)
    n_shared = sum(n_writers[rename.new_blob] > 1 for rename in renames)
    pairs = [
        (_names(old), _names(new))
        for old, new in zip(_in_file(before), _in_file(after), strict=False)
    ]
    differing = [
        sum(one != other for one, other in zip(old, new, strict=False)) for old, new in pairs
    ]
    return Changes(
        renames=renames,
        n_names=sum(differing),
        n_layers=sum(map(bool, differing)),
        n_own=len(renames) - n_shared,
        n_shared=n_shared,
        n_layer_names=sum(old[0] != new[0] for old, new in pairs),
        n_fixes=n_fixes,
    )


def renames_between(before: Net, after: Net) -> tuple[BlobRename, ...]:
    """Every top whose name differs between two texts of the same layers."""
    return tuple(
        BlobRename(new.name, i, old_top, new_top)
        for old, new in zip(before.layers, after.layers, strict=False)
        for i, (old_top, new_top) in enumerate(zip(old.tops, new.tops, strict=False))
        if old_top != new_top
    )


def _in_file(net: Net) -> list[Layer]:
    """Layers of every phase, in the order of the file."""
    layers = (*net.layers, *net.inactive)
    return sorted(layers, key=lambda layer: layer.span.start if layer.span else -1)


def _names(layer: Layer) -> tuple[str, ...]:
    return (layer.name, *layer.bottoms, *layer.tops)

"""Faults in reading, renaming and laying out nets."""

from __future__ import annotations

from tests.mutants.mutation import Faults

RENAME = ("tests/core/net/test_rename.py", "tests/core/net/test_versions.py")
LAYOUT = ("tests/core/net/test_layout.py",)

FAULTS = [
    Faults("core/net/versions.py", *RENAME)
    .plant(
        "every in-place write begins the versions anew",
        "version = 0 if before is None else self.versions[before].version + 1",
        "version = 0",
    )
    .plant(
        "nobody overwrites a version",
        "self.versions[before].overwritten_by = layer",
        "self.versions[before].overwritten_by = None",
    )
    .plant(
        "two sources of a blob are no problem",
        "elif before is not None and not is_in_place:",
        "elif before is not None and is_in_place and False:",
    )
    .plant(
        "a layer reads what stands after it",
        "        read = tuple(self._read(layer, i) for i in range(len(layer.bottoms)))\n"
        "        self.bottoms.append(read)\n"
        "        in_place = set(layer.in_place_tops())\n"
        "        for i, blob in enumerate(layer.tops):\n"
        "            self._write(layer, i, blob, i in in_place)\n",
        "        in_place = set(layer.in_place_tops())\n"
        "        for i, blob in enumerate(layer.tops):\n"
        "            self._write(layer, i, blob, i in in_place)\n"
        "        read = tuple(self._read(layer, i) for i in range(len(layer.bottoms)))\n"
        "        self.bottoms.append(read)\n",
    )
    .plant(
        "a blob that several read in place passes",
        "if writer is None or len(version.readers) < 2 or writer not in version.readers:",
        "if writer is None or len(version.readers) < 3 or writer not in version.readers:",
    ),
    Faults("core/net/version_names.py", *RENAME)
    .plant(
        "readers keep the old name",
        "yield span, net.versions[number_read].blob, new_names[number_read]",
        "yield span, net.versions[number_read].blob, net.versions[number_read].blob",
    )
    .plant(
        "layers later in the chain are left behind",
        "name = name if before is None else new_names[before]",
        "name = version.blob",
    )
    .plant("a rename is not held against the wiring", "if not same or len(", "if False and len(")
    .plant(
        "phases that would read different names pass",
        "if before[2] != name:",
        "if before[2] is None:",
    )
    .plant(
        "an output under a new name is not told",
        "if old in outputs and old.blob != new.blob",
        "if old not in outputs and old.blob != new.blob",
    )
    .plant(
        "a taken name passes",
        "            raise RenameError(problem, hint=",
        "            RenameError(problem, hint=",
    )
    .plant(
        "two layers get the same new blob",
        "        taken.add(name)\n",
        "",
    ),
    Faults("core/net/rename_plan.py", *RENAME, "tests/core/edits/test_layer_names.py")
    .plant(
        "undo keeps the new names",
        "edits=inverse_edits(self.edits),",
        "edits=self.edits,",
    )
    .plant(
        "plans for different texts are joined",
        "if following.old_text != self.new_text:",
        "if following.old_text == 'never':",
    )
    .plant(
        "a rename back to the old name stays in the list",
        "return tuple(rename for rename in joined.values() if rename.old_blob != rename.new_blob)",
        "return tuple(joined.values())",
    ),
    Faults("core/net/rename.py", *RENAME)
    .plant(
        "rename all takes the first version too",
        "for version in versions if version.version > 0]",
        "for version in versions if version.version >= 0]",
    )
    .plant(
        "a layer of one phase only is moved",
        "return [top for top in tops if all(state.has_layer(top.layer) for state in states)]",
        "return tops",
    )
    .plant(
        "the next writer may differ by phase",
        "return found.pop() if len(found) == 1 else None",
        "return next((top for top in found if top is not None), None)",
    )
    .plant(
        "the fewest renames move the wanted layer itself",
        "targets[_required_writer(states, name, version)] = None",
        "targets[Top(name, version.top_index)] = None",
    ),
    Faults("core/net/text_edits.py", *RENAME)
    .plant(
        "edits of a text that moved on are made",
        "if edit.start < at or text[edit.start : edit.end] != edit.old:",
        "if edit.start < at:",
    )
    .plant(
        "single quotes become double",
        """quote = old[0] if old[:1] in ("'", '"') else '"'""",
        """quote = '"'""",
    ),
    Faults("core/net/layout/order.py", *LAYOUT)
    .plant("no sweeps", "_MOST_SWEEPS = 24", "_MOST_SWEEPS = 0")
    .plant("sweeps go down only", "is_downward=sweep % 2 == 0", "is_downward=True")
    .plant("the last order is kept, not the best", "self._restore(self._best)\n", "pass\n")
    .plant(
        "crossings are counted from the wrong end",
        "n_crossings += len(seen) - at",
        "n_crossings += at",
    )
    .plant("long edges are never moved", "if gain > 0:", "if gain > 1000:"),
    Faults("core/net/layout/ranks.py", *LAYOUT)
    .plant(
        "a second source stands at the top",
        "ranks[box] = min(ranks[target] for target in targets[box]) - 1",
        "ranks[box] = 0",
    )
    .plant(
        "the shortest path gives the rank",
        "ranks[target] = max(ranks[target], ranks[box] + 1)",
        "ranks[target] = ranks[box] + 1",
    )
    .plant(
        "long edges pass no ranks",
        "for rank in range(ranks[upper] + 1, ranks[lower]):",
        "for rank in range(0):",
    ),
]

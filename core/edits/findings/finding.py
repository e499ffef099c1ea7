"""One mistake found in a net's wiring, the names that repair it, and the edit that does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import RenameError
from core.net.definition import Layer, Net
from core.net.reader import read_net
from core.net.rename_plan import RenamePlan
from core.net.states import every_state
from core.net.text_edits import TextEdit, apply_edits, name_edit
from core.net.tokens import Span
from core.net.version_names import touched_layers

Kind = Literal[
    "bypassed",  # a value-only layer is a dead end beside the path that should use it
    "half bypassed",  # of several readers one reads the values from before a layer
    "wrong order",  # a dead end that belongs behind a layer it stands beside
    "half renamed",  # one name of an in-place layer was changed, the other was not
    "lost reader",  # a bottom that no layer writes: a top changed without its readers, or a slip
    "copied top",  # a layer writes another layer's blob, and its own is missing
    "read twice",  # a merge reads one branch twice and another not at all
    "dead branch",  # a branch that a merge of its siblings leaves out
]
Severity = Literal["wrong values", "refused", "suspect"]
Place = Literal["bottom", "top", "new bottom"]


@dataclass(frozen=True)
class NameChange:
    """Layer `layer` says `now` as its bottom or top number `index` and should say `should`.

    For a "new bottom" the layer gets one more before number `index`, and `now` is empty.
    """

    layer: str
    place: Place
    index: int
    now: str
    should: str


@dataclass(frozen=True)
class Finding:
    """A mistake in words, the layers concerned, and the names that repair it.

    severity: "wrong values" runs and computes something else, "refused" is what Caffe aborts on,
    "suspect" may be meant.
    """

    kind: Kind
    severity: Severity
    layers: tuple[str, ...]
    rows: tuple[NameChange, ...]
    title: str
    body: str

    @property
    def concerned(self) -> frozenset[str]:
        """Every layer that is named or changed."""
        return frozenset((*self.layers, *(row.layer for row in self.rows)))


def plan_fix(net: Net, findings: Sequence[Finding]) -> RenamePlan:
    """The edit that makes every listed layer read and write what it should, as one undoable step.

    It is made in every phase that has the same names. Raises RenameError when Caffe would refuse
    more than before.
    """
    rows = [row for found in findings for row in found.rows]
    edits = tuple(sorted(_all_edits(net, rows), key=lambda edit: edit.start))
    if not edits:
        raise RenameError("Nothing of this has to change.")
    new_text = apply_edits(net.text, edits)
    if len(read_net(new_text, state=net.state).problems) > len(net.problems):
        raise RenameError(
            "This repair would make a net that Caffe refuses.",
            hint="Repair one finding at a time, or edit the names yourself.",
        )
    return RenamePlan((), edits, net.text, new_text, touched_layers=touched_layers(net, edits))


def described(found: Finding) -> dict[str, Any]:
    """A finding as plain values for JSON."""
    return {**asdict(found), "layers": list(found.layers), "rows": [asdict(r) for r in found.rows]}


def listed(names: Sequence[str]) -> str:
    """ "relu7 and drop7"."""
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _all_edits(net: Net, rows: Sequence[NameChange]) -> Iterator[TextEdit]:
    done: dict[int, str] = {}
    for state in every_state(net):
        for row in rows:
            if not state.has_layer(row.layer):
                continue
            edit = _edit(net.text, state.layer(row.layer), row)
            if edit is None or done.get(edit.start) == edit.new:
                continue
            if edit.start in done:
                raise RenameError("Two of these repairs change the same name.")
            done[edit.start] = edit.new
            yield edit


def _edit(text: str, layer: Layer, row: NameChange) -> TextEdit | None:
    if row.place == "new bottom":
        return _new_bottom(text, layer, row)
    names, spans = (
        (layer.bottoms, layer.bottom_spans)
        if row.place == "bottom"
        else (layer.tops, layer.top_spans)
    )
    if row.index >= len(names) or names[row.index] != row.now:
        return None
    span = spans[row.index]
    return None if span is None else name_edit(text, span, row.now, row.should)


def _new_bottom(text: str, layer: Layer, row: NameChange) -> TextEdit | None:
    """A bottom of its own, written as its neighbour is, on a line of its own where that one is."""
    spans = [span for span in layer.bottom_spans if span is not None]
    if not spans or row.should in layer.bottoms:
        return None
    after = spans[min(row.index, len(spans)) - 1] if row.index else spans[0]
    start = text.rfind("bottom", 0, after.start)
    written = text[start : after.start]
    name = replace_name(text, after, row.should)
    line_start = text.rfind("\n", 0, start) + 1
    lead = text[line_start:start]
    gap = f"\n{lead}" if not lead.strip() else " "
    if row.index == 0:
        return TextEdit(start, start, "", f"{written}{name}{gap}")
    return TextEdit(after.end, after.end, "", f"{gap}{written}{name}")


def replace_name(text: str, span: Span, name: str) -> str:
    """`name` in the quotes that stand at `span`."""
    quote = text[span.start] if text[span.start] in "\"'" else '"'
    return f"{quote}{name}{quote}"


def without(findings: Sequence[Finding], layers: frozenset[str]) -> list[Finding]:
    """Findings that concern none of these layers."""
    return [found for found in findings if not found.concerned & layers]

"""What the Changes panel says: the result of a verification, the difference, what it means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from core.comparison.changes import Changes
from core.comparison.edit_lines import LayerDifference
from core.engine_names import engine_title
from core.net.definition import Net
from core.words import bytes_text, count_text, join_names, plural, value_text
from gui.panels.changes.figures import Figure
from gui.widgets.fact_list import Fact
from gui.widgets.notice_card import Notice, NoticeAction
from gui.widgets.text_lines import Kind, TextLine

_MOST_OUTPUTS = 3
_KINDS: dict[str, Kind] = {"-": "out", "+": "in", " ": "plain"}
_ARROW = "\N{RIGHTWARDS ARROW}"
UNDO, SHOW = "undo", "show"


class Proven(Protocol):
    """On what a verification ran."""

    @property
    def engine(self) -> str: ...
    @property
    def is_seeded(self) -> bool: ...


class VerificationResult(Protocol):
    """What verifying found, as `core.engines.verification` reports it."""

    @property
    def is_identical(self) -> bool: ...
    @property
    def outputs(self) -> tuple[str, ...]: ...
    @property
    def n_values(self) -> int: ...
    @property
    def n_different(self) -> int: ...
    @property
    def largest_difference(self) -> float: ...
    @property
    def first_different_layer(self) -> str | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def device(self) -> str: ...
    @property
    def n_images(self) -> int: ...
    @property
    def filler(self) -> bool: ...
    @property
    def provenance(self) -> Proven: ...


class Place(Protocol):
    """Where the largest value of a vector stands."""

    @property
    def place(self) -> int: ...
    @property
    def value(self) -> float: ...


class MovedOutput(Protocol):
    """How far one output moved, as `core.engines.measurement` reports it."""

    @property
    def label(self) -> str: ...
    @property
    def n_values(self) -> int: ...
    @property
    def n_different(self) -> int: ...
    @property
    def largest_difference(self) -> float: ...
    @property
    def mean_difference(self) -> float: ...
    @property
    def relative_difference(self) -> float: ...
    @property
    def largest_before(self) -> Place | None: ...
    @property
    def largest_after(self) -> Place | None: ...
    @property
    def moves_largest(self) -> bool: ...


class MeasurementResult(Protocol):
    """What measuring a fix found."""

    @property
    def is_identical(self) -> bool: ...
    @property
    def outputs(self) -> Sequence[MovedOutput]: ...
    @property
    def largest(self) -> MovedOutput: ...
    @property
    def first_different_layer(self) -> str | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def device(self) -> str: ...
    @property
    def n_images(self) -> int: ...
    @property
    def filler(self) -> bool: ...
    @property
    def provenance(self) -> Proven: ...


def verification_notice(result: VerificationResult, phase: str) -> Notice:
    """The card of a verification that has ended."""
    outputs = join_names(result.outputs)
    ran = result.provenance
    engine = f"{engine_title(ran.engine)}, {result.device.upper()}"
    values = "random input" if ran.is_seeded else plural(result.n_images, "image")
    facts = [phase, engine, values]
    if result.filler:
        facts.append("filler weights")
    facts.append(f"{result.seconds:.1f} s")
    n_equal = result.n_values - result.n_different
    equal = f"{count_text(n_equal)} of {count_text(result.n_values)} values equal"
    note = " · ".join([equal, *facts])
    if result.is_identical:
        title = f"verified: bit-identical ({', '.join(result.outputs)})"
        body = f"Old and new text gave the same {outputs}, bit for bit."
        return Notice("ok", title, body, note=note)
    share = f"{count_text(result.n_different)} of {count_text(result.n_values)} values"
    first = result.first_different_layer
    where = f", first layer that differs: {first}" if first else ""
    actions = [NoticeAction(UNDO, "Undo rename", "undo")]
    if first:
        actions.append(NoticeAction(SHOW, f"Show {first}"))
    verb = "differs" if len(result.outputs) == 1 else "differ"
    return Notice(
        "error",
        f"not equal: {outputs} {verb} in {share}",
        f"Largest difference {result.largest_difference:.3g}{where}.",
        note=note,
        actions=tuple(actions),
    )


def unverified_notice(outputs: Sequence[str]) -> Notice:
    """The card while nobody has verified the change."""
    shared = join_names(outputs[:3]) or "every output"
    body = (
        f"Verify runs the file's text and this one on one input and compares {shared} bit for bit."
    )
    return Notice("info", "Not verified yet", body)


def unmeasured_notice() -> Notice:
    """The card while nobody has measured what a fix changes."""
    body = (
        "A fix changes what the net computes, on purpose. Measure runs the file's text and this"
        " one on one input and says by how much each output moves."
    )
    return Notice("info", "Not measured yet", body)


def measurement_notice(result: MeasurementResult, phase: str) -> Notice:
    """The card of a measurement that has ended."""
    facts = [phase, f"{engine_title(result.provenance.engine)}, {result.device.upper()}"]
    is_seeded = result.provenance.is_seeded
    facts.append("random input" if is_seeded else plural(result.n_images, "image"))
    if result.filler:
        facts.append("filler weights")
    note = " · ".join([*facts, f"{result.seconds:.1f} s"])
    if result.is_identical:
        labels = join_names([change.label for change in result.outputs[:3]])
        body = f"On this input {labels} stays as it was, bit for bit."
        return Notice("info", "measured: no output moves", body, note=note)
    change = result.largest
    title = f"measured: {change.label} moves by up to {value_text(change.largest_difference)}"
    lines = [_moved(change) for change in result.outputs[:_MOST_OUTPUTS]]
    more = len(result.outputs) - _MOST_OUTPUTS
    lines += [f"and {plural(more, 'more output')}"] if more > 0 else []
    first = result.first_different_layer
    actions = (NoticeAction(SHOW, f"Show {first}"),) if first else ()
    lines += [f"The first layer that computes something else is {first}."] if first else []
    return Notice("info", title, "\n".join(lines), note=note, actions=actions)


def _moved(change: MovedOutput) -> str:
    """One output's numbers in a sentence."""
    count = f"{count_text(change.n_different)} of {count_text(change.n_values)} values"
    if not change.n_different:
        return f"{change.label}: the same, {count_text(change.n_values)} values."
    if not math.isfinite(change.mean_difference):
        return f"{change.label}: another shape."
    share = f"{100 * change.relative_difference:.3g} % of its length"
    if not math.isfinite(change.relative_difference):
        share = "it was 0 before"
    mean = value_text(change.mean_difference)
    words = f"{change.label}: {count} differ, by {mean} on average, {share}."
    before, after = change.largest_before, change.largest_after
    if before is None or after is None:
        return words
    if change.moves_largest:
        return (
            f"{words} Its largest value moves from {before.place} ({value_text(before.value)})"
            f" to {after.place} ({value_text(after.value)})."
        )
    return f"{words} Its largest value stays at {after.place}."


def busy_notice(words: str) -> Notice:
    """The card while both texts run."""
    return Notice("info", words, "Both texts run on one input. The result appears here.")


def summary(changes: Changes) -> str:
    """What the edits come to, in two short sentences."""
    if changes.n_fixes:
        fixes = "A fix rewires" if changes.n_fixes == 1 else f"{changes.n_fixes} fixes rewire"
        own = f", and {plural(changes.n_own, 'blob')} {'is' if changes.n_own == 1 else 'are'} new"
        return (
            f"{fixes} {plural(changes.n_layers, 'layer')}{own if changes.n_own else ''}."
            " The net computes something else."
        )
    if not changes.n_names:
        return "The text changed, but no name did."
    if changes.n_own and not changes.n_shared:
        one = changes.n_own == 1
        first = f"{plural(changes.n_own, 'layer')} get{'s' * one} {'a blob' if one else 'blobs'}"
        return f"{first} of {'its' if one else 'their'} own. Nothing else in the file changes."
    return f"{changes.words[:1].upper()}{changes.words[1:]}. Nothing else in the file changes."


def figures(before: Net, after: Net, changes: Changes, memory: tuple[int, int]) -> list[Figure]:
    """Names, versions that can be read now, and memory; without what stays as it was."""
    found = [
        Figure(
            f"{changes.n_names:,}",
            f"name{'s' * (changes.n_names != 1)} in {plural(changes.n_layers, 'layer')}",
        )
    ]
    n_readable = len(before.hidden) - len(after.hidden)
    if n_readable:
        words = "now readable" if n_readable > 0 else "overwritten again"
        count = abs(n_readable)
        found.append(Figure(f"{count:,}", f"version{'s' * (count != 1)} {words}"))
    old, new = memory
    if old != new:
        sign = "+" if new > old else "\N{MINUS SIGN}"
        number = f"{sign} {bytes_text(abs(new - old))}"
        found.append(Figure(number, f"a forward pass, was {bytes_text(old)}"))
    return found


def blob_facts(after: Net, changes: Changes) -> list[Fact]:
    """A row for each renamed top: the layer, the blob, and who reads it."""
    readers: dict[str, list[str]] = {}
    for layer in after.layers:
        for version in after.read(layer):
            if version is not None:
                readers.setdefault(version.label, []).append(layer.name)
    rows = []
    for rename in changes.renames:
        written = after.written(rename.layer) if after.has_layer(rename.layer) else ()
        label = next((v.label for v in written if v.blob == rename.new_blob), rename.new_blob)
        who = readers.get(label, [])
        more = f" + {len(who) - 1}" if len(who) > 1 else ""
        read_by = f"{who[0]}{more}" if who else "net output"
        rows.append(
            Fact(
                rename.layer,
                label,
                read_by,
                role="ok_text" if label == rename.new_blob else "text",
                second_role="secondary",
                layer=rename.layer,
            )
        )
    return rows


def difference_lines(difference: Sequence[LayerDifference]) -> list[TextLine]:
    """A heading a layer and the lines that change, with a little around them."""
    lines = []
    for layer in difference:
        lines.append(TextLine("heading", layer.layer, note=layer.type, layer=layer.layer))
        for line in layer.lines:
            lines.append(TextLine(_KINDS[line.kind], line.text, line.number, layer=layer.layer))
    return lines


def change_facts(before: Net, after: Net) -> list[Fact]:
    """What users of the net have to know: layers and outputs under other names."""
    facts = []
    n_layers = sum(
        old.name != new.name for old, new in zip(before.layers, after.layers, strict=False)
    )
    if n_layers:
        words = f"{plural(n_layers, 'layer')}: weights bind by these names"
        facts.append(Fact("Other layer names", words, role="warning_text"))
    return facts + _output_facts(before, after)


def _output_facts(before: Net, after: Net) -> list[Fact]:
    """Outputs of the net under another name, those that are read now, and those that are new."""
    old = {(v.layer_index, v.top_index): v for v in before.outputs}
    new = {(v.layer_index, v.top_index): v for v in after.outputs}
    facts = []
    for key, version in old.items():
        if key not in new:
            facts.append(Fact("No output any more", version.blob, layer=version.layer))
        elif new[key].blob != version.blob:
            words, other = f"{version.blob} {_ARROW}", new[key].blob
            facts.append(Fact("Net output", words, other, second_role="warning_text"))
    facts += [
        Fact("New net output", version.blob, layer=version.layer)
        for key, version in new.items()
        if key not in old
    ]
    return facts

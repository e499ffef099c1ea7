"""What the Changes panel says: the result of a verification, the difference, what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.comparison.edit_lines import LayerDifference
from core.net.definition import Net
from core.net.rename import BlobRename
from core.words import bytes_text, count_text, join_names, plural
from gui.engine_titles import engine_title
from gui.widgets.fact_list import Fact
from gui.widgets.notice_card import Notice, NoticeAction
from gui.widgets.text_lines import Kind, TextLine

_MOST_RENAMES = 12
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


def open_notice(outputs: Sequence[str]) -> Notice:
    """The card while nobody has verified the change."""
    shared = join_names(outputs[:3]) or "every output"
    body = f"Verify runs the old and the new text on one input and compares {shared} bit for bit."
    return Notice("info", "not verified yet", body)


def busy_notice(words: str) -> Notice:
    """The card while a verification runs."""
    return Notice("info", words, "Both texts run on one input. The result appears here.")


def difference_lines(difference: Sequence[LayerDifference]) -> list[TextLine]:
    """A heading a layer and the lines that change, with a little around them."""
    lines = []
    for layer in difference:
        lines.append(TextLine("heading", layer.layer, note=layer.type, layer=layer.layer))
        for line in layer.lines:
            lines.append(TextLine(_KINDS[line.kind], line.text, line.number, layer=layer.layer))
    return lines


def difference_note(before: Net, after: Net, n_layers: int) -> str:
    """ "4 names in 3 layers"."""
    n_names = sum(
        old != new
        for one, other in zip(_named_layers(before), _named_layers(after), strict=False)
        for old, new in zip(one, other, strict=False)
    )
    return f"{plural(n_names, 'name')} in {plural(n_layers, 'layer')}"


def _named_layers(net: Net) -> list[tuple[str, ...]]:
    """The names each layer holds, in the order of the file."""
    layers = (*net.layers, *net.inactive)
    ordered = sorted(layers, key=lambda layer: layer.span.start if layer.span else -1)
    return [(layer.name, *layer.bottoms, *layer.tops) for layer in ordered]


def change_facts(
    before: Net, after: Net, renames: Sequence[BlobRename], memory: tuple[int, int]
) -> list[Fact]:
    """What the edit does, beyond its text; memory: bytes of a forward pass before and after."""
    facts = [
        Fact(
            rename.layer,
            f"{rename.old_blob} {_ARROW}",
            rename.new_blob,
            second_role="ok_text",
            layer=rename.layer,
        )
        for rename in renames[:_MOST_RENAMES]
    ]
    if len(renames) > _MOST_RENAMES:
        facts.append(Fact("", f"and {plural(len(renames) - _MOST_RENAMES, 'more blob')}"))
    kept = [layer.name for layer in before.layers] == [layer.name for layer in after.layers]
    facts.append(Fact("Layer names", "kept, so weights still bind" if kept else "changed"))
    facts.append(Fact("Memory", _memory_words(*memory)))
    old, new = (tuple(v.blob for v in net.outputs) for net in (before, after))
    for name, other in zip(old, new, strict=False):
        if name != other:
            words = f"{name} {_ARROW}"
            facts.append(Fact("Net output", words, other, second_role="warning_text"))
    return facts


def _memory_words(old: int, new: int) -> str:
    if new == old:
        return "the same"
    sign = "+" if new > old else "\N{MINUS SIGN}"
    return f"{sign}{bytes_text(abs(new - old))} a forward pass"

"""Random nets with chains, branches and phases, and what a rename must not change in them.

What a net computes is found here by running it on symbols, layer after layer, over a table of
blobs as Caffe's forward pass keeps them; nothing of core.net.versions is used for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hypothesis import assume
from hypothesis import strategies as st

from core.net.reader import read_net
from core.net.rename import apply_edits, plan_rename_all
from core.net.text_edits import inverse_edits
from tests.fuzz.limits import accepts

PHASES = ("TRAIN", "TEST")
QUOTED = re.compile(r"""((?:bottom|top): ?)("[^"]*"|'[^']*')""")


@dataclass(frozen=True)
class Drawn:
    """One layer of a made net; phase "" is both."""

    name: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    phase: str = ""

    def text(self, quote: str) -> str:
        """The block of the prototxt."""
        rule = f" include {{ phase: {self.phase} }}" if self.phase else ""
        ends = [*(f"bottom: {quote}{b}{quote}" for b in self.bottoms)]
        ends += [f"top:{quote}{t}{quote}" for t in self.tops]
        return f'layer {{ name: "{self.name}" type: "Any"{rule} {" ".join(ends)} }}\n'


Values = dict[str, tuple[object, ...]]


def run_on_symbols(layers: list[Drawn], phase: str) -> Values | None:
    """What each layer writes, as the tree of layers behind it; None where Caffe would abort."""
    blobs: Values = {"data": ("data",)}
    written: Values = {}
    read: set[str] = set()
    for layer in layers:
        if layer.phase not in ("", phase):
            continue
        if any(bottom not in blobs for bottom in layer.bottoms):
            return None
        inputs = tuple(blobs[bottom] for bottom in layer.bottoms)
        for at, top in enumerate(layer.tops):
            is_in_place = at < len(layer.bottoms) and layer.bottoms[at] == top
            if top in blobs and not is_in_place:
                return None
            if is_in_place and (top in read or layer.bottoms.count(top) > 1):
                return None
        read.update(layer.bottoms)
        for at, top in enumerate(layer.tops):
            value = (layer.name, at, inputs)
            blobs[top] = written[f"{layer.name}:{at}"] = value
            read.discard(top)
    return written


@st.composite
def nets(draw: st.DrawFn) -> tuple[list[Drawn], str]:
    """A net that Caffe builds in both phases, and the kind of quote it is written with."""
    layers: list[Drawn] = []
    known = ["data"]
    for number in range(draw(st.integers(1, 14))):
        name = f"l{number}"
        bottoms = [draw(st.sampled_from(known[-4:]))]
        kind = draw(
            st.sampled_from(("new", "in place", "in place", "in place", "join", "two tops"))
        )
        if kind == "join":
            bottoms.append(draw(st.sampled_from(known)))
        top = (
            bottoms[0]
            if kind == "in place"
            else draw(st.sampled_from((name, f"{known[-1]}_{name}")))
        )
        tops = (top, f"{name}b") if kind == "two tops" else (top,)
        phase = draw(st.sampled_from(("", "", "", *PHASES)))
        made = Drawn(name, tuple(bottoms), tops, phase)
        if any(run_on_symbols([*layers, made], phase) is None for phase in PHASES):
            continue
        layers.append(made)
        known += [top for top in tops if top not in known]
    assume(layers)
    return layers, draw(st.sampled_from("\"'"))


def text_of(layers: list[Drawn], quote: str) -> str:
    """The prototxt."""
    head = 'input: "data"\ninput_shape { dim: 1 dim: 3 }\n'
    return head + "".join(layer.text(quote) for layer in layers)


def renamed(layers: list[Drawn], text: str) -> list[Drawn]:
    """The same layers with the blob names that a text now has, block by block."""
    blocks = text.split("layer {")[1:]
    assert len(blocks) == len(layers)
    result = []
    for layer, block in zip(layers, blocks, strict=True):
        found = [(kind[0], name[1:-1]) for kind, name in QUOTED.findall(block)]
        bottoms = tuple(name for kind, name in found if kind == "b")
        tops = tuple(name for kind, name in found if kind == "t")
        result.append(replace(layer, bottoms=bottoms, tops=tops))
    return result


def check_rename(drawn: tuple[list[Drawn], str]) -> bool:
    """Rename all: each layer computes what it did, in both phases; undo gives the same bytes."""
    layers, quote = drawn
    text = text_of(layers, quote)
    net = read_net(text)

    def rename() -> None:
        plan = plan_rename_all(net)
        assert QUOTED.sub(r"\1", plan.new_text) == QUOTED.sub(r"\1", text)
        after = renamed(layers, plan.new_text)
        for phase in PHASES:
            assert run_on_symbols(after, phase) == run_on_symbols(layers, phase)
        assert apply_edits(text, plan.edits) == plan.new_text
        assert apply_edits(plan.new_text, inverse_edits(plan.edits)) == text
        in_place = {layer.name for layer in read_net(plan.new_text).in_place_layers}
        assert in_place <= {layer.name for layer in layers if layer.phase}

    return accepts(rename)

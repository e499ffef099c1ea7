"""What the inspector says of a layer or a net, as rows and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.layers.conformance import conformance_of
from core.layers.cost_table import costs_of, total_costs
from core.layers.parameters import written_and_default
from core.layers.records import find_record
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import BlobVersion, Chain, Layer, Net
from core.net.sentences import sharing_sentence
from core.weights.binding import Binding
from core.words import (
    bytes_text,
    count_text,
    join_names,
    plural,
    shape_text,
    short_count,
)
from gui.panels.inspector.version_list import VersionRow
from gui.widgets.fact_list import Fact
from gui.widgets.text_lines import TextLine

_MOST_ROWS = 8
_MOST_LINES = 60
_MOST_TYPES = 4
_BYTES_PER_VALUE = 4
_ARRAY_NAMES = {
    "BatchNorm": ("mean", "variance", "factor"),
    "Scale": ("scale", "shift"),
    "PReLU": ("slope",),
    "Bias": ("shift",),
}


@dataclass(frozen=True)
class RenameOffer:
    """The rename that the inspector of a layer offers.

    target: the layer that gets a blob, the layer itself or the one that overwrites it;
    n_in_chain, n_in_net: blobs that renaming the chain or the whole net makes.
    """

    target: str
    top_index: int
    blob: str
    n_in_chain: int
    n_in_net: int


def chain_of(net: Net, layer: Layer) -> Chain | None:
    """The first shared blob that the layer writes."""
    blobs = {version.blob for version in net.written(layer) if version.n_versions > 1}
    return next((chain for chain in net.chains if chain.blob in blobs), None)


def version_of(chain: Chain, layer: Layer) -> BlobVersion:
    """What the layer writes to the chain's blob."""
    return next(v for v in chain.versions if v.layer_index == layer.index)


def sharing_title(chain: Chain, layer: Layer) -> str:
    """ "Shares blob fc7 with fc7 and drop7"."""
    others = [v.layer for v in chain.versions if v.layer_index != layer.index]
    return f"Shares blob {chain.blob} with {join_names(list(dict.fromkeys(others)))}"


def sharing_body(chain: Chain) -> str:
    """What a full forward pass leaves of the chain, as a notice shows it."""
    return sharing_sentence(chain.versions)


def version_rows(net: Net, chain: Chain, layer: Layer) -> tuple[VersionRow, ...]:
    """One row a version of the chain's blob."""
    return tuple(
        VersionRow(
            version.label,
            version.layer,
            net.layers[version.layer_index].type,
            version.is_readable,
            version.layer_index == layer.index,
        )
        for version in chain.versions
    )


def rename_offer(net: Net, layer: Layer) -> RenameOffer | None:
    """What can be renamed for this layer, None where its blobs are its own."""
    chain = chain_of(net, layer)
    if chain is None:
        return None
    version = version_of(chain, layer)
    is_in_place = version.top_index in layer.in_place_tops()
    if not is_in_place:
        following = [v for v in chain.versions if v.version == version.version + 1]
        if not following:
            return None
        version = following[0]
    n_in_net = sum(len(other.versions) - 1 for other in net.chains)
    return RenameOffer(
        version.layer, version.top_index, chain.blob, len(chain.versions) - 1, n_in_net
    )


def shape_facts(net: Net, shapes: NetShapes, layer: Layer) -> list[Fact]:
    """Bottoms, tops and readers."""
    facts = []
    read = net.read(layer)
    bottoms = shapes.bottoms(layer)
    for i, blob in enumerate(layer.bottoms[:_MOST_ROWS]):
        version = read[i] if i < len(read) else None
        shape = bottoms[i] if i < len(bottoms) else None
        label = version.label if version else f"{blob} (unknown)"
        writer = version.layer if version else ""
        name = "Bottom" if len(layer.bottoms) == 1 else f"Bottom {i}"
        facts.append(Fact(name, label, shape_text(shape), layer=writer))
    if len(layer.bottoms) > _MOST_ROWS:
        facts.append(Fact("", f"and {len(layer.bottoms) - _MOST_ROWS} more"))
    written = net.written(layer)
    for i, version in enumerate(written[:_MOST_ROWS]):
        name = "Top" if len(written) == 1 else f"Top {i}"
        facts.append(Fact(name, version.label, shape_text(shapes.top(layer, version.top_index))))
    readers = [name for version in written for name in version.readers]
    facts += _reader_facts(readers)
    return facts


def _reader_facts(readers: Sequence[str]) -> list[Fact]:
    if not readers:
        return [Fact("Read by", "no layer: an output of the net")]
    names = list(dict.fromkeys(readers))
    facts = [
        Fact("Read by" if i == 0 else "", name, layer=name)
        for i, name in enumerate(names[:_MOST_ROWS])
    ]
    if len(names) > _MOST_ROWS:
        facts.append(Fact("", f"and {len(names) - _MOST_ROWS} more"))
    return facts


def parameter_facts(layer: Layer) -> list[Fact]:
    """As written, then the defaults."""
    return [
        Fact(row.name, row.value, is_default=row.is_default) for row in written_and_default(layer)
    ]


def foreign_facts(net: Net, layer: Layer | None) -> list[Fact]:
    """The type and the fields that BVLC's Caffe lacks: of one layer, or of the whole net."""
    facts = []
    layers = net.layers if layer is None else (layer,)
    types = {other.type: other for other in reversed(layers) if _is_foreign(other.type)}
    for type_name, first in sorted(types.items()):
        origin = "a fork's type" if layer_type(type_name).is_known else "unknown type"
        facts.append(Fact("type", type_name, origin, second_role="warning_text", layer=first.name))
    places: dict[tuple[str, str], int] = {}
    for found in net.unknown:
        if layer is None or found.layer == layer.name:
            places.setdefault((found.path, found.fork), found.line)
    for (path, fork), line in places.items():
        origin = f"{fork or 'unknown field'}, line {line}"
        facts.append(Fact("field", path, origin, second_role="warning_text"))
    more = len(facts) - _MOST_ROWS
    return facts if more <= 1 else [*facts[:_MOST_ROWS], Fact("", f"and {more} more")]


def _is_foreign(type_name: str) -> bool:
    known = layer_type(type_name)
    return not known.is_known or known.origin == "fork"


def several_facts(net: Net, shapes: NetShapes, layers: Sequence[Layer]) -> list[Fact]:
    """What layers that are selected together are and cost."""
    types = Counter(layer.type for layer in layers)
    named = [f"{n} {type_}" if n > 1 else type_ for type_, n in types.most_common(_MOST_TYPES)]
    rest = len(types) - _MOST_TYPES
    named += [f"and {plural(rest, 'more type')}"] if rest > 0 else []
    sums = total_costs(costs_of(shapes, layer, find_record(net, shapes, layer)) for layer in layers)
    written = [version for layer in layers for version in net.written(layer)]
    n_hidden = sum(not version.is_readable for version in written)
    hidden = f"{plural(n_hidden, 'version')} overwritten" if n_hidden else "none overwritten"
    return [
        *(Fact("Types" if place == 0 else "", words) for place, words in enumerate(named)),
        Fact("Blob versions", f"{count_text(len(written))}, {hidden}"),
        Fact("Parameters", count_text(sums.params)),
        Fact("Multiply-adds", short_count(sums.macs)),
        Fact("Memory", f"{bytes_text(sums.memory)} a forward pass"),
    ]


def cost_facts(net: Net, shapes: NetShapes, layer: Layer) -> list[Fact]:
    """Work, weights and memory of one forward pass."""
    cost = shapes.cost(layer)
    works = []
    if cost.macs:
        works.append(f"{short_count(cost.macs)} multiply-adds")
    if cost.operations:
        works.append(f"{count_text(cost.operations)} {cost.operation_name}")
    n_parameters = shapes.n_parameters(layer)
    weights = "none"
    if n_parameters:
        weights = f"{count_text(n_parameters)} ({bytes_text(n_parameters * _BYTES_PER_VALUE)})"
    known = conformance_of(layer.type)
    return [
        *([Fact("PyTorch", known.words)] if known is not None else []),
        Fact("Operations", ", ".join(works) or "none"),
        Fact("Weights", weights),
        Fact("Memory", _memory(net, shapes, layer)),
    ]


def _memory(net: Net, shapes: NetShapes, layer: Layer) -> str:
    own = shapes.cost(layer).memory_bytes
    if own or not layer.is_in_place:
        return bytes_text(own)
    blob = layer.tops[layer.in_place_tops()[0]]
    chain = next((chain for chain in net.chains if chain.blob == blob), None)
    first = chain.versions[0].layer_index if chain else None
    if first is None:
        return bytes_text(0)
    shared = shapes.cost(net.layers[first]).memory_bytes
    return f"0 B, shares {bytes_text(shared)}"


def weight_facts(
    net: Net, shapes: NetShapes, binding: Binding | None, layer: Layer
) -> tuple[list[Fact], str]:
    """The layer's arrays and, as a note, where their values come from; none without arrays."""
    arrays = shapes.parameters(layer)
    if not arrays:
        return [], ""
    names = _ARRAY_NAMES.get(layer.type, ("weight", "bias"))
    facts = []
    for i, shape in enumerate(arrays):
        name = names[i] if i < len(names) else f"array {i}"
        shared = layer.parameter_names[i] if i < len(layer.parameter_names) else ""
        facts.append(Fact(name, shape_text(shape), f"shared as {shared}" if shared else ""))
    if binding is None:
        return facts, "no weights file open"
    wrong = {found.index: found for found in binding.wrong if found.layer == layer.name}
    if wrong:
        for i, found in wrong.items():
            if i < len(facts):
                in_file = shape_text(found.in_file) if found.in_file is not None else "no array"
                facts[i] = Fact(facts[i].name, facts[i].value, f"file: {in_file}", "error_text")
        return facts, "the file's shapes differ"
    if layer.name in binding.unbound:
        facts = [Fact(f.name, f.value, f.second, "warning_text") for f in facts]
        return facts, "not in the file: filler values"
    return facts, "from the weights file"


def place_text(net: Net, layer: Layer) -> str:
    """Where the layer stands, and its name in the file where that is another's too."""
    place = f"layer {layer.index + 1} of {len(net.layers)}"
    if layer.name == layer.written_name:
        return place
    named = f"“{layer.written_name}” in the file" if layer.written_name else "no name in the file"
    return f"{place}, {named}"


def file_lines(net: Net, layer: Layer) -> tuple[list[TextLine], str]:
    """The layer's block of the prototxt and, as a note, its line numbers.

    Lines that name a blob the layer shares are marked.
    """
    if layer.span is None:
        return [], ""
    lines = net.text[layer.span.start : layer.span.end].splitlines()
    first = layer.span.line
    shared = {version.blob for version in net.written(layer) if version.n_versions > 1}
    marked = {
        span.line
        for blob, span in (
            *zip(layer.bottoms, layer.bottom_spans, strict=False),
            *zip(layer.tops, layer.top_spans, strict=False),
        )
        if span is not None and blob in shared
    }
    shown = [
        TextLine("marked" if first + i in marked else "plain", text, first + i)
        for i, text in enumerate(_without_indent(net.text, layer.span.start, lines)[:_MOST_LINES])
    ]
    if len(lines) > _MOST_LINES:
        shown.append(TextLine("note", f"… {plural(len(lines) - _MOST_LINES, 'more line')}"))
    last = first + len(lines) - 1
    return shown, f"line {first}" if last == first else f"lines {first} to {last}"


def _without_indent(text: str, start: int, lines: Sequence[str]) -> list[str]:
    """The lines moved left by what stands before the block's first word."""
    lead = text[text.rfind("\n", 0, start) + 1 : start]
    indent = len(lead) if not lead.strip() else 0
    return [
        line[indent:] if i and not line[:indent].strip() else line for i, line in enumerate(lines)
    ]


def net_facts(net: Net, shapes: NetShapes, binding: Binding | None) -> list[Fact]:
    """The net at a glance."""
    cost = shapes.total_cost
    in_place = plural(len(net.in_place_layers), "layer")
    hidden = plural(len(net.hidden), "version")
    facts = [
        Fact("Layers", count_text(len(net.layers))),
        Fact("In place", f"{in_place}, {hidden} lost" if net.in_place_layers else "none"),
        Fact("Parameters", count_text(shapes.total_parameters)),
        Fact("Multiply-adds", short_count(cost.macs)),
        Fact("Memory", f"{bytes_text(cost.memory_bytes)} a forward pass"),
        Fact("Phase", net.state.phase),
        Fact("Prototxt", f"{net.dialect}, {plural(net.text.count(chr(10)) + 1, 'line')}"),
    ]
    if net.inactive:
        facts.append(Fact("Left out", f"{plural(len(net.inactive), 'layer')} by phase rules"))
    if binding is not None:
        bound = f"{binding.n_arrays_bound} of {plural(binding.n_arrays_expected, 'array')} bound"
        facts.append(Fact("Weights", bound))
    return facts


def end_facts(net: Net, shapes: NetShapes) -> list[Fact]:
    """Inputs and outputs of the net with their shapes."""
    facts = []
    inputs = [layer for layer in net.layers if not layer.bottoms and layer.tops]
    for layer in inputs[:_MOST_ROWS]:
        for i, top in enumerate(layer.tops):
            facts.append(Fact("Input", top, shape_text(shapes.top(layer, i)), layer=layer.name))
    for version in net.outputs[:_MOST_ROWS]:
        shape = shapes.top(net.layers[version.layer_index], version.top_index)
        facts.append(Fact("Output", version.blob, shape_text(shape), layer=version.layer))
    return facts

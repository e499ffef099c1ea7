"""Names that Caffe aborts on because half of an edit is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.edits.findings.finding import Finding, NameChange, listed
from core.edits.findings.flow import Flow
from core.layers.registry import layer_type
from core.net.blob_names import default_base, own_ending, taken_names, unused_name
from core.net.definition import AUTOMATIC_TOP, Layer, Net
from core.net.states import every_state


def find_half_renamed(net: Net) -> Iterator[Finding]:
    """In-place layers of which one name was changed: two layers then write one blob."""
    flow = Flow(net)
    for number, version in enumerate(net.versions):
        if version.overwritten_by is None:
            continue
        writer = net.layer(version.overwritten_by)
        index = next((i for i, top in enumerate(writer.tops) if top == version.blob), 0)
        if index in writer.in_place_tops():
            others = [x for x in flow.readers(number) if x.index < writer.index]
            last = others[-1] if others else None
            if last is not None and flow.is_value_only(last) and not last.is_in_place:
                yield _left_behind(flow, last, writer, index)
        elif flow.is_value_only(writer) and version.blob != AUTOMATIC_TOP:
            yield _top_left(flow, writer, index, version.layer)


def find_copied_tops(net: Net) -> Iterator[Finding]:
    """A layer that writes over another's blob, while a blob of its own name is read and missing."""
    missing = {blob for blob, _ in _lost(net)}
    for layer in net.layers:
        own = layer.written_name
        if own not in missing or len(layer.tops) != 1:
            continue
        top = layer.tops[0]
        (version,) = net.written(layer)
        known = layer_type(layer.type)
        is_copy = layer.is_in_place and known.is_known and not known.may_run_in_place
        if is_copy or (version.version > 0 and not layer.is_in_place):
            readers = _readers_of(net, own)
            yield Finding(
                "copied top",
                "refused",
                (layer.name, *readers),
                (NameChange(layer.name, "top", 0, top, own),),
                f"{layer.name} writes {top}, which belongs to another layer",
                f"{layer.name} writes over blob {top}, and blob {own}, which "
                f"{listed(readers)} read{'s' * (len(readers) == 1)}, is written by nobody. Caffe "
                "stops on it.",
            )


def find_lost_readers(net: Net) -> Iterator[Finding]:
    """Bottoms that no layer writes, where the text says which blob is meant."""
    elsewhere = {top for state in every_state(net) for layer in state.layers for top in layer.tops}
    inputs = set(net.root.words("input"))
    flow = Flow(net)
    for blob, reads in _lost(net):
        is_written = blob in elsewhere and not _is_written_by_reader(net, blob)
        if is_written or blob in inputs:
            continue
        meant = _meant(flow, blob, reads[0][0])
        if meant is None:
            continue
        name, why = meant
        layers = tuple(dict.fromkeys(layer.name for layer, _ in reads))
        verb = "reads" if len(layers) == 1 else "read"
        yield Finding(
            "lost reader",
            "refused",
            layers,
            tuple(NameChange(x.name, "bottom", i, blob, name) for x, i in reads),
            f"{listed(layers)} {verb} blob {blob}, which no layer writes",
            f"{why} Caffe stops with \"Unknown bottom blob '{blob}'\".",
        )


def _left_behind(flow: Flow, moved: Layer, stays: Layer, index: int) -> Finding:
    blob = stays.tops[index]
    own = unused_name(default_base(flow.net, stays.name, index), taken_names(flow.net))
    top = next(
        i
        for i, version in enumerate(flow.net.versions)
        if (version.layer_index, version.top_index) == (stays.index, index)
    )
    rows = (
        NameChange(stays.name, "bottom", index, blob, moved.tops[0]),
        NameChange(stays.name, "top", index, blob, own),
        *flow.moved(top, own),
    )
    return Finding(
        "half renamed",
        "refused",
        (moved.name, stays.name),
        rows,
        f"{moved.name} has a blob of its own, but {stays.name} still works on {blob}",
        f"{moved.name} reads {blob} and writes {moved.tops[0]}; {stays.name} runs in place on "
        f'{blob}, which {moved.name} reads too. Caffe splits {blob} and stops with "Top blob '
        f"'{blob}' produced by multiple sources\".",
    )


def _top_left(flow: Flow, layer: Layer, index: int, first: str) -> Finding:
    blob = layer.tops[index]
    own = unused_name(default_base(flow.net, layer.name, index), taken_names(flow.net))
    rows = (
        NameChange(layer.name, "top", index, blob, own),
        *flow.moved(flow.top(layer), own),
    )
    return Finding(
        "half renamed",
        "refused",
        (layer.name,),
        rows,
        f"{layer.name} reads {layer.bottoms[0]} but still writes {blob}",
        f"{layer.name} is not in place any more, and {first} writes {blob} too. Caffe stops with "
        f"\"Top blob '{blob}' produced by multiple sources\".",
    )


def _lost(net: Net) -> list[tuple[str, list[tuple[Layer, int]]]]:
    found: dict[str, list[tuple[Layer, int]]] = {}
    for layer in net.layers:
        for index, number in enumerate(net.bottom_versions[layer.index]):
            if number is None:
                found.setdefault(layer.bottoms[index], []).append((layer, index))
    return list(found.items())


def _is_written_by_reader(net: Net, blob: str) -> bool:
    """An in-place layer that reads a lost blob writes it, which makes nobody its source."""
    writers = [layer for layer in net.layers if blob in layer.tops]
    return bool(writers) and all(blob in layer.bottoms for layer in writers)


def _meant(flow: Flow, blob: str, reader: Layer) -> tuple[str, str] | None:
    """The blob a lost reader means and a sentence about why; None where the text does not say."""
    net = flow.net
    known = {
        version.blob: number
        for number, version in enumerate(net.versions)
        if version.layer_index < reader.index and version.blob != AUTOMATIC_TOP
    }
    dead = [name for name, number in known.items() if flow.is_dead(number)]
    for layer in net.layers[: reader.index]:
        is_named = blob == layer.written_name or blob.endswith(own_ending(layer))
        if is_named and len(layer.tops) == 1 and layer.tops[0] in known:
            top = layer.tops[0]
            return top, f"Layer {layer.name} writes {top}, and nobody writes {blob}."
    slips = [name for name in known if _is_slip(name, blob, is_dead=name in dead)]
    if slips:
        name = min(slips, key=lambda n: (_distance(n, blob), n not in dead, -known[n]))
        return name, f"{blob} is nearly {name}, which {_writer(flow, known[name])} writes."
    before = [name for name in dead if known[name] == _last_before(flow, reader)]
    if len(before) == 1 and flow.is_value_only(reader):
        writer = _writer(flow, known[before[0]])
        return before[0], f"{writer}, right before, writes {before[0]}, which nobody reads."
    return None


def _is_slip(name: str, blob: str, *, is_dead: bool) -> bool:
    """Equal but for capitals and separators; for a blob nobody reads, but for two letters."""
    plain, wanted = _plain(name), _plain(blob)
    if plain == wanted:
        return True
    if not is_dead:
        same_digits = _digits(name) == _digits(blob)
        return same_digits and min(len(plain), len(wanted)) > 4 and _distance(plain, wanted) == 1
    return min(len(plain), len(wanted)) > 3 and _distance(plain, wanted) <= 2


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def _distance(one: str, other: str) -> int:
    """Letters to put in, take out, change or swap with the next (Damerau, 1964)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _last_before(flow: Flow, reader: Layer) -> int:
    written = (i for i, v in enumerate(flow.net.versions) if v.layer_index < reader.index)
    return max(written, default=-1)


def _writer(flow: Flow, number: int) -> str:
    return flow.version(number).layer


def _readers_of(net: Net, blob: str) -> Sequence[str]:
    return list(dict.fromkeys(layer.name for layer in net.layers if blob in layer.bottoms))

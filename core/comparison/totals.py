"""The sums of two nets and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass

from core.comparison.rows import ComparedFile
from core.words import bytes_text, short_count

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Total:
    """A sum of both nets and the difference, in words."""

    name: str
    before: str
    after: str
    difference: str
    is_equal: bool


def totals_of(first: ComparedFile, second: ComparedFile) -> tuple[Total, ...]:
    """Layers, parameters, MACs and memory of both; () while one can't be read."""
    one, other = first.side, second.side
    if one is None or other is None:
        return ()
    old, new = one.shapes.total_cost, other.shapes.total_cost
    layers = (len(one.net.layers), len(other.net.layers))
    memory = (old.memory_bytes, new.memory_bytes)
    parameters = (one.shapes.total_parameters, other.shapes.total_parameters)
    return (
        _total("Layers", layers, (str(layers[0]), str(layers[1]), str(abs(layers[1] - layers[0])))),
        _total("Parameters", parameters, _short(parameters)),
        _total("MACs", (old.macs, new.macs), _short((old.macs, new.macs))),
        _total("Memory", memory, (bytes_text(memory[0]), bytes_text(memory[1]),
                                  bytes_text(abs(memory[1] - memory[0])))),
    )  # fmt: skip


def _short(pair: tuple[int, int]) -> tuple[str, str, str]:
    return short_count(pair[0]), short_count(pair[1]), short_count(abs(pair[1] - pair[0]))


def _total(name: str, pair: tuple[int, int], words: tuple[str, str, str]) -> Total:
    before, after = pair
    if before == after:
        return Total(name, words[0], words[1], "the same", is_equal=True)
    sign = "+" if after > before else _MINUS
    share = f", {sign}{_percent(abs(after - before) / before)} %" if before else ""
    return Total(name, words[0], words[1], f"{sign}{words[2]}{share}", is_equal=False)


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}" if percent >= 0.05 else "<0.1"

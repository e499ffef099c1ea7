"""Inputs that can be made as large as one likes, each meant to cost more than it weighs."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.binary_files import field
from tests.fuzz.mutations import varint

HEAD = 'input: "d" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n'


def _layer(number: int, bottom: str, top: str, rest: str = "", kind: str = "ReLU") -> str:
    return f'layer {{ name: "l{number}" type: "{kind}" bottom: "{bottom}" top: "{top}" {rest} }}\n'


def _layers(n: int, make: Callable[[int], str]) -> str:
    return HEAD + "".join(make(i) for i in range(n))


CONV = "convolution_param { num_output: 3 kernel_size: 1 }"
PROTOTXTS: dict[str, Callable[[int], str]] = {
    "comments": lambda n: "#\n" * n,
    "blank lines": lambda n: "\n" * n,
    "one long comment": lambda n: "#" * n,
    "adjacent strings": lambda n: "name: " + '"abc" ' * n,
    "one long string": lambda n: 'name: "' + "a" * n + '"',
    "one long string of escapes": lambda n: 'name: "' + "\\a" * n + '"',
    "an unclosed string": lambda n: 'name: "' + "a" * n,
    "one long word": lambda n: "a" * n + ": 1",
    "one long number": lambda n: "num_output: " + "1" * n,
    "one long hex number": lambda n: "num_output: 0x" + "f" * n,
    "spaced minus": lambda n: "a: -" + " " * n + "1",
    "fields": lambda n: "a: 1\n" * n,
    "separators": lambda n: "a: 1," * n,
    "a list": lambda n: "a: [" + "1, " * n + "1]",
    "open braces": lambda n: "a {" * n,
    "bare braces": lambda n: "{" * n,
    "closed messages": lambda n: "a {}" * n,
    "an open message of fields": lambda n: "a { " + "b: 1 " * n,
    "bad lines": lambda n: "layer { name: @ }\n" * n,
    "sizes": lambda n: 'input: "d" input_shape { ' + "dim: 1 " * n + "}",
    "input_dim": lambda n: 'input: "d" ' + "input_dim: 1 " * n,
    "inputs": lambda n: 'input: "d" input_shape { dim: 1 } ' * n,
    "nameless layers": lambda n: "layer {}\n" * n,
    "V1 layers": lambda n: "layers { type: RELU }\n" * n,
    "V0 padding": lambda n: HEAD
    + 'layers { layer { name: "p" type: "padding" } bottom: "d" top: "d" }\n' * n,
    "a chain in place": lambda n: _layers(n, lambda i: _layer(i, "d", "d")),
    "a chain": lambda n: _layers(n, lambda i: _layer(i, f"b{i - 1}" if i else "d", f"b{i}")),
    "one blob, many readers": lambda n: _layers(n, lambda i: _layer(i, "d", f"b{i}")),
    "one name, many layers": lambda n: _layers(n, lambda i: _layer(0, "d", f"b{i}")),
    "unknown blobs": lambda n: _layers(n, lambda i: _layer(i, f"no{i}", f"b{i}")),
    "unknown types": lambda n: _layers(n, lambda i: _layer(i, "d", f"b{i}", kind=f"Relu{i}")),
    "parallel in place": lambda n: _layers(
        n, lambda i: _layer(i, "d", f"b{i}", "", "Dropout" if i % 2 else "ReLU")
    ),
    "shared arrays": lambda n: _layers(
        n, lambda i: _layer(i, "d", f"b{i}", f'param {{ name: "w" }} {CONV}', "Convolution")
    ),
    "wrongly shared arrays": lambda n: _layers(
        n,
        lambda i: _layer(
            i, "d", f"b{i}", f'param {{ name: "w" }} {CONV}'.replace("3", f"{i + 1}"), "Convolution"
        ),
    ),
    "rules": lambda n: HEAD + _layer(0, "d", "d", 'include { stage: "s" } ' * n),
    "stages": lambda n: _layers(n, lambda i: _layer(i, "d", "d", f'include {{ stage: "s{i}" }}')),
    "bottoms": lambda n: HEAD
    + 'layer { name: "c" type: "Concat" top: "c" ' + 'bottom: "d" ' * n + "}",
    "tops": lambda n: HEAD
    + 'layer { name: "s" type: "Slice" bottom: "d" '
    + "".join(f'top: "t{i}" ' for i in range(n)) + "}",
    "nameless in place": lambda n: HEAD + 'layer { type: "ReLU" bottom: "d" top: "d" }\n' * n,
    "in place by turns": lambda n: _layers(
        n, lambda i: _layer(i, f"c{(i + 1) // 2 - 1}" if i > 1 else "d", f"c{i // 2}")
    ),
    "dead ends beside chains": lambda n: _layers(
        n, lambda i: _layer(i, *((f"b{i - 1}", f"b{i}", "", "LRN") if i % 3 == 2 else
                                 ("d", f"b{i}", "", ("ReLU", "Scale")[i % 3])))
    ),
    "one bottom for each layer": lambda n: _layers(n, lambda i: _layer(i, "d", f"b{i}"))
    + 'layer { name: "c" type: "Concat" top: "c" '
    + "".join(f'bottom: "b{i}" ' for i in range(n)) + "}",
    "long names": lambda n: _layers(
        n // 10, lambda i: _layer(i, f"{'x' * 200}{i - 1}" if i else "d", f"{'x' * 200}{i}")
    ),
    "slice points": lambda n: HEAD
    + _layer(0, "d", "t", "slice_param { " + "slice_point: 1 " * n + "}", "Slice"),
    "kernel sizes": lambda n: HEAD
    + _layer(0, "d", "t", "convolution_param { " + "kernel_size: 1 " * n + "}", "Convolution"),
    "a message in pieces": lambda n: HEAD
    + _layer(0, "d", "t", "convolution_param { kernel_size: 1 } " * n, "Convolution"),
}  # fmt: skip
"""By name, text of about n pieces."""


def _blob(*parts: bytes) -> bytes:
    return field(100, field(1, b"c") + field(7, b"".join(parts)))


ONE = field(7, field(1, b"\x01")) + field(5, b"1234")
WEIGHTS: dict[str, Callable[[int], bytes]] = {
    "empty layers": lambda n: b"\xa2\x06\x00" * n,
    "named layers": lambda n: field(100, field(1, b"a")) * n,
    "small V0 layers": lambda n: field(2, field(1, field(1, b"a"))) * n,
    "layers of one value": lambda n: _blob(ONE) * n,
    "empty blobs": lambda n: field(100, b"\x3a\x00" * n),
    "blobs of one value": lambda n: field(100, field(7, ONE) * n),
    "a long name": lambda n: field(100, field(1, b"a" * n)),
    "unpacked values": lambda n: _blob(b"\x2d1234" * n, field(7, field(1, varint(n)))),
    "unpacked in turns": lambda n: _blob(b"\x2d1234\x351234" * n),
    "pieces of one value": lambda n: _blob(field(5, b"1234") * n, field(7, field(1, varint(n)))),
    "sizes": lambda n: _blob(field(7, field(1, b"\x01" * n)), field(5, b"1234")),
    "unpacked sizes": lambda n: _blob(field(7, b"\x08\x01" * n), field(5, b"1234")),
    "shapes": lambda n: _blob(b"\x3a\x00" * n),
    "half-floats as numbers": lambda n: _blob(
        field(10, b"\x81\x01" * n), field(7, field(1, varint(n)))
    ),
    "groups": lambda n: b"\x83\x06" * n,
    "groups side by side": lambda n: b"\x83\x06\x84\x06" * n,
    "unknown fields": lambda n: b"\x98\x06\x01" * n,
    "zeros": lambda n: b"\x00" * n,
    "ones": lambda n: b"\xff" * n,
}
"""By name, bytes of about n pieces."""
CLAIMS: dict[str, bytes] = {
    "a blob of 2^62 values": _blob(field(7, field(1, varint(2**31 - 1) * 2)), field(5, b"1234")),
    "a length of 2^63": b"\xa2\x06" + varint(2**63),
    "axes whose product overflows": _blob(field(7, field(1, varint(2**62) * 32)), ONE),
    "an empty array of 2^31 rows": _blob(field(7, field(1, varint(2**31) + b"\x00"))),
}
"""Small files that claim much."""

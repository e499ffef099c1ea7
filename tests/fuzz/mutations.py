"""Changing bytes and texts the way damage and malice do: cut, repeat, swap, overwrite, blow up."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63,
    2**64 - 1,
)


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


TOKENS = (
    *(varint(number) for number in NUMBERS),
    *(number.to_bytes(8, "little") for number in NUMBERS),
    *(number.to_bytes(4, "big") for number in NUMBERS if number < 2**32),
    b"", b"\0", b"\n", b"\xa2\x06", b"\x12", b"\x3a", b"\x2a", b"\xff" * 10, b"\x0b", b"\x0c",
)  # fmt: skip


@st.composite
def mutated_bytes(draw: st.DrawFn, bases: st.SearchStrategy[bytes]) -> bytes:
    """One of the bases after none to six changes: a reader must still take what is whole."""
    raw = bytearray(draw(bases))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        end = min(len(raw), at + draw(st.sampled_from((0, 1, 2, 4, 8, 64))))
        kind = draw(st.sampled_from(("token", "bit", "cut", "repeat", "end", "any")))
        if kind == "token":
            raw[at:end] = draw(st.sampled_from(TOKENS))
        elif kind == "bit" and raw:
            raw[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del raw[at:end]
        elif kind == "repeat":
            raw[at:at] = raw[at:end] * draw(st.sampled_from((1, 2, 30)))
        elif kind == "end":
            del raw[at:]
        else:
            raw[at:end] = draw(st.binary(max_size=8))
    return bytes(raw)


@st.composite
def mutated_text(
    draw: st.DrawFn, bases: st.SearchStrategy[str], pieces: st.SearchStrategy[str]
) -> str:
    """One of the bases after up to six changes; what comes in is mostly `pieces`."""
    text = draw(bases)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from((0, 0, 1, 3, 10, 80))))
        kind = draw(st.sampled_from(("piece", "piece", "cut", "repeat", "end", "any")))
        if kind == "piece":
            text = text[:at] + draw(pieces) + text[end:]
        elif kind == "cut":
            text = text[:at] + text[end:]
        elif kind == "repeat":
            text = text[:at] + text[at:end] * draw(st.sampled_from((2, 3, 70))) + text[end:]
        elif kind == "end":
            text = text[:at]
        else:
            text = text[:at] + draw(st.text(max_size=8)) + text[end:]
    return text

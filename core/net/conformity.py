"""Holding every field of a prototxt against what BVLC Caffe 1.0 knows."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace

from core.net.definition import Problem, UnknownField
from core.net.message import Field, Message, Scalar, left_open, to_integer
from core.net.schema import KnownField, Schema, caffe_schema
from core.net.strings import unknown_escape
from core.net.unique_names import NO_NAME
from core.words import plural

_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WHOLE = re.compile(r"-?\s*(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_DECIMAL = re.compile(
    r"-?\s*(([1-9][0-9]*|0|[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eEfF]))([eE][+-]?[0-9]+)?[fF]?"
    r"|(?i:inf|infinity|nan))"
)
_BOUNDS = {
    "int32": (-(1 << 31), (1 << 31) - 1),
    "uint32": (0, (1 << 32) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
}
_TRUTHS = ("true", "True", "t", "false", "False", "f")
_WANTED = {
    "string": "text in quotes",
    "bytes": "text in quotes",
    "bool": "true or false",
    "float": "a decimal number",
    "double": "a decimal number",
}
_MOST_SHOWN = 60
_MOST_VALUES = 12
"""Of an enum: more are not listed. V1 has 40 layer types."""
_LAYERS = ("LayerParameter", "V1LayerParameter", "V0LayerParameter")


@dataclass
class Conformity:
    """What stock Caffe does not know (`unknown`) and values it refuses (`refused`)."""

    unknown: list[UnknownField] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    has_numbered_enums: bool = False


def check_fields(root: Message, message: str = "NetParameter") -> Conformity:
    """Compare a file with the schema; fields below an unknown one are not looked at."""
    check = _Check(caffe_schema())
    check.walk(root, message, "", "")
    return check.found


class _Check:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.found = Conformity()

    def walk(self, message: Message, name: str, path: str, layer: str) -> None:
        known = self.schema.messages[name]
        seen: set[str] = set()
        for part in message.fields:
            expected = known.get(part.name)
            if expected is None:
                self._add_unknown(part, name, path, layer)
                continue
            if part.name in seen and not expected.is_repeated:
                self._refuse(part, f"{path}{part.name} is given twice", layer)
            seen.add(part.name)
            self._check_value(message, part, expected, path, layer)
        for missing in (n for n, f in known.items() if f.is_required and n not in seen):
            _, _, line, column = message.span
            self.found.refused.append(Problem(f"{path}{missing} is missing.", layer, line, column))

    def _check_value(
        self, message: Message, part: Field, expected: KnownField, path: str, layer: str
    ) -> None:
        value, kind = part.value, expected.kind
        if isinstance(value, Message):
            if kind not in self.schema.messages:
                self._refuse(part, f"{path}{part.name} takes {self._wanted(kind)}", layer)
                return
            if kind in _LAYERS:
                layer = value.word("name") or layer or NO_NAME
            self.walk(value, kind, f"{path}{part.name}.", layer)
        elif kind in self.schema.messages:
            self._refuse(part, f'{path}{part.name} takes a message in "{{ }}"', layer)
        elif not self._fits(value, kind, message):
            words = self._misfit(part.name, value, kind, _written(value, message))
            self._refuse(part, f"{path}{words}", layer)

    def _misfit(self, name: str, value: Scalar, kind: str, written: str) -> str:
        if value.kind == "placeholder":
            return left_open(name, value).rstrip(".")
        if kind in self.schema.enums and len(self.schema.enums[kind]) > _MOST_VALUES:
            return f"{name} {_not_among(list(self.schema.enums[kind]), written)}"
        shown = written if len(written) <= _MOST_SHOWN else written[:_MOST_SHOWN] + "…"
        escape = unknown_escape(written) if value.kind == "string" else ""
        without = f" without the escape {escape}" if escape else ""
        return f"{name} takes {self._wanted(kind)}{without}, not {shown}"

    def _fits(self, value: Scalar, kind: str, message: Message) -> bool:
        text = value.value
        if kind in ("string", "bytes"):
            if value.kind != "string" or "\\" not in text:
                return value.kind == "string"
            return not unknown_escape(_written(value, message))
        if value.kind == "string":
            return False
        if kind in _BOUNDS:
            return _is_whole(text, *_BOUNDS[kind])
        if kind in ("float", "double"):
            return _DECIMAL.fullmatch(text) is not None
        if kind == "bool":
            return text in _TRUTHS or _is_whole(text, 0, 1)
        return self._is_enum_value(text, self.schema.enums[kind])

    def _is_enum_value(self, text: str, values: dict[str, int]) -> bool:
        if text in values:
            return True
        if not _is_whole(text, *_BOUNDS["int32"]) or to_integer(text) not in values.values():
            return False
        self.found.has_numbered_enums = True
        return True

    def _wanted(self, kind: str) -> str:
        if kind in _BOUNDS:
            least = "a whole number from 0" if kind == "uint32" else "a whole number"
            return f"{least} below 2^{63 if kind == 'int64' else 32 if kind == 'uint32' else 31}"
        if kind in self.schema.enums:
            return "one of " + ", ".join(self.schema.enums[kind])
        return _WANTED[kind]

    def _add_unknown(self, part: Field, message: str, path: str, layer: str) -> None:
        fork = self.schema.fork_of(message, part.name)
        span = part.name_span
        self.found.unknown.append(
            UnknownField(f"{path}{part.name}", fork, layer, span.line, span.column)
        )

    def _refuse(self, part: Field, words: str, layer: str) -> None:
        _, _, line, column = part.span
        sentence = words if words.endswith("?") else f"{words}."
        self.found.refused.append(Problem(sentence, layer, line, column))


def _not_among(values: list[str], written: str) -> str:
    near = difflib.get_close_matches(written, values, n=1, cutoff=0.8)
    # forks name theirs by appending, as in CONVOLUTION3D: that is no slip
    meant = f": is {near[0]} meant?" if near and near[0] not in written else ""
    return (
        f"{written[:_MOST_SHOWN]} is none of the {plural(len(values), 'value')} that "
        f"BVLC Caffe has{meant}"
    )


def _written(value: Scalar, message: Message) -> str:
    return message.source.text[value.span.start : value.span.end]


def _is_whole(text: str, least: int, most: int) -> bool:
    if not _WHOLE.fullmatch(text):
        return False
    try:
        return least <= to_integer(text) <= most
    except (ValueError, OverflowError):
        return False  # more digits than Python takes


def with_enum_words(root: Message, message: str = "NetParameter") -> Message:
    """The same message with enums given by number turned into their words."""
    schema = caffe_schema()
    known = schema.messages[message]
    return replace(
        root, fields=tuple(_with_word(part, known.get(part.name), schema) for part in root.fields)
    )


def _with_word(part: Field, expected: KnownField | None, schema: Schema) -> Field:
    if expected is None:
        return part
    if isinstance(part.value, Message):
        inner = expected.kind in schema.messages
        return replace(part, value=with_enum_words(part.value, expected.kind)) if inner else part
    words = {number: word for word, number in schema.enums.get(expected.kind, {}).items()}
    if part.value.kind != "number" or not _is_whole(part.value.value, *_BOUNDS["int32"]):
        return part
    word = words.get(to_integer(part.value.value))
    return replace(part, value=replace(part.value, value=word, kind="word")) if word else part

"""What to say of a sign that prototxt does not know: typographic quotes, other programs' signs."""

from __future__ import annotations

import unicodedata

_QUOTES = (
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    "\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}"
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{SINGLE LOW-9 QUOTATION MARK}\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{DOUBLE PRIME}\N{PRIME}"
    "\N{FULLWIDTH QUOTATION MARK}`\N{ACUTE ACCENT}"
)
_DASHES = "\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
_TEMPLATE = "Is it a template? Fill it in first."
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


def conflict_words(line: str) -> tuple[str, str] | None:
    """The sentence and the hint for a line that a version control system has left."""
    if not line.startswith(_CONFLICT):
        return None
    return "A merge left its mark here.", "Choose one of the two versions and delete the marks."


def foreign_words(character: str, line: str, column: int) -> tuple[str, str]:
    """The sentence and the hint for a character that no word starts with; `column` from 1."""
    conflict = conflict_words(line)
    if conflict is not None:
        return conflict
    code = f"U+{ord(character):04X}"
    if character.isspace():
        sentence = f"{code} is a space that prototxt does not know."
        return sentence, "Put an ordinary space in its place."
    if character in _QUOTES:
        sentence = f"{character} is a typographic quote, which prototxt does not know."
        return sentence, 'Type the plain quote " in its place, there and wherever else it stands.'
    plain = "-" if character in _DASHES else unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii() and len(plain) == 1:
        return f"{character} ({code}) is not the plain {plain}.", f"Type {plain} in its place."
    if unicodedata.category(character) in ("Cf", "Cc"):
        return f"{code} is an invisible character that prototxt does not know.", "Delete it."
    if character == "=":
        return "Unexpected character '='.", "A value stands after a colon, as in num_output: 10."
    if character == "*" and line[: column - 1].endswith("/"):
        return "Unexpected character '*'.", "A comment starts with # in a prototxt."
    return f"Unexpected character {character!r}.", _TEMPLATE if character in "$@%" else ""

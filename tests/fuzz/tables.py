"""Tables of labels: shipped kinds of them, mutated, in several encodings."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.mutations import mutated_bytes

PATHS = ("a/1.jpg", "a/2.jpg", "b/3.jpg", "b/é 4.png", "5.tif")
_ROWS = "a/1.jpg,x\na/2.jpg,x\nb/3.jpg,y\nb/é 4.png,y\n"
_TEXTS = (
    f"file,label\n{_ROWS}",
    "sep=;\nFile;Class\n" + _ROWS.replace(",", ";"),
    '"label","path"\n"x","./a/1.jpg"\n"y","C:\\\\data\\\\b\\\\3.jpg"\n',
    _ROWS.replace(",", "\t"),
    "a/1.jpg 0\nb/3.jpg 1\n",
    "image_name,category,note\nA/1.JPG,die,\n1,die,\n3,vase,\n5,,\n",
)


def _encoded() -> tuple[bytes, ...]:
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1")
    return tuple(text.encode(encoding) for text in _TEXTS for encoding in encodings)


table_bytes = mutated_bytes(st.sampled_from(_encoded()))

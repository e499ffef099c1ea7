"""What a file is that was given for another, by its first bytes: an archive, a web page, a log."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

HEAD_BYTES = 512
"""How much of a file tells its kind."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file in words ("a web page") and what to do when it stands for another."""

    words: str
    hint: str


_UNPACK = "Unpack it first."
_AGAIN = "Download it again: on GitHub, the Raw button gives the file itself."
_CONVERT = "Convert it to Caffe's files first."
_IMAGE = "Images are given apart from the net."

_SIGNATURES = (
    (rb"\x1f\x8b", "a gzip archive", _UNPACK),
    (rb"BZh[1-9]1AY", "a bzip2 archive", _UNPACK),
    (rb"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (rb"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (rb".{257}ustar", "a tar archive", _UNPACK),
    (rb"PK\x03\x04.{0,120}(?:data\.pkl|/\.format_version|/byteorder)", "a PyTorch checkpoint",
     _CONVERT),
    (rb"PK\x03\x04.{0,120}\.npy", "an archive of NumPy arrays", _CONVERT),
    (rb"PK\x03\x04.{0,60}\[Content_Types\]", "an Office document", _AGAIN),
    (rb"PK\x03\x04", "a zip archive", _UNPACK),
    (rb"%PDF-", "a PDF document", _AGAIN),
    (rb"\{\\rtf", "a document in Rich Text Format", "Save it as plain text."),
    (rb"\xd0\xcf\x11\xe0", "an Office document", _AGAIN),
    (rb"\x93NUMPY", "a NumPy array", "As a mean image it may do."),
    (rb"MATLAB", "a MATLAB file", _CONVERT),
    (rb"\x80[\x02-\x05](?:\x95.{8})?\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "a PyTorch checkpoint",
     _CONVERT),
    (rb"\x80[\x02-\x05]", "a pickle, which is never opened", _CONVERT),
    (rb".{8}\{\s*\"(?:__metadata__|[^\"]{1,200}\"\s*:\s*\{\s*\"(?:dtype|shape))",
     "a safetensors file", _CONVERT),
    (rb"\x12\x01\x00{6}", "a file of MXNet parameters", _CONVERT),
    (rb".{4}TFL3", "a TensorFlow Lite model", _CONVERT),
    (rb".{16}\xde\xc0\xef\xbe", "an LMDB database", "Its images are not what is wanted here."),
    (rb"SQLite format 3\x00", "an SQLite database", _AGAIN),
    (rb"\x7fELF|MZ.{0,80}\x00\x00", "a program", _AGAIN),
    (rb"\x89PNG\r\n", "a PNG image", _IMAGE),
    (rb"\xff\xd8\xff", "a JPEG image", _IMAGE),
    (rb"GIF8[79]a|RIFF.{4}WEBP|BM.{4}\x00{4}|II\*\x00|MM\x00\*", "an image", _IMAGE),
    (rb"\x08[\x01-\x0f]\x12[\x01-\x3f](?:pytorch|onnx|tf2onnx|keras|CNTK|skl|MATLAB|caffe2onnx)",
     "an ONNX model", "Open the Caffe files it was made from."),
    (rb"\n.{1,3}\n.{1,99}?\x12.(?:Placeholder|Const|DecodeJpeg|Identity|VariableV2)",
     "a graph of TensorFlow", _CONVERT),
    (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", "UTF-32 text", "Save it as UTF-8; Caffe needs that."),
    (rb"\xff\xfe|\xfe\xff|(?:[\t\n\r -~]\x00){8}|(?:\x00[\t\n\r -~]){8}", "UTF-16 text",
     "Save it as UTF-8; Caffe needs that."),
)  # fmt: skip

_TEXTS = (
    (rb"version https://git-lfs", "a Git LFS pointer",
     "Run `git lfs pull` where it was cloned, or download the file itself."),
    (rb"(?:\.\./)*(?:\.git)?/annex/objects/", "a git-annex pointer",
     "Run `git annex get` where it was cloned."),
    (rb"<\?xml.{0,200}<net\s|<net\s", "an OpenVINO model", _CONVERT),
    (rb"<\?xml(?!.{0,200}<html)", "XML text", _AGAIN),
    (rb"<", "a web page", _AGAIN),
    (rb"(?:\d{3}\W{1,2})?(?:not found|forbidden|access denied|bad gateway|bad request|"
     rb"too many requests|moved permanently|unauthorized|internal server error)\W*$",
     "the answer of a server that did not give the file", "Download it again."),
    (rb"[{[]\s*(?=[\"{[\]}]).{0,400}\"(?:nbformat|cell_type)\"", "a Jupyter notebook",
     "Run it to write the files, then open those."),
    (rb"[{[]\s*(?=[\"{[\]}]).{0,400}\"(?:nodes|arg_nodes)\"", "an MXNet model", _CONVERT),
    (rb"[{[]\s*(?=[\"{[\]}]).{0,400}\"(?:class_name|keras_version)\"", "a Keras model", _CONVERT),
    (rb"[{[]\s*[\"{[\]}]", "JSON text", _AGAIN),
    (rb"\[(?:net|network|convolutional)\]\s*$", "a configuration of Darknet", _CONVERT),
    (rb"\[InternetShortcut\]", "a link to a web page", _AGAIN),
    (rb"7767517\s*$", "an ncnn model", _CONVERT),
    (rb"(?:from\s+[\w.]+\s+import\s|import\s+\w|def\s+\w+\(|class\s+\w+.*:\s*$)",
     "a Python program", "Run it to write the files, then open those."),
    (rb"diff --git |--- a/|Index: ", "a patch", "Apply it first, then open the file it changes."),
    (rb"(?:---|%YAML.*)\s*$", "YAML text", _AGAIN),
    (rb"[IWEF]\d{4} \d\d:\d\d:\d\d", "a log of Caffe", "Open the prototxt that it tells of."),
    (rb"(?:CMake|cmake_minimum_required)", "a CMake file", _AGAIN),
)  # fmt: skip
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def file_kind(head: bytes) -> FileKind | None:
    """The kind of a file that starts so; None for a prototxt, a caffemodel and what is not known.

    head: its first 512 bytes.
    """
    for pattern, words, hint in _SIGNATURES:
        if re.match(pattern, head, re.DOTALL):
            return FileKind(words, hint)
    text = first_words(head)
    for pattern, words, hint in _TEXTS if text else ():
        if re.match(pattern, text, re.DOTALL | re.MULTILINE | re.IGNORECASE):
            return FileKind(words, hint)
    return None


def first_words(head: bytes) -> bytes:
    """The text that a file starts with after blank lines and comments; b"" where it is no text."""
    if not head.strip() or _CONTROL.search(head):
        return b""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return b""
    lines = [line.strip() for line in head.removeprefix(codecs.BOM_UTF8).splitlines()]
    told = next((i for i, line in enumerate(lines) if line and not line.startswith(b"#")), None)
    return b"" if told is None else b"\n".join(lines[told:])

"""Files given for a prototxt or for weights by mistake are named for what they are."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import NetError, WeightsError
from core.file_kinds import HEAD_BYTES, file_kind
from core.net.text import read_prototxt
from core.weights.reader import open_weights

NET = b'name: "net"\nlayer { name: "a" type: "Input" top: "a" }\n'


def in_archive(name: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, content)
    return held.getvalue()


def in_tar(content: bytes) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("net.prototxt")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def picture(form: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (3, 3)).save(held, form)
    return held.getvalue()


def arrays(save: Callable[..., None]) -> bytes:
    held = io.BytesIO()
    save(held, np.arange(3))
    return held.getvalue()


FILES = {
    "page": (b"\n\n\n<!DOCTYPE html>\n<html>", "a web page"),
    "page with a mark": (b"\xef\xbb\xbf<html lang='en'>", "a web page"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML text"),
    "OpenVINO": (b'<?xml version="1.0"?>\n<net name="a" version="10">', "an OpenVINO model"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer"),
    "annex": (b"../.git/annex/objects/Wf/SHA256E-s12.caffemodel", "a git-annex pointer"),
    "404": (b"404: Not Found", "the answer of a server that did not give the file"),
    "gzip": (gzip.compress(NET), "a gzip archive"),
    "bzip2": (bz2.compress(NET), "a bzip2 archive"),
    "xz": (lzma.compress(NET), "an xz archive"),
    "tar": (in_tar(NET), "a tar archive"),
    "zip": (in_archive("net.prototxt", NET), "a zip archive"),
    "pth": (in_archive("archive/data.pkl", b"\x80\x02}"), "a PyTorch checkpoint"),
    "old pth": (pickle.dumps(0x1950A86A20F9469CFC6C, 2), "a PyTorch checkpoint"),
    "npz": (arrays(np.savez), "an archive of NumPy arrays"),
    "npy": (arrays(np.save), "a NumPy array"),
    "docx": (in_archive("[Content_Types].xml", b""), "an Office document"),
    "rtf": (b"{\\rtf1\\ansi " + NET, "a document in Rich Text Format"),
    "pdf": (b"%PDF-1.5\n%\xd0", "a PDF document"),
    "pickle": (pickle.dumps({"a": 1}), "a pickle, which is never opened"),
    "safetensors": (b"\x40\0\0\0\0\0\0\0" + b'{"a":{"dtype":"F32","shape":[1]', "a safetensors"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x031.9", "an ONNX model"),
    "TensorFlow": (b"\n\x1f\n\x05input\x12\x0bPlaceholder*\x0b", "a graph of TensorFlow"),
    "JSON": (json.dumps({"a": [1]}, indent=1).encode(), "JSON text"),
    "list": (b'["a", 1]', "JSON text"),
    "MXNet": (b'{\n  "nodes": [\n {"op": "null"', "an MXNet model"),
    "Keras": (b'{"class_name": "Sequential", "config": []}', "a Keras model"),
    "notebook": (b'{\n "cells": [ {"cell_type": "code"', "a Jupyter notebook"),
    "Darknet": (b"[net]\nbatch=1\n", "a configuration of Darknet"),
    "Python": (b"#!/usr/bin/python\nimport caffe\n", "a Python program"),
    "Python, too": (b"from caffe import layers as L\n", "a Python program"),
    "patch": (b"diff --git a/net.prototxt b/net.prototxt\n", "a patch"),
    "log": (b"I1104 17:12:11.1 1 net.cpp:42] Initializing net\nname: 'a'", "a log of Caffe"),
    "PNG": (picture("PNG"), "a PNG image"),
    "JPEG": (picture("JPEG"), "a JPEG image"),
    "BMP": (picture("BMP"), "an image"),
    "WebP": (picture("WEBP"), "an image"),
    "UTF-16": (NET.decode().encode("utf-16"), "UTF-16 text"),
    "UTF-16 without a mark": (NET.decode().encode("utf-16-be"), "UTF-16 text"),
    "UTF-32": (NET.decode().encode("utf-32"), "UTF-32 text"),
}


@pytest.mark.parametrize("name", FILES)
def test_both_readers_name_it(tmp_path: Path, name: str) -> None:
    content, words = FILES[name]
    for suffix, read, error in (
        ("prototxt", read_prototxt, NetError),
        ("caffemodel", open_weights, WeightsError),
    ):
        path = tmp_path / f"file.{suffix}"
        path.write_bytes(content)
        with pytest.raises(error) as caught:  # type: ignore[call-overload]
            read(path)  # type: ignore[operator]
        assert f"{path.name} is {words}" in caught.value.sentence
        assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", NET, b"# Not found\n" + NET, b"[my.extension] { a: 1 }\n" + NET,
        b'import: "a"', b'from: 3', b"item { id: 1 }", b"\xef\xbb\xbf" + NET, b"nodes: 3",
        b'\n\x05model\xa2\x06\x10\n\x05conv1\x12\x0bConvolution', b'404: "a"',
    ],
)  # fmt: skip
def test_nets_and_weights_are_no_other_kind(content: bytes) -> None:
    assert file_kind(content[:HEAD_BYTES]) is None


def test_real_nets_and_weights_are_no_other_kind(material: Callable[[str], Path]) -> None:
    paths = [
        path
        for folder in ("prototxts", "models")
        for path in sorted(material(folder).rglob("*"))
        if path.is_file() and (".prototxt" in path.name or path.suffix == ".caffemodel")
    ]
    assert len(paths) > 200
    for path in paths:
        with path.open("rb") as file:
            assert file_kind(file.read(HEAD_BYTES)) is None, path

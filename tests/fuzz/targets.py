"""What is fuzzed: for each target the inputs and what must hold for every one of them."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache
from itertools import accumulate
from pathlib import Path

from core.errors import AppError
from core.frames import FrameError, read_frame
from core.images.decoding import decode_image
from core.images.mean_image import read_mean_image
from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess
from core.images.recipe_choice import choose_recipe
from core.layers.shapes import infer_shapes
from core.net.definition import Net, NetState
from core.net.message import Message
from core.net.reader import read_net
from core.retrieval.label_matching import match_labels
from core.retrieval.label_table import read_label_table
from core.weights.binding import bind_weights
from core.weights.reader import open_weights
from tests.fuzz import binary_files, prototxt_texts, rename_nets, tables
from tests.fuzz.documents import DOCUMENTS
from tests.fuzz.galleries import GALLERIES
from tests.fuzz.limits import accepts
from tests.fuzz.target import Target, written


def check_prototxt(text: str) -> bool:
    """Read in both phases, follow the shapes; spans name the text."""

    def read() -> None:
        for phase in ("TEST", "TRAIN"):
            net = read_net(text, state=NetState(phase))
            shapes = infer_shapes(net)
            shapes.total_cost  # noqa: B018 - computed when asked for
            with suppress(AppError):
                choose_recipe(net, shapes, Path("net.prototxt")).describe()
        lines = text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        check_spans(net.root, starts, text)

    return accepts(read)


def check_spans(message: Message, line_starts: list[int], text: str) -> None:
    """Every field lies in its message on the line it says, and its name's span holds its name."""
    for field in message.fields:
        span = field.span
        assert message.span.start <= span.start <= span.end <= message.span.end
        assert text[field.name_span.start : field.name_span.end].strip("[] \t\r\n") in field.name
        assert line_starts[span.line - 1] + span.column - 1 == span.start
        if isinstance(field.value, Message):
            check_spans(field.value, line_starts, text)


@cache
def _bound_net() -> Net:
    text = (binary_files.SHIPPED / "fmt_v1.prototxt").read_text(encoding="utf-8")
    return read_net(text.replace("conv1_1", "c").replace("fc6", "fc"))


def check_weights(raw: bytes, name: str = "w.caffemodel") -> bool:
    """Open, bind to a net, read every array; an array is as large as it says."""

    def read() -> None:
        weights = open_weights(written(raw, name))
        net = _bound_net()
        bind_weights(net, infer_shapes(net), weights)
        for layer in weights.layers:
            for blob in layer.blobs:
                try:
                    array = blob.array()
                except AppError:
                    continue
                assert (array.shape, array.size) == (blob.shape, blob.n_values)

    return accepts(read)


def check_hdf5(raw: bytes) -> bool:
    """As the binary kind."""
    return check_weights(raw, "w.caffemodel.h5")


def check_mean(raw: bytes) -> bool:
    """A mean that is accepted has one or three finite channels."""

    def read() -> None:
        mean = read_mean_image(written(raw, "mean"))
        assert mean.ndim == 3
        assert mean.shape[0] in (1, 3)
        assert mean.dtype == "f4"

    return accepts(read)


def check_frame(raw: bytes) -> bool:
    """A frame gives a header and arrays whose bytes were all there."""

    def read() -> None:
        header, arrays = read_frame(io.BytesIO(raw))
        assert isinstance(header, dict)
        assert sum(array.nbytes for array in arrays) <= len(raw)

    return accepts(read, (FrameError,))


def check_picture(raw: bytes) -> bool:
    """A picture is decoded to RGB or refused."""

    def read() -> None:
        assert decode_image(written(raw, "picture"), max_pixels=1_000_000).shape[2] == 3

    return accepts(read)


def check_decoder(raw: bytes) -> bool:
    """As every job reads pictures, in a child: values or what is wrong, never nothing."""
    image = prepare_image(written(raw, "picture"), Preprocess("warp", 8, 8))
    assert (image.values is None) == bool(image.problem)
    assert image.values is None or image.values.shape == (3, 8, 8)
    return image.values is not None


def check_labels(raw: bytes) -> bool:
    """Each image gets one label that a row gives it, or none; every row is used or named."""

    def read() -> None:
        table = read_label_table(written(raw, "labels.csv"))
        matched = match_labels(table, tables.PATHS, (Path("/data"),))
        assert len(matched.labels) == len(tables.PATHS)
        assert {label for label in matched.labels if label} <= {row.label for row in table.rows}
        assert matched.n_matched + len(matched.images_without_row) == len(tables.PATHS)
        assert set(matched.unmatched_rows) <= set(table.rows)
        assert 0 < matched.n_matched <= len(table.rows) - len(matched.unmatched_rows)

    return accepts(read)


TARGETS = {
    "prototxt": Target(prototxt_texts.texts, check_prototxt, share=2),
    "weights": Target(binary_files.caffemodels, check_weights),
    "hdf5": Target(binary_files.hdf5_bytes, check_hdf5),
    "mean": Target(binary_files.mean_bytes, check_mean),
    "wire": Target(binary_files.frame_bytes, check_frame),
    "labels": Target(tables.table_bytes, check_labels),
    "picture": Target(binary_files.picture_bytes, check_picture),
    "decoder": Target(binary_files.picture_bytes, check_decoder),
    "rename": Target(rename_nets.nets(), rename_nets.check_rename, share=1),
    **DOCUMENTS,
    **GALLERIES,
}

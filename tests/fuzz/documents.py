"""Recipes, sessions, reports, settings, journals and the like: sound ones, mutated, and read."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.activations.class_names import find_class_names, read_class_names
from core.edits.folder_scan import scan_folder
from core.engines.values import Value
from core.engines.verification_report import read_report, report_standing
from core.errors import AppError
from core.images.finding import find_files
from core.images.preprocess import Preprocess
from core.images.presets import PRESETS, load_recipe
from core.images.recipe_choice import choose_recipe
from core.jobs.arrays import plan_array_passes
from core.layers.shapes import NetShapes, infer_shapes
from core.log import last_lines
from core.net.definition import Net
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename
from core.session_file import EditStep, Search, Session, read_session, write_session
from core.surveys.feed import Feed, plan_feed
from core.surveys.part_files import PartFiles, parts_folder
from gui.graph.memory import memory_from_json
from gui.settings_store import FORMAT, SettingsStore
from tests.fuzz import binary_files
from tests.fuzz.json_texts import json_bytes, mutated
from tests.fuzz.limits import accepts
from tests.fuzz.mutations import mutated_bytes, mutated_text
from tests.fuzz.target import Target, written, written_folder

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 4 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "prob" type: "Softmax" bottom: "fc7" top: "prob" }
"""


@cache
def net() -> tuple[Net, NetShapes]:
    """A small net that takes pictures."""
    found = read_net(NET)
    return found, infer_shapes(found)


@cache
def recipes() -> tuple[Any, ...]:
    """Recipes as they are written down."""
    kept = [*PRESETS.values(), Preprocess(mean_image="mean.npy"), Preprocess(scale=(1.0, 2.0, 3.0))]
    return tuple(json.loads(json.dumps(recipe.to_json())) for recipe in kept)


def check_recipe(raw: bytes) -> bool:
    """Beside a net it is taken or left out with a note; named it is taken or refused."""
    mean = binary_files.means()[1]
    folder = written_folder({"n.preprocess.json": raw, "mean.npy": mean}, "recipe")
    chosen = choose_recipe(*net(), folder / "n.prototxt")
    assert chosen.origin == "beside the net" or "is left out" in chosen.note

    def read() -> None:
        recipe = load_recipe(folder / "n.preprocess.json")
        recipe.describe()
        assert len(recipe.digest) == 64
        with suppress(AppError):
            assert np.isfinite(recipe.output_shape(60, 40)).all()
        with suppress(AppError):
            if max(recipe.width, recipe.height, recipe.side) <= 512:
                recipe.apply(np.zeros((40, 60, 3), np.uint8))

    return accepts(read)


@cache
def sessions() -> tuple[Any, ...]:
    """One session with everything in it, and one with nothing."""
    edits = plan_rename(net()[0], ["relu7"]).edits
    here = Path("work")
    full = Session(
        here / "n.prototxt", NET, (EditStep("Rename", edits),), 1, here / "n.caffemodel",
        here / "photo.jpg", selection="relu7", graph='{"folded": true, "opened": []}',
        recipe={"width": 224}, search=Search(here / "gallery", "fc7", "fc7", "gem"),
    )  # fmt: skip
    made = []
    for session in (full, Session(here / "n.prototxt", NET)):
        path = written(b"", "s.blobscope")
        write_session(path, session)
        made.append(json.loads(path.read_bytes()))
    return tuple(made)


def check_session(raw: bytes) -> bool:
    """A session that is read has a text, and names files without touching them."""

    def read() -> None:
        session = read_session(written(raw, "s.blobscope"))
        assert isinstance(session.text, str)
        memory_from_json(session.graph)
        if session.recipe is not None:
            Preprocess.from_json(dict(session.recipe))

    return accepts(read)


REPORT = {
    "schema": 1, "made_by": "Blobscope", "date": "2026-11-29T07:12:52+00:00", "identical": True,
    "first_different_layer": None, "engine": {"name": "torch", "versions": {"torch": "2"},
    "device": "cpu", "precision": "float32"}, "original_sha256": "0" * 64,
    "renamed_sha256": "1" * 64, "weights": None, "filler_weights": [], "seed": 0, "seconds": 0.1,
    "values_compared": 10, "values_different": 0, "renames": [], "layer_renames": [],
    "outputs": [{"layer": "prob", "top_index": 0, "label": "prob", "n_values": 10,
    "n_different": 0, "largest_difference": 0.0}],
}  # fmt: skip


def check_report(raw: bytes) -> bool:
    """What stands beside a prototxt always has a standing; a report that is read has a figure."""
    folder = written_folder({"n.verification.json": raw}, "report")
    assert report_standing(folder / "n.prototxt", NET).sentence

    def read() -> None:
        report = read_report(folder / "n.prototxt")
        assert report is not None
        assert report.largest_difference is not None

    return accepts(read)


SETTINGS = {"format": FORMAT, "values": {"theme": "dark", "models": ["/a/n.prototxt", "/b"]}}


def check_settings(raw: bytes) -> bool:
    """Settings that can't be read are put aside, and the program begins with none."""
    path = written_folder({"settings.json": raw}, "settings") / "settings.json"
    store = SettingsStore(path, {})
    for name in ("theme", "models"):
        assert isinstance(store.word(name), str)
        assert isinstance(store.words(name), tuple)
    store.set_word("theme", "light")
    store.write()
    assert SettingsStore(path, {}).word("theme") == "light"
    return store.damaged is None


MEMORY = {
    "folded": True, "opened": [["a", "b"]], "direction": "LR", "dropped": True, "shapes": False,
    "scale": 1.5, "centre": [10.0, 20.0],
}  # fmt: skip


def check_graph(raw: bytes) -> bool:
    """How a graph was left is known, or not."""
    return memory_from_json(raw.decode("utf-8", "replace")) is not None


def _journal(raw: bytes) -> dict[str, bytes]:
    return {"request": b"x", "journal.jsonl": raw, "0.f32": bytes(64), "1.f32": bytes(32)}


ENTRIES: tuple[Any, ...] = (
    {"images": ["a", "b"], "rows": [2, 2], "row_shapes": [[4], []], "shapes": [[2, 4], [2]]},
    {"skipped": [["c", "is no image"]]},
    {"images": ["d"], "rows": [1, 1], "row_shapes": [[4], []], "shapes": [[1, 4], [1]]},
)


@st.composite
def journals(draw: st.DrawFn) -> bytes:
    """Lines of a journal, some of them mutated."""
    rng: random.Random = draw(st.randoms(use_true_random=True))
    lines = [rng.choice(ENTRIES) for _ in range(rng.randrange(1, 6))]
    made = [json.dumps(x).encode() if rng.random() < 0.6 else mutated(x, rng) for x in lines]
    return b"\n".join(made) + rng.choice((b"\n", b"", b"\n{"))


def check_journal(raw: bytes) -> bool:
    """What an extraction goes on from is within what its parts hold."""
    kept = 0

    def read() -> None:
        nonlocal kept
        out = written_folder({}, "extraction") / "out.npz"
        parts_folder(out).mkdir()
        for name, content in _journal(raw).items():
            (parts_folder(out) / name).write_bytes(content)
        parts = PartFiles(out, 2, "x")
        n_bytes = [sum(len(chunk) * 4 for chunk in parts.chunks(i)) for i in (0, 1)]
        assert n_bytes[0] <= 64
        assert n_bytes[1] <= 32
        assert n_bytes == [sum(e.n_bytes(i) for e in parts.entries) for i in (0, 1)]
        assert parts.done is not None
        assert parts.row_shape(0) is None or parts.entries
        kept = len(parts.entries)
        parts.close()

    return accepts(read) and kept == raw.count(b"\n")


LISTS = (
    "a.png 0\nb.png 1\n", '"a b.png", x\n# c\n\nfolder\n', "\ufeffa.png\tcat\n",
    "/dev/zero 1\n../a.png\n", "a.png\0\n", "x" * 5000 + ".png\n", "a b c d e f g.png 3\n" * 20,
)  # fmt: skip
list_bytes = mutated_bytes(st.sampled_from([text.encode() for text in LISTS]))


def check_list(raw: bytes) -> bool:
    """Each line of a list names a file that is there, or is told."""
    # a line that names the root would list all of this machine
    raw = raw.replace(b"/", b"|").replace(b"\\", b"|").replace(b"|dev|zero", b"/dev/zero")
    folder = written_folder({"list.txt": raw, "a.png": b"", "b.png": b""}, "list")

    def read() -> None:
        found = find_files([folder / "list.txt"])
        assert len(found.labels) == len(found.files) > 0

    return accepts(read)


NAMES = ("cat\ndog\nvase\nbird\n", "n01440764 tench\n'n01443537 goldfish'\n", "größe\n")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1")
name_bytes = mutated_bytes(st.sampled_from([t.encode(e) for t in NAMES for e in ENCODINGS]))


def check_beside(raw: bytes) -> bool:
    """What lies beside a net never stops anything; class names that are asked for may."""
    files = {"labels.txt": raw, "code.py": raw, "other.prototxt": raw, "n.prototxt": NET.encode()}
    folder = written_folder(files, "beside")
    found = find_class_names([folder], 4)
    assert not found.names or len(found.names) == 4
    scan_folder(folder / "n.prototxt")
    last_lines(folder / "labels.txt")
    return accepts(lambda: read_class_names(folder / "labels.txt"))


SOLVERS = (
    'net: "n.prototxt"\nbase_lr: 0.01\n', 'train_net: "n.prototxt" test_net: "n.prototxt"\n',
    f"net_param {{ {NET} }}\n", 'net: "solver.prototxt"\n', 'net: "/dev/zero"\n', 'net: "\\0"\n',
    'net: "n.prototxt" test_state { stage: "a" level: 3 }\n',
)  # fmt: skip
solver_texts = mutated_text(
    st.sampled_from(SOLVERS),
    st.sampled_from(("{", "}", '"', "net", ":", "..", "\n", "99999999999")),
)


def check_solver(text: str) -> bool:
    """A solver gives the net that it names, or a sentence."""
    files = {"n.prototxt": NET.encode(), "solver.prototxt": text.encode("utf-8", "replace")}
    folder = written_folder(files, "solver")
    return accepts(lambda: infer_shapes(load_net(folder / "solver.prototxt")))


@cache
def _feed() -> Feed:
    return plan_feed(*net(), [Value("prob", "prob")])


@cache
def arrays() -> tuple[bytes, ...]:
    """.npy files of several kinds."""
    made = []
    for array in (
        np.ones((2, 3, 8, 8), "f4"), np.ones((3, 8, 8)), np.ones((1, 3, 8, 8), ">i2"),
        np.ones((2, 3, 8, 8), "?"), np.asfortranarray(np.ones((2, 3, 8, 8), "f8")),
        np.array(["a", "b"]), np.zeros((0, 3, 8, 8), "f4"), np.array(1.0),
    ):  # fmt: skip
        made.append(_saved(array))
    return (*made, b"PK\x03\x04" + made[0])


def _saved(array: np.ndarray) -> bytes:
    path = written(b"", "x.npy")
    np.save(path, array)
    return path.read_bytes()


LIES = (
    (b"(2, 3, 8, 8)", (b"(9999999999,)", b"(-2,3,8,8)", b"(2**9,)", b"(" * 60, b"()")),
    (b"<f4", (b"|O", b"<f8", b"<U9", b"|V99999999", b"<m8")),
    (b"3", (b"9" * 20, b"0")),
)


@st.composite
def array_bytes(draw: st.DrawFn) -> bytes:
    """.npy files with lies in their headers, or damaged anywhere."""
    raw: bytes = draw(st.sampled_from(arrays()))
    rng: random.Random = draw(st.randoms(use_true_random=True))
    if rng.random() < 0.5:
        return draw(mutated_bytes(st.just(raw)))
    for old, news in rng.sample(LIES, rng.randrange(1, 4)):
        new = rng.choice(news)
        head, rest = raw[:128].replace(old, new, 1), raw[128:]
        raw = head + rest
    return raw


def check_array(raw: bytes) -> bool:
    """An array that is accepted is of numbers and fits the net."""

    def read() -> None:
        passes = plan_array_passes([("", written(raw, "x.npy"))], _feed(), None)
        for _names, inputs in passes:
            assert inputs["data"].dtype == np.float32
            assert inputs["data"].shape[1:2] == (3,)

    return accepts(read)


DOCUMENTS = {
    "recipe": Target(json_bytes(recipes), check_recipe),
    "session": Target(json_bytes(sessions), check_session),
    "report": Target(json_bytes(lambda: [REPORT]), check_report),
    "settings": Target(json_bytes(lambda: [SETTINGS]), check_settings),
    "graph": Target(json_bytes(lambda: [MEMORY]), check_graph),
    "journal": Target(journals(), check_journal),
    "path list": Target(list_bytes, check_list),
    "beside": Target(name_bytes, check_beside),
    "solver": Target(solver_texts, check_solver),
    "array": Target(array_bytes(), check_array),
}

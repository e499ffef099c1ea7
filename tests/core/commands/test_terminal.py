"""No name of a stranger steers the terminal that a command prints to."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from core.commands import opening
from core.commands.command_line import SUMMARIES
from core.commands.progress_line import ProgressLine
from core.commands.terminal import GuardedStream, guarded_output
from core.csv_table import write_csv
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.progress import Progress
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel
from core.words import on_one_line, printable

BAD = "\x1b]0;owned\x07\x1b[2J\rx\x7f\x9b31m\u202egpj\u2066"
"""Sets a title, clears the screen, begins the line anew, colours by a C1 byte, turns around."""
NET = f"""
name: "{BAD}"
layer {{ name: "data{BAD}" type: "Input" top: "data{BAD}"
  input_param {{ shape {{ dim: 1 dim: 3 dim: 8 dim: 8 }} }} }}
layer {{ name: "conv{BAD}" type: "Convolution" bottom: "data{BAD}" top: "conv{BAD}"
  convolution_param {{ num_output: 4 kernel_size: 3 }} }}
layer {{ name: "relu{BAD}" type: "ReLU" bottom: "conv{BAD}" top: "conv{BAD}" }}
layer {{ name: "odd{BAD}" type: "Odd{BAD}" bottom: "nobody{BAD}" top: "odd{BAD}" }}
"""
EDITED = NET.replace(f'bottom: "conv{BAD}" top: "conv{BAD}"', f'bottom: "conv{BAD}" top: "r{BAD}"')


def steers(text: str) -> list[str]:
    """What of a text a terminal would obey."""
    return [c for c in text if c not in "\n\t" and not c.isprintable()]


@dataclass(frozen=True)
class Files:
    """Everything that commands take, under such names."""

    folder: Path
    net: Path
    edited: Path
    runnable: Path
    weights: Path
    images: Path
    image: Path
    gallery: Path
    labels: Path


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(opening, "ENGINE_CHOICES", (*opening.ENGINE_CHOICES, "fake"))
    folder = tmp_path / f"work{BAD}"
    images = folder / f"images{BAD}"
    for label in ("red", "blue"):
        (images / f"{label}{BAD}").mkdir(parents=True)
        for number in range(2):
            shade = (200, 40, 20 * number) if label == "red" else (10, 20 * number, 220)
            path = images / f"{label}{BAD}" / f"{number}{BAD}.png"
            Image.new("RGB", (9, 8), shade).save(path)
    (images / f"broken{BAD}.jpg").write_bytes(b"no picture")
    files = Files(
        folder,
        folder / f"net{BAD}.prototxt",
        folder / f"edited{BAD}.prototxt",
        folder / f"runnable{BAD}.prototxt",
        folder / f"weights{BAD}.caffemodel",
        images,
        images / f"red{BAD}" / f"0{BAD}.png",
        folder / f"gallery{BAD}",
        folder / f"labels{BAD}.csv",
    )
    files.net.write_text(NET, newline="")
    files.edited.write_text(EDITED, newline="")
    files.runnable.write_text(NET.partition('layer { name: "odd')[0], newline="")
    read = load_net(files.runnable)
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    layers = [(name, "Convolution", arrays) for name, arrays in fillers.items()]
    write_caffemodel(files.weights, BAD, layers)
    rows = [(str(path.relative_to(images)), path.parent.name) for path in images.glob("*/*.png")]
    write_csv(files.labels, (("file", "label"), *rows, (f"lost{BAD}.png", BAD)))
    return files


def net_words(files: Files) -> tuple[object, ...]:
    return "--net", files.runnable, "--engine", "fake"


def image_words(files: Files) -> tuple[object, ...]:
    return (*net_words(files), "--image", files.image)


def index(files: Files) -> Sequence[object]:
    described = ("--images", files.images, "--layer", f"conv{BAD}", "--pool", "gap")
    words = (*net_words(files), "--weights", files.weights, *described, "--out", files.gallery)
    return ("index", *words)


def result(files: Files) -> Path:
    """A result of one query, as `evaluate --json` prints it."""
    path = files.folder / f"result{BAD}.json"
    query = {"file": f"query{BAD}.jpg", "AP": 0.5}
    path.write_text(json.dumps({"AP_variant": "non-interpolated", "queries": [query]}))
    return path


COMMANDS: dict[str, Callable[[Files], Sequence[object]]] = {
    "info": lambda f: ("info", "--net", f.net),
    "info of what is no net": lambda f: ("info", "--net", f.image),
    "info of nothing": lambda f: ("info", "--net", f.folder / f"no{BAD}"),
    "wrong words": lambda f: ("info", "--net", f.net, f"--{BAD}", BAD),
    "graph of what is no net": lambda f: (
        "graph", "--net", f.image, "--out", f.folder / f"o{BAD}.svg"
    ),
    "rename": lambda f: ("rename", "--net", f.net, "--all", "--diff", "--dry-run"),
    "rename what is not there": lambda f: ("rename", "--net", f.net, "--dry-run", "--layer", BAD),
    "verify": lambda f: (
        "verify", "--net", f.runnable, "--edited", f.edited, "--engine", "fake", "--image", f.image
    ),
    "measure": lambda f: (
        "measure", "--net", f.runnable, "--edited", f.edited, "--engine", "fake", "--image", f.image
    ),
    "compare": lambda f: ("compare", f.net, f.edited),
    "extract": lambda f: (
        "extract", *net_words(f), "--images", f.images, "--layers", "all",
        "--out", f.folder / f"x{BAD}.npz",
    ),
    "extract of what is not there": lambda f: (
        "extract", *net_words(f), "--images", f.images, "--layers", BAD, "--out", f.folder / "x.npz"
    ),
    "stats": lambda f: (
        "stats", *image_words(f), "--layers", "all", "--csv", f.folder / f"s{BAD}.csv"
    ),
    "tiles": lambda f: (
        "tiles", *image_words(f), "--layers", f"conv{BAD}", "--out", f.folder / f"t{BAD}.png"
    ),
    "fidelity of what is no net": lambda f: (
        "fidelity", "--net", f.image, "--weights", f.weights, "--images", f.images
    ),
    "receptive-field": lambda f: ("receptive-field", "--net", f.net),
    "gradients of what is not there": lambda f: (
        "gradients", *image_words(f), "--diff", f"{BAD}=d.npy", "--out", f.folder / "g.npz"
    ),
    "weights": lambda f: ("weights", "--net", f.runnable, "--weights", f.weights),
    "weights of what is not there": lambda f: (
        "weights", "--weights", f.weights, "--layer", f"no{BAD}"
    ),
    "saliency": lambda f: (
        "saliency", "--net", f.runnable, "--weights", f.weights, "--image", f.image,
        "--target", f"channel:conv{BAD}:0", "--out", f.folder / f"s{BAD}.npy",
    ),
    "top-images": lambda f: (
        "top-images", *net_words(f), "--weights", f.weights, "--images", f.images,
        "--layer", f"conv{BAD}",
    ),
    "channels": lambda f: (
        "channels", *net_words(f), "--weights", f.weights, "--images", f.images,
        "--layer", f"conv{BAD}", "--out", f.folder / f"c{BAD}.csv",
    ),
    "intervene": lambda f: ("intervene", *image_words(f), "--off", f"conv{BAD}:0"),
    "check-images": lambda f: ("check-images", f.images, "--html", f.folder / f"r{BAD}.html"),
    "split of what is not there": lambda f: (
        "split", f.folder / f"no{BAD}", "--out", f.folder / "s"
    ),
    "prepare of what is no net": lambda f: ("prepare", "--net", f.image, "--split", f.images),
    "finetune of nothing": lambda f: ("finetune", "--solver", f.folder / f"no{BAD}"),
    "report of nothing": lambda f: ("report", f.folder / f"no{BAD}", f.folder / f"no{BAD}"),
    "index": index,
    "sweep": lambda f: (
        "sweep", *net_words(f), "--weights", f.weights, "--images", f.images,
        "--layers", f"conv{BAD},relu{BAD}", "--out", f.folder / f"swept{BAD}"
    ),
}  # fmt: skip
OF_A_GALLERY: dict[str, Callable[[Files], Sequence[object]]] = {
    "query": lambda f: ("query", f.gallery, f.image, "--engine", "fake"),
    "query two": lambda f: ("query", f.gallery, f.image, f.images / f"broken{BAD}.jpg"),
    "evaluate": lambda f: ("evaluate", f.gallery, "--truth", "folders"),
    "evaluate by a table": lambda f: ("evaluate", f.gallery, "--truth", f.labels),
    "gallery": lambda f: ("gallery", f.gallery),
    "map": lambda f: ("map", f.gallery),
    "why": lambda f: ("why", "--gallery", f.gallery, "--query", f.image, "--result", f.image),
    "compare-results": lambda f: ("compare-results", result(f), result(f)),
    "export": lambda f: ("gallery", f.gallery, "--export", f.folder / f"e{BAD}.npy"),
}
"""Run over the gallery that "index" makes."""
WITHOUT_NAMES = {"demo", "doctor"}


def test_every_command_is_tried() -> None:
    assert {name.split()[0] for name in (*COMMANDS, *OF_A_GALLERY)} >= (
        set(SUMMARIES) - WITHOUT_NAMES - {"gallery"}
    )


def check(command, words: Sequence[object]) -> None:
    answer = command(*words)
    said = answer.out + answer.err
    assert said
    assert not steers(said)
    assert r"\x1b[2J" in said, said
    told = command(*words, "--json")
    assert not steers(told.out + told.err)
    if told.out:
        json.loads(told.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_print_names_as_escapes(command, files: Files, name: str) -> None:
    check(command, COMMANDS[name](files))


def test_commands_on_galleries_print_names_as_escapes(command, files: Files) -> None:
    assert command(*index(files)).code == 0
    for name, words in OF_A_GALLERY.items():
        check(command, words(files))
        assert command(*words(files)).code == 0, name


def test_json_has_names_exactly(command, files: Files) -> None:
    answer = command("info", "--net", files.net, "--json")
    assert [layer["name"] for layer in answer.json["layers"]][1] == f"conv{BAD}"


def test_a_progress_line_clears_itself_and_nothing_else() -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    with ProgressLine(GuardedStream(terminal)) as show:
        show(Progress(1, 2, f"images of {BAD}"))
    ours = terminal.getvalue().split("\r\x1b[K")
    assert len(ours) == 3
    assert not steers("".join(ours))


def test_the_window_prints_names_as_escapes(repository: Path) -> None:
    for words in (["main.py", f"no{BAD}"], ["main.py", f"no{BAD}.prototxt"]):
        ended = subprocess.run(
            [sys.executable, *words], cwd=repository, capture_output=True, check=False, timeout=60
        )
        said = (ended.stdout + ended.stderr).decode()
        assert ended.returncode != 0
        assert not steers(said), said


def test_the_streams_are_as_before_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with guarded_output(), guarded_output():
        assert isinstance(sys.stdout, GuardedStream)
        assert not isinstance(sys.stdout._stream, GuardedStream)
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fc7", "fc7"),
        ("Größe 3\u202fµm\u3000画像", "Größe 3\u202fµm\u3000画像"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J\r\x00\x7f\x9b", r"\x1b[2J\r\x00\x7f\x9b"),
        ("\u202ea\u2069\udcff", r"\u202ea\u2069\udcff"),
    ],
)
def test_only_what_steers_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert on_one_line(text) == shown.replace("\n", r"\n").replace("\t", r"\t")

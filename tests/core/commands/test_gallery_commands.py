"""`index`, `query` and `evaluate` over real files."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.commands.progress_line import ProgressLine
from core.engines.torch import packing
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.progress import Progress
from core.retrieval.cosines import Cosines
from core.retrieval.gallery import Gallery, open_gallery
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel

needs_bfloat16 = pytest.mark.skipif(
    packing.why_unavailable() or not packing.has_bfloat16(),
    reason="this processor has no bfloat16",
)

NET = """
name: "colours"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
COLOURS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A net, weights for it, and three colours of four pictures each, one file broken."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    read = load_net(net)
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    types = {layer.name: layer.type for layer in read.layers}
    weights = tmp_path / "net.caffemodel"
    layers = [(name, types[name], arrays) for name, arrays in fillers.items()]
    write_caffemodel(weights, "colours", layers)
    pictures = tmp_path / "pictures"
    for name, colour in COLOURS.items():
        (pictures / name).mkdir(parents=True)
        for i in range(4):
            shade = tuple(min(255, value + 6 * i) for value in colour)
            Image.new("RGB", (10, 12), shade).save(pictures / name / f"{i}.png")
    (pictures / "broken.jpg").write_bytes(b"not a picture")
    return {"net": net, "weights": weights, "pictures": pictures, "gallery": tmp_path / "gallery"}


def index(command, files: dict[str, Path], *more: object):
    words = ["--net", files["net"], "--weights", files["weights"], "--images", files["pictures"]]
    words += ["--layer", "conv", "--pool", "gap", "--out", files["gallery"], *more]
    return command("index", *words)


def test_pictures_of_another_size_and_a_query_of_that_size(command, files) -> None:
    found = index(command, files, "--size", "20x16", "--json").json
    assert (found["recipe"]["preprocess"]["width"], found["recipe"]["preprocess"]["height"]) == (
        20,
        16,
    )
    assert "another size" in found["preprocess_note"]
    outside = files["gallery"].parent / "again.png"
    shutil.copy(files["pictures"] / "red" / "2.png", outside)
    answer = command("query", files["gallery"], outside, "--json").json
    assert answer["results"][0]["score"] == pytest.approx(1.0, abs=1e-6)
    refused = index(command, files)
    assert refused.code == 1
    assert "another recipe" in refused.err


def test_broken_files_are_listed_with_the_reason(command, files: dict[str, Path]) -> None:
    said = index(command, files, "--json")
    assert said.code == 0, said.err
    assert (said.json["images"], said.json["added"], said.json["dimension"]) == (12, 12, 6)
    assert [problem["path"] for problem in said.json["unreadable"]] == ["broken.jpg"]
    assert said.json["unreadable"][0]["reason"]


def test_files_that_are_no_images_are_counted(command, files: dict[str, Path]) -> None:
    (files["pictures"] / "a.txt").write_text("notes")
    assert "1 file of the folder is no image: a.txt.\n" in index(command, files).out
    (files["pictures"] / "b.txt").write_text("notes")
    assert "2 files of the folder are no images, such as a.txt.\n" in index(command, files).out


def test_a_second_index_keeps_what_is_there(command, files: dict[str, Path]) -> None:
    index(command, files)
    (files["pictures"] / "red" / "0.png").unlink()
    Image.new("RGB", (10, 12), (210, 30, 10)).save(files["pictures"] / "red" / "9.png")
    again = index(command, files, "--json").json
    assert (again["images"], again["added"], again["kept"], again["removed"]) == (12, 1, 11, 1)


def test_absent_images_stay_until_they_are_pruned(command, files: dict[str, Path]) -> None:
    index(command, files)
    files["pictures"].joinpath("red").rename(files["pictures"].with_name("red of before"))
    said = index(command, files)
    assert said.code == 1
    assert "4 files are absent and stay in the gallery: 4 in red" in said.out
    assert "index with --prune" in said.out
    said = index(command, files, "--json")
    assert said.code == 1
    assert (said.json["images"], said.json["removed"]) == (12, 0)
    assert [(one["folder"], one["files"]) for one in said.json["absent"]] == [("red", 4)]
    found = command("query", files["gallery"], "blue/0.png", "-k", "11", "--json").json
    assert sum(row["is_there"] for row in found["results"]) == 7
    assert any("changed or gone since the index" in note for note in found["notes"])
    assert command("evaluate", files["gallery"], "--truth", "folders").code == 0
    pruned = index(command, files, "--prune", "--json")
    assert (pruned.code, pruned.json["images"], pruned.json["removed"]) == (0, 8, 4)


def test_a_damaged_gallery_is_checked_and_repaired(command, files: dict[str, Path]) -> None:
    index(command, files)
    sound = command("gallery", files["gallery"], "--check")
    assert (sound.code, sound.out) == (0, "The gallery is sound: 12 images.\n")
    (files["gallery"] / "descriptors.npy").unlink()
    said = command("query", files["gallery"], "red/0.png")
    assert said.code == 1
    assert "Index its folder again" in said.err
    checked = command("gallery", files["gallery"], "--check", "--json")
    assert (checked.code, checked.json["sound"]) == (1, False)
    assert checked.json["findings"][0]["remedy"] == "repair"
    assert "12 images forgotten" in command("gallery", files["gallery"], "--repair").out
    assert index(command, files, "--json").json["added"] == 12
    assert command("gallery", files["gallery"], "--check").code == 0
    assert command("gallery", files["gallery"], "--check", "--export", "a.npz").code == 2


def test_another_layer_needs_another_gallery(command, files: dict[str, Path]) -> None:
    index(command, files)
    said = index(command, files, "--p", "3", "--layer", "relu")
    assert said.code == 1
    assert "another recipe" in said.err


def test_query_ranks_the_same_colour_first(command, files: dict[str, Path], tmp_path: Path) -> None:
    index(command, files)
    table = tmp_path / "ranking.csv"
    query = files["pictures"] / "green" / "1.png"
    said = command("query", files["gallery"], query, "-k", "3", "--json", "--csv", table).json
    assert [row["label"] for row in said["results"]] == ["green"] * 3
    assert [row["rank"] for row in said["results"]] == [1, 2, 3]
    assert said["AP"] == 1
    assert str(query) not in [row["path"] for row in said["results"]]
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 11


def test_an_image_from_anywhere_is_searched_with_the_gallerys_net(
    command, files: dict[str, Path], tmp_path: Path
) -> None:
    index(command, files)
    outside = tmp_path / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    said = command("query", files["gallery"], outside, "-k", "4", "--json")
    assert said.code == 0, said.err
    assert [row["label"] for row in said.json["results"]] == ["blue"] * 4
    assert said.json["AP"] is None


def test_weights_that_changed_are_refused(command, files: dict[str, Path], tmp_path: Path) -> None:
    index(command, files)
    files["weights"].write_bytes(files["weights"].read_bytes() + b"\x92\x06\x00")
    outside = tmp_path / "outside.png"
    Image.new("RGB", (30, 20)).save(outside)
    said = command("query", files["gallery"], outside)
    assert said.code == 1
    assert "The weights are others" in said.err


def test_evaluate_beats_chance(command, files: dict[str, Path]) -> None:
    index(command, files)
    said = command("evaluate", files["gallery"], "--truth", "folders", "--json").json
    assert (said["mAP"], said["n_queries"], said["n_classes"]) == (1, 12, 3)
    assert said["mAP_of_random_descriptors"] < 0.8
    assert len(said["queries"]) == 12


def test_a_folder_that_is_no_gallery_is_a_sentence(command, tmp_path: Path) -> None:
    said = command("evaluate", tmp_path, "--truth", "folders")
    assert said.code == 1
    assert said.err.count("\n") == 1


@pytest.mark.slow
def test_squeezenet_retrieves_as_real_caffe_does(command, material, tmp_path: Path) -> None:
    """Mean AP of fire9/concat, averaged, on 120 photos: real Caffe's descriptors give 0.98175."""
    words = ["--net", material("models/squeezenet_v1.0.prototxt")]
    words += ["--weights", material("models/squeezenet_v1.0.caffemodel")]
    words += ["--images", material("images/instances"), "--preprocess", "SqueezeNet"]
    words += ["--layer", "fire9/concat", "--pool", "gap", "--out", tmp_path / "g"]
    assert command("index", *words).code == 0
    said = command("evaluate", tmp_path / "g", "--truth", "folders", "--json").json
    assert said["mAP"] == pytest.approx(0.98175, abs=0.003)
    assert said["mAP_of_random_descriptors"] < 0.2


def index_a_part(command, files: dict[str, Path], monkeypatch, *more: object):
    """Ctrl+C after the first batch of 4 images."""

    def interrupt(self: object, step: Progress) -> None:
        if step.done == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ProgressLine, "__call__", interrupt)
        return index(command, files, "--batch", "4", *more)


def test_an_index_that_was_stopped_says_how_far_it_came(
    command, files: dict[str, Path], monkeypatch
) -> None:
    (files["pictures"] / "broken.jpg").unlink()
    said = index_a_part(command, files, monkeypatch, "--json")
    assert said.code == 130
    assert (said.json["finished"], said.json["images"]) == (False, 4)
    assert said.json["images_expected"] == 12
    assert "unfinished: 4 of 12 images" in said.err


def test_unfinished_galleries_say_so_first(command, files: dict[str, Path], monkeypatch) -> None:
    (files["pictures"] / "broken.jpg").unlink()
    index_a_part(command, files, monkeypatch)
    image = next(iter(open_gallery(files["gallery"]).images)).path
    outside = files["pictures"].parent / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    words = {
        "evaluate": (files["gallery"], "--truth", "folders"),
        "query": (files["gallery"], image),
    }
    for name, others in words.items():
        said = command(name, *others)
        assert said.code == 0, said.err
        assert "unfinished: 4 of 12 images" in said.out.splitlines()[0]
        found = command(name, *others, "--json").json
        assert (found["finished"], found["images_expected"]) == (False, 12)
        assert "unfinished" in found["notes"][0]
    said = command("query", files["gallery"], outside, "--json")
    assert said.code == 0, said.err  # the net is known although the index did not end
    found = index(command, files, "--json").json
    assert (found["finished"], found["images_expected"], found["kept"]) == (True, 12, 4)
    assert command("evaluate", *words["evaluate"], "--json").json["finished"] is True


@needs_bfloat16
def test_precisions_are_not_mixed(command, files: dict[str, Path]) -> None:
    assert index(command, files, "--precision", "bfloat16").code == 0
    said = index(command, files)
    assert said.code == 1
    assert "The precision is bfloat16 in the gallery and float32 here." in said.err
    outside = files["pictures"].parent / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    found = command("query", files["gallery"], outside, "--json")  # in the gallery's precision
    assert found.json["recipe"]["precision"] == "bfloat16"
    said = command("query", files["gallery"], outside, "--precision", "float32")
    assert "The precision is bfloat16 in the gallery and float32 here." in said.err
    said = command("query", files["gallery"], outside, "--net", files["net"])
    assert said.code == 2


def test_phases_are_not_mixed(command, files: dict[str, Path]) -> None:
    assert index(command, files, "--phase", "TRAIN").code == 0
    said = index(command, files)
    assert "The phase is TRAIN in the gallery and TEST here." in said.err
    outside = files["pictures"].parent / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    moved = ("--net", files["net"], "--weights", files["weights"])
    for more in ((), moved):
        found = command("query", files["gallery"], outside, "--json", *more)
        assert found.json["recipe"]["phase"] == "TRAIN"


def test_evaluate_counts_the_rows_of_a_table(command, files: dict[str, Path]) -> None:
    index(command, files)
    table = files["pictures"].parent / "labels.csv"
    names = [f"{colour}/{i}.png;{colour}" for colour in COLOURS for i in range(4)]
    names[0] = names[0].replace("red/", "rde/")
    table.write_text("Filename;Class\n" + "\n".join(names), encoding="utf-16")
    said = command("evaluate", files["gallery"], "--truth", table)
    assert said.code == 0, said.err
    assert "Labels of 11 of 12 images come from 12 rows of labels.csv." in said.out
    assert "1 row names no image of the gallery: line 2 'rde/0.png' (is it red/0.png?)." in said.out
    assert "1 image has no row: red/0.png." in said.out
    found = command("evaluate", files["gallery"], "--truth", table, "--json").json
    assert (found["n_unlabelled"], found["truth"]["images_with_row"]) == (1, 11)
    assert found["truth"]["images_without_row"] == ["red/0.png"]
    assert [row["line"] for row in found["truth"]["rows_without_image"]] == [2]
    table.write_text("Filename;Class\nnothing.png;red\n")
    said = command("evaluate", files["gallery"], "--truth", table)
    assert (said.code, "Not one of 1 row of" in said.err) == (1, True)


def test_equal_descriptors_are_said_by_every_command(command, material, tmp_path: Path) -> None:
    folder = material("reports/equal_vectors_no_warning")
    words = ["--net", folder / "net.prototxt", "--weights", folder / "net.caffemodel"]
    words += ["--layer", "relu", "--pool", "gem", "--out", tmp_path / "g"]
    images = tmp_path / "imgs"
    for i, source in enumerate(sorted((folder / "imgs").iterdir())):
        (images / f"{i % 3}").mkdir(parents=True, exist_ok=True)
        (images / f"{i % 3}" / source.name).write_bytes(source.read_bytes())
    wanted = "All 12 descriptors are equal (the layer gives zeros)"
    said = command("index", *words, "--images", images, "--json")
    assert said.json["notes"][0].startswith(wanted)
    query = ("query", tmp_path / "g", images / "0" / "00.png")
    for others in (query, ("evaluate", tmp_path / "g", "--truth", "folders")):
        assert wanted in command(*others).out.splitlines()[0]
        assert command(*others, "--json").json["notes"][0].startswith(wanted)


def test_a_query_that_changed_is_described_anew(command, files: dict[str, Path]) -> None:
    index(command, files)
    query = files["pictures"] / "red" / "1.png"
    query.write_bytes((files["pictures"] / "blue" / "2.png").read_bytes())
    said = command("query", files["gallery"], query)
    assert said.code == 0, said.err
    assert "red/1.png has changed since it was indexed" in said.out
    found = command("query", files["gallery"], query, "--json").json
    assert found["results"][0]["path"].endswith("blue/2.png")
    assert found["query_changed"] is True
    assert "has changed" in found["notes"][0]
    query.unlink()
    said = command("query", files["gallery"], query)
    assert (said.code, "red/1.png is gone since" in said.out) == (0, True)


def test_several_queries_at_once(command, files: dict[str, Path], tmp_path: Path) -> None:
    index(command, files)
    outside = tmp_path / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    own, broken = files["pictures"] / "red" / "1.png", files["pictures"] / "broken.jpg"
    words = (files["gallery"], own, outside, broken, tmp_path / "nowhere.png", "-k", "2")
    found = command("query", *words, "--json", "--csv", tmp_path / "all.csv").json
    assert [one["query"] for one in found["queries"]] == [str(own), str(outside)]
    assert found["queries"][1]["results"][0]["label"] == "blue"
    assert {Path(one["path"]).name for one in found["unreadable"]} == {"broken.jpg", "nowhere.png"}
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11 + 12
    assert rows[0]["query"] == str(own)
    said = command("query", *words)
    assert said.out.count("rank") == 2
    assert "Left out:" in said.out
    assert command("query", files["gallery"], broken).code == 1
    found = command("query", files["gallery"], files["pictures"] / "red", "--json").json
    assert [Path(one["query"]).name for one in found["queries"]] == [f"{i}.png" for i in range(4)]
    assert all(one["AP"] == 1 for one in found["queries"])


def test_a_net_that_differs_by_phase_keeps_two_galleries(
    command, files: dict[str, Path], material
) -> None:
    """One phase of it triples what the other gives; a gallery took both once."""
    files["net"] = material("hostile/ph.prototxt")
    net = load_net(files["net"])
    types = {layer.name: layer.type for layer in net.layers}
    fillers = filler_weights(net, infer_shapes(net), seed=1).items()
    write_caffemodel(files["weights"], "PNet", [(n, types[n], arrays) for n, arrays in fillers])
    assert index(command, files, "--layer", "conv3").code == 0
    said = index(command, files, "--layer", "conv3", "--phase", "TRAIN")
    assert said.code == 1
    assert "The phase is TEST in the gallery and TRAIN here." in said.err
    assert len(open_gallery(files["gallery"])) == 12


def test_a_project_that_moved_answers_from_outside(
    command, files: dict[str, Path], tmp_path: Path, monkeypatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for path in (files["net"], files["weights"], files["pictures"]):
        path.rename(project / path.name)
    monkeypatch.chdir(project)
    words = ("--net", "net.prototxt", "--weights", "net.caffemodel", "--images", "pictures")
    command("index", *words, "--layer", "conv", "--pool", "gap", "--out", "gallery")
    monkeypatch.chdir(tmp_path)
    project.rename(tmp_path / "moved")
    outside = tmp_path / "outside.png"
    Image.new("RGB", (30, 20), (22, 22, 198)).save(outside)
    found = command("query", tmp_path / "moved" / "gallery", outside, "--json")
    assert found.code == 0, found.err
    assert Path(found.json["results"][0]["path"]).is_file()
    own = tmp_path / "moved" / "pictures" / "red" / "1.png"
    found = command("query", tmp_path / "moved" / "gallery", own, "--json")
    assert (found.json["query_label"], found.json["AP"]) == ("red", 1)


def test_evaluate_names_its_queries_by_file(command, files: dict[str, Path]) -> None:
    index(command, files)
    found = command("evaluate", files["gallery"], "--truth", "folders", "--json").json
    wanted = [f"{colour}/{i}.png" for colour in sorted(COLOURS) for i in range(4)]
    assert [query["file"] for query in found["queries"]] == wanted
    assert all(query["label"] == query["file"].split("/")[0] for query in found["queries"])


def test_queries_of_a_list(command, files: dict[str, Path], tmp_path: Path) -> None:
    index(command, files)
    listed = tmp_path / "queries.txt"
    for name, colour in COLOURS.items():
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 20), colour).save(tmp_path / name / "q.png")
    listed.write_text("".join(f"{name}/q.png 0\n" for name in COLOURS) + "gone/q.png 1\n")
    words = ("evaluate", files["gallery"], "--truth", "folders", "--queries", listed, "--json")
    found = command(*words).json
    assert {query["label"] for query in found["queries"]} == set(COLOURS)
    assert [problem["path"] for problem in found["unreadable"]] == [str(tmp_path / "gone/q.png")]


def test_queries_apart_from_the_gallery(command, files: dict[str, Path], tmp_path: Path) -> None:
    index(command, files)
    queries = tmp_path / "queries"
    for name, colour in {**COLOURS, "grey": (100, 100, 100)}.items():
        (queries / name).mkdir(parents=True)
        Image.new("RGB", (20, 20), colour).save(queries / name / "q.png")
    (queries / "bad.jpg").write_bytes(b"no image")
    words = ("evaluate", files["gallery"], "--truth", "folders", "--queries", queries)
    said = command(*words, "--json")
    assert said.code == 0, said.err
    found = said.json
    assert (found["mAP"], found["n_queries"], found["n_alone_in_class"]) == (1, 3, 1)
    assert {query["file"] for query in found["queries"]} == {
        str(queries / colour / "q.png") for colour in COLOURS
    }
    assert [problem["path"] for problem in found["unreadable"]] == [str(queries / "bad.jpg")]
    said = command(*words)
    assert "1 query without an image of the same label in the gallery: not counted." in said.out
    assert "Left out:" in said.out
    table = tmp_path / "labels.csv"
    rows = [f"{colour}/{i}.png,{colour}" for colour in COLOURS for i in range(4)]
    rows += [f"queries/{colour}/q.png,{colour}" for colour in COLOURS]
    table.write_text("file,label\n" + "\n".join(rows))
    found = command(*words[:2], "--truth", table, *words[4:], "--json").json
    assert (found["mAP"], found["n_queries"], found["n_unlabelled"]) == (1, 3, 1)
    assert found["truth"]["rows_without_image"] == []
    assert found["truth"]["images_without_row"] == ["grey/q.png"]


def test_gallery_says_what_it_holds_and_exports_it(command, files: dict[str, Path]) -> None:
    index(command, files)
    said = command("gallery", files["gallery"])
    assert said.code == 0, said.err
    assert "12 images of 6 values, 1 file left out" in said.out
    out = files["gallery"].parent / "e.npz"
    found = command("gallery", files["gallery"], "--export", out, "--json").json
    assert (found["images"], found["labels"], found["finished"]) == (
        12,
        dict.fromkeys(COLOURS, 4),
        True,
    )
    assert found["written"] == [str(out), str(out.with_name("e_manifest.csv"))]
    with np.load(out, allow_pickle=False) as exported:
        assert exported["features"].shape == (12, 6)
        assert exported["files"][0] == "blue/0.png"
    assert "-> " in command("gallery", files["gallery"], "--export", out).out
    assert command("gallery", files["gallery"], "--export", out.with_suffix(".x")).code != 0


def test_a_renamed_net_asks_the_gallery_that_is_there(command, files: dict[str, Path]) -> None:
    """Blobs, a layer and a comment are other ones; nothing is computed otherwise."""
    words = ["--net", files["net"], "--weights", files["weights"], "--images", files["pictures"]]
    words += ["--layer", "relu", "--pool", "gap", "--out", files["gallery"]]
    assert command("index", *words).code == 0
    photo = files["pictures"] / "red" / "0.png"
    outside = files["net"].with_name("outside.png")
    outside.write_bytes(photo.read_bytes())
    own = ("--net", files["net"], "--weights", files["weights"])
    wanted = command("query", files["gallery"], outside, *own, "--json").json["results"]
    renamed = files["net"].with_name("renamed.prototxt")
    tail = 'layer { name: "rectified" type: "ReLU" bottom: "conv" top: "features" } # renamed'
    renamed.write_text(NET.replace(NET.splitlines()[-1], tail))
    named = ("--net", renamed, "--weights", files["weights"])
    found = command("query", files["gallery"], outside, *named, "--json")
    assert found.code == 0, found.err
    assert found.json["results"] == wanted
    again = [renamed if word == files["net"] else word for word in words]
    again[again.index("relu")] = "rectified"
    said = command("index", *again, "--json").json
    assert (said["added"], said["kept"]) == (0, 12)
    other = files["net"].with_name("other.prototxt")
    other.write_text(NET.replace('bottom: "conv" top: "conv"', 'bottom: "data" top: "conv2"'))
    refused = command(
        "query", files["gallery"], outside, "--net", other, "--weights", files["weights"]
    )
    assert refused.code == 1
    assert "The prototxt is another one" in refused.err


def test_copies_are_listed_and_left_out(command, files: dict[str, Path], tmp_path: Path) -> None:
    one = files["pictures"] / "red" / "1.png"
    (files["pictures"] / "0.png").write_bytes(one.read_bytes())
    index(command, files)
    said = command("gallery", files["gallery"], "--duplicates", "--json").json
    assert (said["copies"], said["near_duplicates"], said["alike_bits"]) == (1, 0, 10)
    (group,) = said["groups"]
    assert group["first"] == "red/1.png"
    (other,) = group["others"]
    assert (other["file"], other["copy"]) == ("0.png", True)
    assert other["cosine"] == pytest.approx(1)
    listed = command("gallery", files["gallery"], "--duplicates").out
    assert "1 copy among 13 images. No file was touched." in listed
    assert "  0.png" in listed
    words = ("query", files["gallery"], "red/1.png", "-k", "20", "--json")
    assert len(command(*words).json["results"]) == 12
    found = command(*words, "--without-copies").json
    assert len(found["results"]) == 11
    assert found["left_out"]["copies"] == 1
    words = ("evaluate", files["gallery"], "--truth", "folders")
    assert command(*words, "--json").json["n_images"] == 13
    found = command(*words, "--json", "--without-copies", "--alike", "0").json
    assert (found["n_images"], found["n_queries"], found["left_out"]["copies"]) == (12, 12, 1)
    assert "Left out, neither right nor wrong: 1 copy" in command(*words, "--without-copies").out
    for wrong in (("--alike", "3"), ("--without-copies", "--alike", "64")):
        assert command(*words, *wrong).code == 2
    assert command("gallery", files["gallery"], "--duplicates", "--check").code == 2


def test_images_described_anew_find_themselves(command, files: dict[str, Path]) -> None:
    index(command, files)
    said = command("gallery", files["gallery"], "--sanity")
    assert (said.code, said.out) == (0, "3 of 3 images described anew find themselves at rank 1.\n")


def test_features_that_stand_at_other_names_fail_the_sanity_gate(
    command, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    index(command, files)
    turned = property(lambda gallery: Cosines(np.roll(gallery.descriptors, 4, axis=0)))
    monkeypatch.setattr(Gallery, "cosines", turned)
    said = command("gallery", files["gallery"], "--sanity", "--json")
    assert said.code == 1
    assert said.json["checked"] == 3
    assert "misaligned" in said.json["sentence"]
    lost = said.json["misaligned"][0]
    assert lost["file"].split("/")[0] != lost["found"].split("/")[0]


@pytest.mark.parametrize("other", ["--check", "--repair", "--duplicates"])
def test_the_sanity_gate_stands_alone(command, files: dict[str, Path], other: str) -> None:
    assert command("gallery", files["gallery"], "--sanity", other).code == 2


def test_a_page_of_a_ranking_shows_names_as_text(command, files: dict[str, Path]) -> None:
    evil = "<script>alert(1)<script>.png"
    (files["pictures"] / "red" / "0.png").rename(files["pictures"] / "red" / evil)
    index(command, files)
    out = files["gallery"].parent / "r.html"
    said = command("query", files["gallery"], "red/1.png", "--html", out)
    assert said.code == 0, said.err
    page = out.read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("data:image/jpeg;base64,") == 12
    assert "AP 100.0 % (non-interpolated)" in page
    assert "http" not in page.replace("http-equiv", "")

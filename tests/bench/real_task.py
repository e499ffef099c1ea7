"""A small real fine-tuning from its photos to its report, beside what real Caffe's gave.

    python -m tests.bench.real_task WORK_FOLDER [A B C D]

SqueezeNet v1.0 on 100 photos as ../shared/data/finetune says: fire9 and a new class layer learn,
what lies below is computed once. Prints how long each step took, and mAP before and after.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
NET = DATA / "models" / "squeezenet_v1.0.prototxt"
WEIGHTS = DATA / "models" / "squeezenet_v1.0.caffemodel"
LABELS: dict[str, str] = {
    row["file"]: row["label"] for row in json.loads((DATA / "images" / "labels.json").read_text())
}
CELLS = (("pool_final", "class scores"), ("fire9/concat", "fire9"))


def turned(photo: str, turns: int) -> Image.Image:
    """227 x 227 as the README of the task says."""
    picture = Image.open(DATA / "images" / photo).convert("RGB")
    pixels = np.asarray(picture.resize((227, 227), Image.Resampling.BILINEAR))
    return Image.fromarray(np.ascontiguousarray(np.rot90(pixels, turns)))


def write_files(folder: Path, split: dict[str, Any], turn: dict[str, int]) -> None:
    """Images, lists, the three files of the net."""
    classes = split["classes"]
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for photo in split["train"]:
        for turns in range(4):
            name = f"train/{class_of(photo)}_{Path(photo).stem}_{turns}.png"
            save(turned(photo, turns), folder / name)
            lists["train"].append(f"{name} {classes.index(class_of(photo))}\n")
    for photo in split["test"]:
        name = f"{class_of(photo)}/{Path(photo).stem}.png"
        save(turned(photo, 0), folder / "upright" / name)
        save(turned(photo, turn[photo]), folder / "turned" / name)
        if class_of(photo) in classes:
            lists["test"].append(f"turned/{name} {classes.index(class_of(photo))}\n")
    n_classes = f"num_output: {len(classes)}\n"
    text = (DATA / "finetune" / "train_val.prototxt").read_text()
    solver = (DATA / "finetune" / "solver.prototxt").read_text()
    deploy = NET.read_text()
    deploy = deploy.replace('name: "conv_final"', 'name: "conv_corel"')
    (folder / "train_val.prototxt").write_text(text.replace("num_output: 10\n", n_classes))
    if not lists["test"]:  # classes never seen have no number to be tested by
        solver = "\n".join(line for line in solver.splitlines() if "test_" not in line) + "\n"
    (folder / "solver.prototxt").write_text(solver)
    (folder / "deploy.prototxt").write_text(deploy.replace("num_output: 1000\n", n_classes))
    for part, lines in lists.items():
        (folder / f"{part}.txt").write_text("".join(lines))


def class_of(photo: str) -> str:
    """As the list of the images has it."""
    return LABELS[photo]


def save(picture: Image.Image, path: Path) -> None:
    """With its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def run(*words: object) -> tuple[dict[str, Any], float]:
    """What a command says as JSON, and how long it took."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "main.py"), *map(str, words), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found, time.monotonic() - began


def sweep(net: Path, weights: Path, images: Path, out: Path) -> None:
    """Of what the table names."""
    layers = ",".join(layer for layer, _ in CELLS)
    run("sweep", "--net", net, "--weights", weights, "--images", images, "--layers", layers,
        "--poolings", "gap", "--preprocess", "SqueezeNet", "--out", out)  # fmt: skip


def main(work: Path, names: Sequence[str]) -> None:
    """Each split, then the tables."""
    task = json.loads((DATA / "finetune" / "split.json").read_text())
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    for name in names:
        folder = work / name
        write_files(folder, task["splits"][name], task["turn"])
        began = time.monotonic()
        found, took = run("finetune", "--solver", folder / "solver.prototxt", "--weights",
                          WEIGHTS, "--run", folder / "run")  # fmt: skip
        losses = found["loss"]
        print(f"{name}: {len(losses)} iterations in {took:.0f} s, {found['frozen_layers']} layers "
              f"computed once; loss {np.mean(losses[:10]):.2f} at first, "
              f"{np.mean(losses[20:30]):.2f} at 30, {np.mean(losses[90:100]):.3f} at 100, "
              f"{np.mean(losses[-10:]):.4f} at the end")  # fmt: skip
        for test in found["tests"]:
            print(f"  tested at {test['iteration']}: loss {test['loss']:.3f}, {test['scores']}")
        for said in found["warnings"]:
            print(f"  {said}")
        for form in ("upright", "turned"):
            before, after = folder / f"before_{form}", folder / f"after_{form}"
            images = folder / form
            sweep(NET, WEIGHTS, images, before)
            sweep(folder / "deploy.prototxt", folder / "run" / "ft_iter_300.caffemodel", images,
                  after)  # fmt: skip
            proof, _ = run("report", before, after, "--html", folder / f"{form}.html")
            (folder / f"{form}.json").write_text(json.dumps(proof))
            for row in proof["rows"]:
                low, high = row["gain_95"]
                print(
                    f"  {form} {row['layer']}: {row['mAP_before']:.3f} -> {row['mAP_after']:.3f} "
                    f"gain {row['gain']:+.3f} [{low:+.3f} {high:+.3f}], p {row['p']:.4f}"
                )
        print(f"{name}: from photos to reports in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["A", "B", "C", "D"])

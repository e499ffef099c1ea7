"""What layers of other branches compute, as plain loops after the papers, to make goldens from."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Arrays = dict[str, np.ndarray]
Reference = Callable[[Arrays, Arrays], Arrays]
"""From inputs by blob and parameters by "layer/index" to tops by blob."""


def sigmoid(value: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-value))


def overlap(a: list[float], b: list[float], pixel: float = 0.0) -> float:
    """Intersection over union of two boxes of corners."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + pixel
    height = min(a[3], b[3]) - max(a[1], b[1]) + pixel
    if width <= 0 or height <= 0:
        return 0.0
    sides = [(box[2] - box[0] + pixel) * (box[3] - box[1] + pixel) for box in (a, b)]
    return width * height / (sum(sides) - width * height)


def normalised_product(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Each row of weights over its length, to whose square 1e-6 is added; then a plain product."""
    x, weight, bias = inputs["x0"], parameters["l/0"], parameters["l/1"]
    top = np.zeros((len(x), len(weight)))
    for i, row in enumerate(weight.astype(np.float64)):
        length = math.sqrt(sum(value * value for value in row) + 1e-6)
        for j, image in enumerate(x):
            top[j, i] = sum(a * b for a, b in zip(row / length, image, strict=True)) + bias[i]
    return {"y0": top}


def batch_norm_of_rows(inputs: Arrays, parameters: Arrays) -> Arrays:
    """(x - mean) / sqrt(variance + 1e-5) with a mean and a variance for each place of axis 2."""
    x, factor = inputs["x0"].astype(np.float64), float(parameters["l/2"][0])
    top = np.empty_like(x)
    for row in range(x.shape[2]):
        mean, variance = (float(parameters[f"l/{i}"][row]) / factor for i in (0, 1))
        top[:, :, row] = (x[:, :, row] - mean) / math.sqrt(variance + 1e-5)
    return {"y0": top}


def running_norm(inputs: Arrays, parameters: Arrays) -> Arrays:
    """slope (x - mean) / sqrt(variance + 1e-3) + bias for each channel of vectors."""
    x = inputs["x0"].astype(np.float64)
    slope, bias, mean, variance = (parameters[f"l/{i}"].ravel() for i in range(4))
    top = np.empty_like(x)
    for c in range(x.shape[1]):
        top[:, c] = slope[c] * (x[:, c] - mean[c]) / math.sqrt(variance[c] + 1e-3) + bias[c]
    return {"y0": top}


def scale_and_shift(inputs: Arrays, parameters: Arrays) -> Arrays:
    """x times a scale plus a shift for each channel, as a blob of four axes."""
    scale, shift = (parameters[f"l/{i}"].ravel() for i in (0, 1))
    return {"y0": (inputs["x0"] * scale + shift)[:, :, None, None]}


def spread_out(inputs: Arrays, parameters: Arrays) -> Arrays:
    """A map of one place resized to 2 x 3: its value everywhere."""
    return {"y0": inputs["x0"][:, :, None, None].repeat(2, 2).repeat(3, 3)}


def hard_swish(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Howard et al., 2019: x ReLU6(x + 3) / 6."""
    values = [x * min(max(x + 3.0, 0.0), 6.0) / 6.0 for x in inputs["x0"].ravel().tolist()]
    return {"y0": np.array(values).reshape(inputs["x0"].shape)}


def transpose(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Axis 1 to the end."""
    x = inputs["x0"]
    top = np.zeros((x.shape[0], x.shape[2], x.shape[1]), np.float32)
    for i, j, k in np.ndindex(*x.shape):
        top[i, k, j] = x[i, j, k]
    return {"y0": top}


def reverse_time(inputs: Arrays, parameters: Arrays) -> Arrays:
    """The first axis backwards."""
    x = inputs["x0"]
    return {"y0": np.array([x[len(x) - 1 - i] for i in range(len(x))])}


def unpool(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Badrinarayanan et al., 2017: values at the places of the mask in a map of 5 x 6."""
    values, mask = inputs["x0"], inputs["x1"]
    top = np.zeros((*values.shape[:2], 5 * 6), np.float32)
    for n, c, i, j in np.ndindex(*values.shape):
        top[n, c, int(mask[n, c, i, j])] = values[n, c, i, j]
    return {"y0": top.reshape(*values.shape[:2], 5, 6)}


def unit_vectors(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Wang et al., 2017 (NormFace): every vector of channels divided by its length."""
    x = inputs["x0"]
    norms = np.zeros((x.shape[0], 1, *x.shape[2:]))
    for n, i, j in np.ndindex(x.shape[0], *x.shape[2:]):
        norms[n, 0, i, j] = math.sqrt(math.fsum(float(v) ** 2 for v in x[n, :, i, j]))
    return {"y0": x / norms, "y1": norms}


def unit_image(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Each image divided by the length of all its values, with 0.5 below the root."""
    x = inputs["x0"]
    roots = [math.sqrt(math.fsum(float(v) ** 2 for v in image.ravel()) + 0.5) for image in x]
    return {"y0": np.stack([image / root for image, root in zip(x, roots, strict=True)])}


def smooth_l1(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Girshick, 2015, with sigma 3 and weights inside and outside, over the images."""
    rows = zip(*(inputs[f"x{i}"].ravel().tolist() for i in range(4)), strict=True)
    total = 0.0
    for predicted, wanted, inside, outside in rows:
        size = abs(inside * (predicted - wanted))
        total += outside * (4.5 * size * size if size < 1 / 9 else size - 1 / 18)
    return {"y0": np.array(total / len(inputs["x0"]))}


def margin_product(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Liu et al., 2017, margin 4, from the polynomial of cos(4 angle) rather than the angle."""
    weight, top = parameters["l/0"].astype(float), []
    influence = max(1000.0 * (1.0 + 0.12 * 6.0) ** -1.0, 5.0)
    for x, label in zip(inputs["x0"].astype(float), inputs["x1"], strict=True):
        length = math.sqrt(x @ x)
        row = [x @ w / math.sqrt(w @ w) for w in weight]
        c = row[int(label)] / length
        k = [c <= math.cos(math.pi * i / 4) for i in (1, 2, 3)].count(True)
        psi = (-1) ** k * (8 * c**4 - 8 * c * c + 1) - 2 * k
        row[int(label)] = (length * psi + influence * row[int(label)]) / (1.0 + influence)
        top.append(row)
    return {"y0": np.array(top), "y1": np.array([influence])}


def _bilinear(plane: np.ndarray, y: float, x: float, margin: float) -> float:
    height, width = plane.shape
    if not (-margin <= y <= height - 1 + margin and -margin <= x <= width - 1 + margin):
        return 0.0
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    total = 0.0
    for i in {math.floor(y), math.ceil(y)}:
        for j in {math.floor(x), math.ceil(x)}:
            total += (1 - abs(y - i)) * (1 - abs(x - j)) * float(plane[i, j])
    return total


def roi_align(inputs: Arrays, parameters: Arrays) -> Arrays:
    """He et al., 2017: 2 x 3 bins of 2 x 2 samples, at a quarter of the image's size."""
    return {"y0": _roi_align(inputs, 2)}


def roi_align_adaptive(inputs: Arrays, parameters: Arrays) -> Arrays:
    """He et al., 2017: as many samples a bin as it has places."""
    return {"y0": _roi_align(inputs, 0)}


def _roi_align(inputs: Arrays, samples: int) -> np.ndarray:
    x, regions = inputs["x0"], inputs["x1"]
    top = np.zeros((len(regions), x.shape[1], 2, 3))
    for r, c, i, j in np.ndindex(*top.shape):
        left, up, right, down = (float(v) / 4 for v in regions[r, 1:])
        height, width = max(down - up, 1.0) / 2, max(right - left, 1.0) / 3
        rows, columns = samples or math.ceil(height), samples or math.ceil(width)
        values = [
            _bilinear(
                x[int(regions[r, 0]), c],
                up + height * (i + (a + 0.5) / rows),
                left + width * (j + (b + 0.5) / columns),
                1.0,
            )
            for a in range(rows)
            for b in range(columns)
        ]
        top[r, c, i, j] = sum(values) / len(values)
    return top


def roi_corners(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Cai and Vasconcelos, 2018: the 3 x 4 corners of 2 x 3 bins, the region widened by 0.1."""
    x, regions = inputs["x0"], inputs["x1"]
    top = np.zeros((len(regions), x.shape[1], 3, 4))
    for r, c, i, j in np.ndindex(*top.shape):
        left, up, right, down = (float(v) for v in regions[r, 1:])
        wide, high = (right - left + 1) * 0.1, (down - up + 1) * 0.1
        start = ((up - high) / 4 - 0.5, (left - wide) / 4 - 0.5)
        end = ((down + high) / 4 - 0.5, (right + wide) / 4 - 0.5)
        y = start[0] + i / 2 * (end[0] - start[0])
        top[r, c, i, j] = _bilinear(
            x[int(regions[r, 0]), c], y, start[1] + j / 3 * (end[1] - start[1]), 0.5
        )
    return {"y0": top}


def psroi(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Dai et al., 2016: 2 outputs of 3 x 3 bins, at half of the image's size."""
    x, regions = inputs["x0"], inputs["x1"]
    top = np.zeros((len(regions), 2, 3, 3))
    for r, c, i, j in np.ndindex(*top.shape):
        edges = [math.floor(abs(v) + 0.5) * (1 if v >= 0 else -1) for v in regions[r, 1:].tolist()]
        left, up, right, down = edges[0] / 2, edges[1] / 2, (edges[2] + 1) / 2, (edges[3] + 1) / 2
        high, wide = max(down - up, 0.1) / 3, max(right - left, 0.1) / 3
        rows = [k for k in range(x.shape[2]) if _is_in(k, up, high, i)]
        columns = [k for k in range(x.shape[3]) if _is_in(k, left, wide, j)]
        plane = x[int(regions[r, 0]), (c * 3 + i) * 3 + j]
        values = [float(plane[a, b]) for a in rows for b in columns]
        top[r, c, i, j] = sum(values) / len(values) if values else 0.0
    return {"y0": top}


def _is_in(place: int, start: float, size: float, index: int) -> bool:
    return math.floor(start + index * size) <= place < math.ceil(start + (index + 1) * size)


def _nearest_first(boxes: list[list[float]], limit: float) -> list[list[float]]:
    """Rows (label, score, corners...) that no better row covers by `limit` or more."""
    kept: list[list[float]] = []
    for row in sorted(boxes, key=lambda row: -row[1]):
        if all(overlap(row[2:], other[2:]) < limit for other in kept):
            kept.append(row)
    return kept


def yolo_v2(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Redmon and Farhadi, 2017: 2 boxes a place, 3 classes, confidence 0.3, overlap 0.45."""
    x, anchors, rows = inputs["x0"][0], [(1.5, 2.0), (3.0, 1.0)], []
    side = x.shape[1]
    for i, j, b in np.ndindex(side, side, 2):
        values = x[b * 8 : b * 8 + 8, i, j].tolist()
        powers = [math.exp(v) for v in values[5:]]
        best = max(range(3), key=powers.__getitem__)
        score = sigmoid(values[4]) * powers[best] / sum(powers)
        if score >= 0.3:
            centre = (j + sigmoid(values[0])) / side, (i + sigmoid(values[1])) / side
            size = [math.exp(values[2 + k]) * anchors[b][k] / side for k in (0, 1)]
            rows.append([best + 1, score, *_corners(centre, size)])
    return {"y0": _rows(_nearest_first(rows, 0.45))}


def yolo_v3(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Redmon and Farhadi, 2018: two maps, 2 boxes a place, 3 classes, masks 2 3 and 0 1."""
    anchors = [(10.0, 14.0), (23.0, 27.0), (37.0, 58.0), (81.0, 82.0)]
    rows = []
    for blob, mask, stride in (("x0", (2, 3), 32), ("x1", (0, 1), 16)):
        x = inputs[blob][0]
        side = x.shape[1]
        for i, j, b in np.ndindex(side, side, 2):
            values = x[b * 8 : b * 8 + 8, i, j].tolist()
            centre = (j + sigmoid(values[0])) / side, (i + sigmoid(values[1])) / side
            anchor = anchors[mask[b]]
            size = [math.exp(values[2 + k]) * anchor[k] / (side * stride) for k in (0, 1)]
            for label in range(3):
                score = sigmoid(values[4]) * sigmoid(values[5 + label])
                if score > 0.3:
                    rows.append([label + 1, score, *_corners(centre, size)])
    return {"y0": _rows(_nearest_first(rows, 0.4))}


def _corners(centre: tuple[float, float], size: list[float]) -> list[float]:
    (x, y), (w, h) = centre, size
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def _rows(rows: list[list[float]]) -> np.ndarray:
    return np.array([[0.0, *row] for row in rows], np.float32)[None, None]


def proposals(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Ren et al., 2015: 2 ratios x 2 scales, stride 16, at most 12 regions, overlap 0.6."""
    scores, moves, image = (inputs[f"x{i}"] for i in range(3))
    anchors = []
    for ratio in (0.5, 2.0):
        width = round(math.sqrt(256 / ratio))
        height = round(width * ratio)
        for scale in (2.0, 4.0):
            w, h = width * scale, height * scale
            anchors.append(
                [7.5 - (w - 1) / 2, 7.5 - (h - 1) / 2, 7.5 + (w - 1) / 2, 7.5 + (h - 1) / 2]
            )
    found = []
    for i, j, a in np.ndindex(*scores.shape[2:], 4):
        dx, dy, dw, dh = moves[0, a * 4 : a * 4 + 4, i, j].tolist()
        left, up, right, down = anchors[a]
        w, h = right - left + 1, down - up + 1
        x, y = left + 16 * j + w / 2 + dx * w, up + 16 * i + h / 2 + dy * h
        w, h = math.exp(dw) * w, math.exp(dh) * h
        box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        ends = [float(image[0, 1]) - 1, float(image[0, 0]) - 1] * 2
        box = [min(max(v, 0.0), end) for v, end in zip(box, ends, strict=True)]
        least = 16 * float(image[0, 2])
        if box[2] - box[0] + 1 >= least and box[3] - box[1] + 1 >= least:
            found.append([float(scores[0, 4 + a, i, j]), *box])
    kept: list[list[float]] = []
    for row in sorted(found, key=lambda row: -row[0])[:40]:
        if len(kept) < 12 and all(overlap(row[1:], other[1:], 1.0) <= 0.6 for other in kept):
            kept.append(row)
    return {
        "y0": np.array([[0.0, *row[1:]] for row in kept]),
        "y1": np.array([row[0] for row in kept]),
    }


def detections(inputs: Arrays, parameters: Arrays) -> Arrays:
    """Liu et al., 2016, with a threshold of 0.6 that shrinks by 0.9 down to a half."""
    moves, scores = inputs["x0"].reshape(-1, 4), inputs["x1"].reshape(-1, 2)
    priors, variances = inputs["x2"].reshape(2, -1, 4)
    found = []
    for move, score, prior, spread in zip(moves, scores[:, 1], priors, variances, strict=True):
        dx, dy, dw, dh = (move * spread).tolist()
        left, up, right, down = prior.tolist()
        w, h = right - left, down - up
        centre = (left + right) / 2 + dx * w, (up + down) / 2 + dy * h
        found.append([1.0, float(score), *_corners(centre, [math.exp(dw) * w, math.exp(dh) * h])])
    kept: list[list[float]] = []
    limit = 0.6
    for row in sorted(found, key=lambda row: -row[1])[:60]:
        if row[1] > 0.01 and all(overlap(row[2:], other[2:]) <= limit for other in kept):
            kept.append(row)
            limit = limit * 0.9 if limit > 0.5 else limit
    return {"y0": _rows(kept)}


def no_detections(inputs: Arrays, parameters: Arrays) -> Arrays:
    """SSD writes -1 behind the number of each of two images when it finds nothing."""
    return {"y0": np.array([[[[0, *[-1] * 6], [1, *[-1] * 6]]]])}


FOUND = np.array(
    [
        [0, 1, 0.9, 0.1, 0.1, 0.5, 0.5],
        [0, 1, 0.8, 0.1, 0.1, 0.5, 0.52],
        [0, 1, 0.7, 0.6, 0.6, 0.9, 0.9],
        [0, 2, 0.6, 0.0, 0.0, 0.2, 0.2],
        [1, 1, 0.5, 0.2, 0.2, 0.4, 0.4],
    ],
    np.float32,
)[None, None]
"""Image, label, score, corners."""
TRUE = np.array(
    [
        [0, 1, 0, 0.1, 0.1, 0.5, 0.5, 0],
        [0, 1, 1, 0.6, 0.6, 0.9, 0.9, 1],
        [0, 2, 0, 0.1, 0.1, 0.3, 0.3, 0],
    ],
    np.float32,
)[None, None]
"""Image, label, number, corners, whether it is difficult."""


def evaluation(inputs: Arrays, parameters: Arrays) -> Arrays:
    """By hand: a hit, a second hit, a difficult box, an overlap of 1/7, an image without boxes."""
    rows = [
        [-1, 1, 1, -1, -1],
        [-1, 2, 1, -1, -1],
        [0, 1, 0.9, 1, 0],
        [0, 1, 0.8, 0, 1],
        [0, 1, 0.7, 0, 0],
        [0, 2, 0.6, 0, 1],
        [1, 1, 0.5, 0, 1],
    ]
    return {"y0": np.array([[rows]])}

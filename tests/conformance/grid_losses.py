"""Cases of losses and scores."""

from __future__ import annotations

from tests.conformance.case import Grid

MODES = ("FULL", "VALID", "BATCH_SIZE", "NONE")
PLACES = {
    "rows": ((4, 5), (4,)),
    "column": ((4, 5), (4, 1)),
    "map": ((2, 5, 3, 4), (2, 1, 3, 4)),
    "map3": ((2, 5, 3, 4), (2, 3, 4)),
    "line": ((2, 5, 7), (2, 7)),
    "long": ((2, 5, 3, 2, 2), (2, 3, 2, 2)),
}


def _softmax_loss(grid: Grid) -> None:
    for place, (scores, labels) in PLACES.items():
        for mode in (None, *MODES):
            for ignored in (None, 255, 2):
                words = "" if mode is None else f"normalization: {mode} "
                words += "" if ignored is None else f"ignore_label: {ignored}"
                kind = f"label:5:{ignored}" if ignored else "label:5"
                name = f"{place}_{mode}_{ignored}"
                grid.add("SoftmaxWithLoss", name, f"loss_param {{ {words} }}", scores,
                         (labels, kind))  # fmt: skip
    for n, words in enumerate(("normalize: true", "normalize: false",
                               "normalize: true normalization: NONE",
                               "normalize: false normalization: FULL",
                               "normalize: true ignore_label: 2", "ignore_label: -1")):  # fmt: skip
        grid.add("SoftmaxWithLoss", f"normalize{n}", f"loss_param {{ {words} }}", (4, 5),
                 ((4,), "label:5:2"))  # fmt: skip
    for axis in (0, 1, 2, 3, -1, -2):
        scores = (2, 3, 4, 5)
        at = axis % 4
        labels = (*scores[:at], *scores[at + 1 :])
        text = f"softmax_param {{ axis: {axis} }}"
        grid.add("SoftmaxWithLoss", f"axis{axis}", text, scores, (labels, f"label:{scores[at]}"))
    for n_tops in (0, 1, 2, 3):
        grid.add("SoftmaxWithLoss", f"tops{n_tops}", "", (4, 5), ((4,), "label:5"), n_tops=n_tops)
    for weight in ("0", "2", "0.5"):
        grid.add("SoftmaxWithLoss", f"weight{weight}", f"loss_weight: {weight}", (4, 5),
                 ((4,), "label:5"))  # fmt: skip
    grid.add("SoftmaxWithLoss", "beyond", "", (4, 5), ((4,), "constant:5"), is_undefined=True)
    grid.add("SoftmaxWithLoss", "negative", "", (4, 5), ((4,), "constant:-1"), is_undefined=True)
    grid.add("SoftmaxWithLoss", "all_ignored", "loss_param { ignore_label: 3 }", (4, 5),
             ((4,), "constant:3"))  # fmt: skip
    grid.add("SoftmaxWithLoss", "other_count", "", (4, 5), ((5,), "label:5"))
    grid.add("SoftmaxWithLoss", "one_hot", "", (4, 5), (4, 5))
    grid.add("SoftmaxWithLoss", "sure", "", ((4, 5), "constant:500"), ((4,), "label:5"))
    grid.add("SoftmaxWithLoss", "fraction", "", (4, 5), ((4,), "unit"))


def _infogain(grid: Grid) -> None:
    table = {"5": (1, 1, 5, 5), "flat": (25,), "square": (5, 5)}
    for place, (scores, labels) in PLACES.items():
        for mode in (None, *MODES):
            words = "" if mode is None else f"normalization: {mode} ignore_label: 2"
            kind = "label:5" if mode is None else "label:5:2"
            grid.add("InfogainLoss", f"{place}_{mode}", f"loss_param {{ {words} }}", scores,
                     (labels, kind), (table["5"], "unit"))  # fmt: skip
    for name, shape in table.items():
        grid.add("InfogainLoss", f"table_{name}", "", (4, 5), ((4,), "label:5"), (shape, "unit"))
    grid.add("InfogainLoss", "small_table", "", (4, 5), ((4,), "label:5"), ((4, 4), "unit"))
    grid.add("InfogainLoss", "without_table", "", (4, 5), ((4,), "label:5"))
    grid.add("InfogainLoss", "two_tops", "", (4, 5), ((4,), "label:5"), ((5, 5), "unit"), n_tops=2)
    grid.add(
        "InfogainLoss",
        "beyond",
        "",
        (4, 5),
        ((4,), "constant:5"),
        ((5, 5), "unit"),
        is_undefined=True,
    )
    for axis in (0, 1, 2, -1, -2):
        scores = (2, 3, 4)
        at = axis % 3
        labels = (*scores[:at], *scores[at + 1 :])
        size = scores[at]
        grid.add("InfogainLoss", f"axis{axis}", f"infogain_loss_param {{ axis: {axis} }}", scores,
                 (labels, f"label:{size}"), ((size, size), "unit"))  # fmt: skip


def _sigmoid_loss(grid: Grid) -> None:
    for shape in ((4,), (4, 5), (2, 3, 4), (2, 3, 2, 2), (2, 2, 2, 2, 2)):
        for mode in (None, *MODES):
            for ignored in (None, 1):
                words = "" if mode is None else f"normalization: {mode} "
                words += "" if ignored is None else f"ignore_label: {ignored}"
                name = f"{len(shape)}d_{mode}_{ignored}"
                grid.add("SigmoidCrossEntropyLoss", name, f"loss_param {{ {words} }}", shape,
                         (shape, "binary"))  # fmt: skip
    for n, words in enumerate(("normalize: true", "normalize: false",
                               "normalize: true normalization: NONE")):  # fmt: skip
        grid.add("SigmoidCrossEntropyLoss", f"normalize{n}", f"loss_param {{ {words} }}", (4, 5),
                 ((4, 5), "binary"))  # fmt: skip
    grid.add("SigmoidCrossEntropyLoss", "unit", "", (4, 5), ((4, 5), "unit"))
    grid.add("SigmoidCrossEntropyLoss", "unit_ignored", "loss_param { ignore_label: 0 }", (4, 5),
             ((4, 5), "unit"))  # fmt: skip
    grid.add("SigmoidCrossEntropyLoss", "other_shape", "", (4, 5), ((20,), "unit"))
    grid.add("SigmoidCrossEntropyLoss", "other_count", "", (4, 5), ((4, 4), "unit"))
    grid.add("SigmoidCrossEntropyLoss", "two_tops", "", (4, 5), ((4, 5), "unit"), n_tops=2)
    grid.add("SigmoidCrossEntropyLoss", "large", "", ((4, 5), "constant:300"), ((4, 5), "binary"))


def _plain_losses(grid: Grid) -> None:
    for shape in ((4,), (4, 5), (2, 3, 4), (2, 3, 2, 2), (2, 2, 2, 2, 2)):
        name = f"{len(shape)}d"
        grid.add("EuclideanLoss", name, "", shape, shape)
        for norm in ("L1", "L2"):
            text = f"hinge_loss_param {{ norm: {norm} }}"
            labels = ((shape[0],), f"label:{shape[1] if len(shape) == 2 else min(2, len(shape))}")
            grid.add("HingeLoss", f"{name}_{norm}", text, shape, labels)
            labels4 = ((shape[0], 1, 1, 1), labels[1])
            grid.add("HingeLoss", f"{name}_{norm}_4d", text, shape, labels4)
        labels = ((shape[0],), f"label:{shape[1] if len(shape) == 2 else min(2, len(shape))}")
        grid.add("MultinomialLogisticLoss", name, "", (shape, "unit"), labels)
        if len(shape) > 1:
            grid.add("ContrastiveLoss", f"{name}_full", "", shape, shape, ((shape[0],), "binary"))
        for n_tops in (0, 2):
            grid.add("EuclideanLoss", f"{name}_tops{n_tops}", "", shape, shape, n_tops=n_tops)
    for type_, second in (("EuclideanLoss", (20,)), ("EuclideanLoss", (5, 4)),
                          ("EuclideanLoss", (4, 4)), ("HingeLoss", (5,)), ("HingeLoss", (4, 5)),
                          ("MultinomialLogisticLoss", (5,)), ("MultinomialLogisticLoss", (4, 5)),
                          ("MultinomialLogisticLoss", (4, 1, 1, 1)),
                          ("MultinomialLogisticLoss", (4, 1, 1, 2))):  # fmt: skip
        kind = "normal" if type_ == "EuclideanLoss" else "label:5"
        name = f"second{'x'.join(map(str, second))}"
        grid.add(type_, name, "", ((4, 5), "unit"), (second, kind))
    for type_ in ("HingeLoss", "MultinomialLogisticLoss"):
        grid.add(type_, "beyond", "", ((4, 5), "unit"), ((4,), "constant:5"), is_undefined=True)
        grid.add(type_, "no_top", "", ((4, 5), "unit"), ((4,), "label:5"), n_tops=0)
        grid.add(type_, "weight", "loss_weight: 3", ((4, 5), "unit"), ((4,), "label:5"))
    grid.add("MultinomialLogisticLoss", "zero", "", ((4, 5), "binary"), ((4,), "label:5"))
    grid.add("MultinomialLogisticLoss", "ignored", "loss_param { ignore_label: 2 }",
             ((4, 5), "unit"), ((4,), "label:5"))  # fmt: skip
    grid.add("EuclideanLoss", "same", "", ((4, 5), "constant:1"), ((4, 5), "constant:1"))
    grid.add("EuclideanLoss", "weights", "loss_weight: 0", (4, 5), (4, 5))


def _contrastive(grid: Grid) -> None:
    for margin in ("", "margin: 2.5", "margin: 0"):
        for legacy in ("false", "true"):
            text = f"contrastive_loss_param {{ {margin} legacy_version: {legacy} }}"
            for shape in ((6, 4), (6, 4, 1, 1), (3, 4, 1)):
                name = f"{len(shape)}d_{margin[-3:].strip()}_{legacy}"
                grid.add("ContrastiveLoss", name, text, shape, shape, ((shape[0],), "binary"))
    grid.add("ContrastiveLoss", "marks4d", "", (6, 4), (6, 4), ((6, 1, 1, 1), "binary"))
    grid.add("ContrastiveLoss", "marks_wide", "", (6, 4), (6, 4), ((6, 2), "binary"))
    grid.add("ContrastiveLoss", "marks_few", "", (6, 4), (6, 4), ((5,), "binary"),
             is_undefined=True)  # fmt: skip
    grid.add("ContrastiveLoss", "marks_2", "", (6, 4), (6, 4), ((6,), "constant:2"))
    grid.add("ContrastiveLoss", "marks_half", "", (6, 4), (6, 4), ((6,), "constant:0.5"))
    grid.add("ContrastiveLoss", "other_width", "", (6, 4), (6, 5), ((6,), "binary"))
    grid.add("ContrastiveLoss", "equal", "", ((6, 4), "constant:1"), ((6, 4), "constant:1"),
             ((6,), "binary"))  # fmt: skip


def _accuracy(grid: Grid) -> None:
    for place, (scores, labels) in PLACES.items():
        for top_k in (1, 2, 5, 6):
            for ignored in (None, 2):
                for n_tops in (1, 2):
                    words = f"top_k: {top_k} " + (f"ignore_label: {ignored}" if ignored else "")
                    name = f"{place}_{top_k}_{ignored}_{n_tops}"
                    grid.add("Accuracy", name, f"accuracy_param {{ {words} }}", (scores, "ties"),
                             (labels, "label:5"), n_tops=n_tops)  # fmt: skip
    for axis in (0, 1, 2, 3, -1, -2, 4):
        scores = (2, 3, 4, 5)
        at = axis % 4
        labels = (*scores[:at], *scores[at + 1 :])
        grid.add("Accuracy", f"axis{axis}", f"accuracy_param {{ axis: {axis} }}", scores,
                 (labels, f"label:{scores[at]}"), n_tops=2)  # fmt: skip
    grid.add("Accuracy", "zero", "accuracy_param { top_k: 0 }", (4, 5), ((4,), "label:5"))
    grid.add("Accuracy", "beyond", "", (4, 5), ((4,), "constant:5"), is_undefined=True)
    grid.add("Accuracy", "negative", "", (4, 5), ((4,), "constant:-1"), is_undefined=True)
    grid.add("Accuracy", "all_ignored", "accuracy_param { ignore_label: 3 }", (4, 5),
             ((4,), "constant:3"), n_tops=2)  # fmt: skip
    grid.add("Accuracy", "other_count", "", (4, 5), ((5,), "label:5"))
    grid.add("Accuracy", "nan", "", ((4, 5), "nan"), ((4,), "label:5"))
    grid.add("Accuracy", "no_top", "", (4, 5), ((4,), "label:5"), n_tops=0)
    grid.add("Accuracy", "line", "", (7,), ((1,), "label:5"))


def make_grid() -> Grid:
    """All cases of this family."""
    grid = Grid()
    for build in (_softmax_loss, _infogain, _sigmoid_loss, _plain_losses, _contrastive, _accuracy):
        build(grid)
    return grid

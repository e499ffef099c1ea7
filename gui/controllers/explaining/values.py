"""What the Gradients view shows of what was found, as its plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.attribution.explanation import Explained, Explanation
from core.attribution.methods import METHOD_NAMES, TITLES, Method, MethodName
from core.attribution.targets import ClassTarget
from core.engines.values import Value
from core.jobs.score_target import ClassTable
from core.layers.registry import layer_type
from core.net.definition import Net
from core.net.value_words import value_words
from gui.panels.gradients.shown import (
    ClassChoice,
    MethodRow,
    NormRow,
    OtherMap,
    seconds_words,
    share_words,
)

QUICK: tuple[MethodName, ...] = ("saliency", "gradxinput", "guided", "gradcam")
"""They share two passes; the others take dozens."""
N_OTHERS = 6
_NOTES: dict[MethodName, str] = {
    "saliency": "one backward",
    "gradxinput": "signed, sums over channels",
    "guided": "only rising paths",
}
_OF_A_BACKWARD: dict[MethodName, float] = {"integrated": 1.3, "occlusion": 0.35}
"""What a picture takes, as a share of a pass forward and back."""


def class_choices(table: ClassTable) -> tuple[ClassChoice, ...]:
    """Every class, best first."""
    return tuple(
        ClassChoice(number, class_name(table, number), share)
        for number, share in zip(table.order, table.shares, strict=True)
    )


def next_words(table: ClassTable) -> tuple[str, ...]:
    """ "Next: monastery 12 %, palace 9 %", and without the last of them."""
    pairs = list(zip(table.order, table.shares, strict=True))[1:3]
    listed = [f"{short_name(table, n)} {share_words(share)}" for n, share in pairs]
    return tuple(f"Next: {', '.join(listed[:n])}" for n in range(len(listed), 0, -1))


def passes_words(method: Method, size: tuple[int, int]) -> str:
    """What a method that waits is going to do."""
    if method.name in QUICK:
        return "Forward and back, twice. Press Run."
    return f"{method.n_passes(*size):,} passes of the net. Press Run."


def class_name(table: ClassTable, number: int) -> str:
    """Its first name, "" where none is known."""
    return table.names[number].split(",")[0] if number < len(table.names) else ""


def short_name(table: ClassTable, number: int) -> str:
    """Its first name, else "class 7"."""
    return class_name(table, number) or f"class {number}"


def method_rows(
    found: Mapping[MethodName, Explanation],
    at: str,
    size: tuple[int, int],
    with_settings: Callable[[MethodName], Method],
    *,
    is_running: bool,
    waits: bool,
) -> tuple[MethodRow, ...]:
    """at: the layer of Grad-CAM; size: height and width of the input; waits: of quick ones, too.

    with_settings: a method as it is set.
    """
    rows = []
    for name in METHOD_NAMES:
        method, one = with_settings(name), found.get(name)
        is_dear = name not in QUICK
        if one is not None:
            time = seconds_words(one.seconds)
        elif is_dear:
            time = estimate(found, method, size)
        else:
            time = "…" if is_running else "Run" if waits else ""
        note = _NOTES.get(name, "")
        if name == "gradcam":
            note = f"at {at}" if at else "at a layer with places"
        elif name == "integrated":
            begin = "the mean" if method.baseline == "mean" else method.baseline
            note = f"{method.steps} steps from {begin}"
        elif name == "occlusion":
            patch, stride = method.grid(*size)
            note = f"patch {patch}, {stride} apart"
        rows.append(MethodRow(name, TITLES[name], note, time, one, waits=is_dear or waits))
    return tuple(rows)


def estimate(found: Mapping[MethodName, Explanation], method: Method, size: tuple[int, int]) -> str:
    """ "Run, 1:20" by what a pass has taken; "Run" where none has."""
    measured = next((found[name].seconds for name in QUICK if name in found), None)
    if measured is None:
        return "Run"
    seconds = measured * _OF_A_BACKWARD[method.name] * method.n_passes(*size)
    return f"Run, {seconds_words(seconds)}"


def norm_rows(explained: Explained | None, net: Net, selected: str) -> tuple[NormRow, ...]:
    """The gradient's norm at each value, bars as shares of the largest."""
    if explained is None or not explained.norms:
        return ()
    of = explained.maps[0].of if explained.maps else None
    largest = max((norm for value, norm in explained.norms if value != of), default=1.0) or 1.0
    versions = {(v.layer, v.blob): v for v in net.versions}
    rows = []
    for value, norm in explained.norms:
        version = versions.get((value.layer, value.top))
        words = value.layer if version is None else value_words(version)
        family = layer_type(net.layer(value.layer).type).family
        rows.append(
            NormRow(
                value.layer, value.top, words, family, norm, norm / largest,
                is_selected=value.layer == selected, is_target=value == of,
            )
        )  # fmt: skip
    return tuple(rows)


def other_targets(table: ClassTable, of: ClassTarget) -> tuple[ClassTarget, ...]:
    """The best classes, and the best less the second."""
    targets = [ClassTarget(number, of=of.of) for number in table.order[:N_OTHERS]]
    if len(table.order) > 1:
        targets.append(ClassTarget(table.order[0], table.order[1], of.of))
    return tuple(targets)


def other_maps(
    table: ClassTable, targets: Sequence[ClassTarget], found: Sequence[Explanation]
) -> tuple[OtherMap, ...]:
    """As listed below the picture; those that are not there yet are empty."""
    shares = dict(zip(table.order, table.shares, strict=True))
    maps = []
    for place, target in enumerate(targets):
        one = found[place] if place < len(found) else None
        number = target.number or 0
        if target.minus is not None:
            maps.append(OtherMap(number, "difference", "1 − 2", one, is_difference=True))
        else:
            name = short_name(table, number)
            maps.append(OtherMap(number, name, share_words(shares[number]), one))
    return tuple(maps)


def place_of(values: Sequence[Value], layer: str) -> int:
    """Which of the values Grad-CAM is taken at: the layer's own, else the last."""
    found = [place for place, value in enumerate(values) if value.layer == layer]
    return found[-1] if found else len(values) - 1

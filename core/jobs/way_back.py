"""The net that is gone back through, or changed, in the place of the one that runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.attribution.explanation import Explained
from core.attribution.targets import ChannelTarget, MatchTarget, Target
from core.engine_names import GRAPH_ENGINES, engine_title
from core.engines.host import NetToRun
from core.engines.values import EngineSpec, Value
from core.errors import AppError
from core.jobs.open import net_of
from core.layers.backward import true_gradient_words, wrong_in_place
from core.layers.registry import layer_type
from core.net.definition import Layer, Net
from core.net.rename import plan_rename


def no_way_back(asked: NetToRun) -> str:
    """What stands in for an engine without one."""
    title = engine_title(asked.engine.name)
    return f"{title} has no way back: this is PyTorch's, of the same net and weights."


def no_changes(asked: NetToRun) -> str:
    """What stands in for an engine that changes no values."""
    title = engine_title(asked.engine.name)
    return f"{title} changes no values: before and after are PyTorch's, same net and weights."


def changeable(net: NetToRun) -> NetToRun:
    """The same on an engine that changes values and goes back, where its own does neither."""
    return replace(net, engine=net.engine.exact) if net.engine.name in GRAPH_ENGINES else net


@dataclass(frozen=True)
class WayBack:
    """What gives the true gradients of a net: the slope of its forward pass.

    net: to run for them. note: what stands in for what. wrong: layers whose gradient real Caffe
    itself gets wrong. by: who gives the true one, where it is not the engine that was chosen.
    names: of the values in `net`, by those of the user's net.
    """

    net: NetToRun
    note: str = ""
    wrong: tuple[Layer, ...] = ()
    by: str = ""
    names: Mapping[Value, Value] = field(default_factory=dict)

    def there(self, value: Value) -> Value:
        """A value of the user's net as it is called in this one."""
        return self.names.get(value, value)

    def target_there(self, target: Target) -> Target:
        """A target as it is called in this net."""
        if isinstance(target, ChannelTarget | MatchTarget):
            return replace(target, value=self.there(target.value))
        return target

    def notes(self, needed: Iterable[str]) -> tuple[str, ...]:
        """What stands in for what; needed: the layers that are gone back through, by name."""
        names = set(needed)
        layers = [layer for layer in self.wrong if layer.name in names]
        words = true_gradient_words(layers, by=self.by)
        return (*((self.note,) if self.note else ()), *words)

    def explained_here(self, found: Explained, target: Target) -> Explained:
        """What was found in this net, by the names of the user's; target: as that has it."""
        here = {theirs: ours for ours, theirs in self.names.items()}

        def back(value: Value) -> Value:
            return here.get(value, value)

        return replace(
            found,
            maps=tuple(
                replace(
                    one,
                    of=back(one.of),
                    at=back(one.at),
                    target=target
                    if isinstance(target, ChannelTarget | MatchTarget)
                    else one.target,
                )
                for one in found.maps
            ),
            at=back(found.at),
            norms=tuple((back(value), norm) for value, norm in found.norms),
        )


def way_back(to_run: NetToRun) -> WayBack:
    """What to run for true gradients.

    Where real Caffe is wrong in place each such layer is given a blob of its own, which keeps what
    its backward reads; its values stay as they are. An Eltwise that adds up in place has lost its
    first bottom on the way forward, an LRN has squared its factor: with blobs of their own they
    would give other values, so those nets go to PyTorch, which computes as Caffe does in place.
    """
    net, _ = net_of(to_run)
    wrong = wrong_in_place(net.layers)
    if to_run.engine.name in GRAPH_ENGINES:
        return WayBack(changeable(to_run), no_way_back(to_run), wrong)
    if to_run.engine.name != "caffe" or not wrong:
        return WayBack(to_run, wrong=wrong)
    text = _with_own_blobs(net, wrong) if all(map(_keeps_its_values, wrong)) else None
    if text is None:
        return WayBack(replace(to_run, engine=EngineSpec()), wrong=wrong, by="PyTorch")
    renamed = replace(to_run, text=text)
    other, _ = net_of(renamed)
    pairs = zip(net.layers, other.layers, strict=True)
    names = {
        Value(ours.name, here): Value(ours.name, there)
        for ours, theirs in pairs
        for here, there in zip(ours.tops, theirs.tops, strict=True)
        if here != there
    }
    return WayBack(renamed, wrong=wrong, names=names)


def _keeps_its_values(layer: Layer) -> bool:
    """Whether a layer computes the same in place as in a blob of its own."""
    if layer.type == "Eltwise":
        return layer.param("eltwise_param").word("operation", "SUM") == "PROD"
    return layer_type(layer.type).may_run_in_place


def _with_own_blobs(net: Net, layers: Iterable[Layer]) -> str | None:
    """The text with a blob for each; None where another phase needs them as they are."""
    try:
        return plan_rename(net, [layer.name for layer in layers]).new_text
    except AppError:
        return None

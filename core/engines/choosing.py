"""Choosing the engine of a survey for a net that is to run on "auto"."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from core.engine_names import installed_graph_engines
from core.engines.host import EngineHost, NetToRun, stamp_of
from core.engines.run_provenance import sha256_of_text
from core.engines.trial import (
    Chosen,
    Inputs,
    Wants,
    try_engines,
    what_to_compare,
    why_no_trial,
    why_not_able,
)
from core.engines.trial_memory import Remembered, default_memory, trial_key
from core.engines.values import EngineSpec
from core.errors import EngineCancelled, EngineError, EngineUnavailableError


def choose_engine(host: EngineHost, net: NetToRun, inputs: Inputs, wants: Wants) -> NetToRun:
    """The net with the engine of such passes in place of "auto"; others as they are.

    Tried once for a net, what it is fed with and asked for, this machine and the versions of
    all engines. inputs, wants: as for `Engine.measure`.
    """
    if not net.engine.is_by_trial:
        return net
    chosen = _chosen(host, net, inputs, wants)
    host.on_choice(chosen)
    return replace(net, engine=chosen.spec, why_engine=chosen.reason)


def _chosen(host: EngineHost, net: NetToRun, inputs: Inputs, wants: Wants) -> Chosen:
    why_not = why_no_trial(net.device)
    if why_not:
        return Chosen("torch", f"PyTorch: {why_not}")
    memory, key = default_memory(), trial_key(_told(net), inputs, wants)
    found = memory.find(key)
    if found is not None:
        return found
    try:
        found = _try(host, net, inputs, wants)
    except EngineCancelled:
        raise
    except EngineError as error:  # another day may tell
        return Chosen("torch", f"PyTorch: {error.sentence}")
    memory.keep(Remembered(key, found.engine, found.reason, net.path.name))
    return found


def _try(host: EngineHost, net: NetToRun, inputs: Inputs, wants: Wants) -> Chosen:
    with ExitStack() as stack:
        torch = stack.enter_context(host.opened(net))
        torch.check(list(wants))
        engines, left_out = {"torch": torch}, []
        for name in installed_graph_engines():
            try:
                engine = stack.enter_context(host.opened(replace(net, engine=EngineSpec(name))))
            except EngineUnavailableError as error:  # as of a version that is too old
                left_out.append(error.sentence.removesuffix("."))
                continue
            why_not = why_not_able(engine, wants)
            if why_not:
                left_out.append(why_not)
            else:
                engines[name] = engine
        if len(engines) == 1:
            return Chosen("torch", f"PyTorch: {'; '.join(left_out)}")
        compared = what_to_compare(torch.layers, wants)
        found = try_engines(engines, inputs, wants, compared=compared)
        return replace(found, left_out=(*left_out, *found.left_out)).chosen()


def _told(net: NetToRun) -> list[object]:
    """What tells a net and its weights."""
    state = [net.state.phase, net.state.level, *net.state.stages]
    return [sha256_of_text(net.text), stamp_of(net.weights), net.seed, state]

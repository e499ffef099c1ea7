"""The engines there are, and starting them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.engine_names import ENGINE_NAMES
from core.engines.consent import Agree, agree_to_nothing
from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.values import Device, EngineSpec, EngineStatus
from core.errors import EngineError

_DEFAULT_SPEC = EngineSpec()


def start_engine(
    spec: EngineSpec = _DEFAULT_SPEC, *, agree: Agree = agree_to_nothing
) -> EngineProcess:
    """Start an engine's child and return at once; its libraries load meanwhile.

    agree: asked before programs run that Python layers name.
    Raises EngineUnavailableError when the command can't be run at all.
    """
    return EngineProcess(spec.settled, agree=agree)


@contextmanager
def open_engine(
    spec: EngineSpec,
    net_text: str,
    weights: Path | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> Iterator[Engine]:
    """One net in a child of its own, which ends with the `with` block."""
    with start_engine(spec) as process:
        yield process.open(
            net_text,
            weights,
            device=device,
            seed=seed,
        )


def available_engines(caffe_command: tuple[str, ...] = ()) -> tuple[EngineStatus, ...]:
    """Start each engine and ask what it runs on; takes as long as its libraries take to load.

    caffe_command: what starts a Python with pycaffe; () is what the environment says.
    """
    specs = {name: EngineSpec(name) for name in ENGINE_NAMES}
    specs["caffe"] = EngineSpec("caffe", caffe_command)
    return tuple(try_engine(spec) for spec in specs.values())


def try_engine(spec: EngineSpec) -> EngineStatus:
    """Start an engine, ask what it is and end it: what was found, or why it does not start."""
    try:
        with start_engine(spec) as process:
            return status_of(process)
    except EngineError as error:
        return EngineStatus(spec.name, False, str(error))


def status_of(process: EngineProcess) -> EngineStatus:
    """What a started engine says of itself; raises what EngineProcess.call raises."""
    name = process.spec.name
    versions, devices = process.versions(), process.devices()
    layer_types = process.layer_types()
    sentence = _found(name, versions, devices, len(layer_types))
    return EngineStatus(
        name,
        True,
        sentence,
        tuple(versions.items()),
        devices,
        layer_types,
        process.fast_paths(),
    )


def _found(
    name: str, versions: Mapping[str, str], devices: Sequence[Device], n_layer_types: int
) -> str:
    where = ", ".join(device.name for device in devices)
    library = f"{name} {versions.get(name, '')}".rstrip()
    if name != "caffe":
        return f"{library} runs on {where}."
    there = f"Python {versions.get('python')} with NumPy {versions.get('numpy')}"
    what = f"{n_layer_types} layer types" if n_layer_types else "layer types it does not name"
    return f"{library} in {there} runs {what} on {where}."

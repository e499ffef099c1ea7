"""Inputs on their way to a device and results on their way back, beside the passes that run.

A GPU has engines for copies of their own. They work while it computes where a copy has a stream of
its own, and where the memory on the side of the computer is pinned: it can't be moved meanwhile.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

_MOST_SHAPES = 4
"""Of inputs, whose pinned buffers are kept."""
_BUFFERS = 2
"""Of a shape: one is copied from while the next is filled."""

Brought = Callable[[], list[np.ndarray]]
"""Waits for results: an array for each tensor that was to be brought."""


class Mark(Protocol):
    """A point in the work of a lane."""

    def wait(self) -> None:
        """Until the lane has come there."""


class Lane(Protocol):
    """Work of a device that is done in its order, as that of a CUDA stream."""

    def copy(self, target: Tensor, source: Tensor) -> None:
        """Begin to copy."""

    def mark(self) -> Mark:
        """After all that was begun here so far."""

    def wait(self, mark: Mark) -> None:
        """What is begun here from now on comes after a mark of another lane."""

    def room(self, like: Tensor) -> Tensor:
        """Memory on the device that nothing of this lane uses any more, as large as a tensor."""

    def lend(self, tensor: Tensor) -> None:
        """Memory of another lane is used here: not to be used again before that is done."""


@dataclass(frozen=True)
class Lanes:
    """Inputs come in on one, results go out on another, passes run between them.

    pinned: memory of the computer, as large as a tensor.
    """

    inward: Lane
    compute: Lane
    outward: Lane
    pinned: Callable[[Tensor], Tensor]


class Copies(ABC):
    """How arrays get to a device and back."""

    n_begun = 1
    """How many passes are worth beginning at a time."""

    @abstractmethod
    def send(self, array: np.ndarray) -> Tensor:
        """An array on the device."""

    @abstractmethod
    def bring(self, tensors: Sequence[Tensor]) -> Brought:
        """Results on their way back: float32, but for what is counted or summed exactly."""


class PlainCopies(Copies):
    """Each copy is waited for; on a CPU there is none."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, array: np.ndarray) -> Tensor:
        """The array's own memory on a CPU."""
        return torch.from_numpy(array).to(self._device)

    def bring(self, tensors: Sequence[Tensor]) -> Brought:
        """They are there when this returns."""
        found = [to_numpy(tensor) for tensor in tensors]
        return lambda: found


class OverlappedCopies(Copies):
    """Copies beside the pass that runs; the next one may begin before its results are there."""

    n_begun = _BUFFERS

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._rings: OrderedDict[tuple[int, ...], _Ring] = OrderedDict()

    @torch.inference_mode(mode=False)  # tensors of an inference serve nothing else
    def send(self, array: np.ndarray) -> Tensor:
        """On the device for whatever the lane of passes does from now on."""
        lanes, source = self._lanes, torch.from_numpy(array)
        buffer = self._ring(source).next()
        buffer.left.wait()  # a copy may still read what the buffer held before
        buffer.memory.copy_(source)
        tensor = lanes.inward.room(buffer.memory)
        lanes.inward.copy(tensor, buffer.memory)
        buffer.left = lanes.inward.mark()
        lanes.compute.wait(buffer.left)
        lanes.compute.lend(tensor)
        return tensor

    def bring(self, tensors: Sequence[Tensor]) -> Brought:
        """They leave as soon as what computes them is done."""
        lanes = self._lanes
        results = [_as_told(tensor) for tensor in tensors]
        lanes.outward.wait(lanes.compute.mark())
        memories = []
        for result in results:
            memories.append(lanes.pinned(result))
            lanes.outward.copy(memories[-1], result)
            lanes.outward.lend(result)
        there = lanes.outward.mark()

        def brought() -> list[np.ndarray]:
            there.wait()
            return [memory.numpy() for memory in memories]

        return brought

    def _ring(self, source: Tensor) -> _Ring:
        shape = tuple(source.shape)
        if shape not in self._rings:
            memories = [self._lanes.pinned(source) for _ in range(_BUFFERS)]
            self._rings[shape] = _Ring([_Buffer(memory) for memory in memories])
        self._rings.move_to_end(shape)
        while len(self._rings) > _MOST_SHAPES:
            _, old = self._rings.popitem(last=False)
            for buffer in old.buffers:
                buffer.left.wait()
        return self._rings[shape]


class Done:
    """A mark where nothing runs behind its caller."""

    def wait(self) -> None:
        """It is reached."""


@dataclass
class _Buffer:
    """Memory of the computer, and when the last copy from it is done."""

    memory: Tensor
    left: Mark = field(default_factory=Done)


@dataclass
class _Ring:
    """Buffers of one shape, taken in turns."""

    buffers: list[_Buffer]
    _turn: int = 0

    def next(self) -> _Buffer:
        self._turn = (self._turn + 1) % len(self.buffers)
        return self.buffers[self._turn]


class HostLane:
    """Does all at once, in the place of a stream."""

    def copy(self, target: Tensor, source: Tensor) -> None:
        """It is done when this returns."""
        target.copy_(source)

    def mark(self) -> Mark:
        """Reached."""
        return Done()

    def wait(self, mark: Mark) -> None:
        """Of another lane of the host there is nothing to wait for."""

    def room(self, like: Tensor) -> Tensor:
        """New memory."""
        return torch.empty_like(like)

    def lend(self, tensor: Tensor) -> None:
        """Nothing is done later."""


def host_lanes() -> Lanes:
    """The lanes of a CPU, where a copy is no work of its own."""
    return Lanes(HostLane(), HostLane(), HostLane(), torch.empty_like)


class _CudaMark:
    def __init__(self, event: torch.cuda.Event) -> None:
        self.event = event

    def wait(self) -> None:
        self.event.synchronize()


class CudaLane:
    """A stream of a GPU; None for the one that is current where it is used."""

    def __init__(self, device: torch.device, stream: torch.cuda.Stream | None = None) -> None:
        self._device, self._own = device, stream

    @property
    def _stream(self) -> torch.cuda.Stream:
        return self._own or torch.cuda.current_stream(self._device)

    def copy(self, target: Tensor, source: Tensor) -> None:
        """Queued on the stream; one of both is pinned, or the caller would wait."""
        with torch.cuda.stream(self._stream):
            target.copy_(source, non_blocking=True)

    def mark(self) -> Mark:
        """An event."""
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(self._stream)
        return _CudaMark(event)

    def wait(self, mark: Mark) -> None:
        """The stream waits, not its caller."""
        if isinstance(mark, _CudaMark):
            self._stream.wait_event(mark.event)

    def room(self, like: Tensor) -> Tensor:
        """Of the allocator's memory for this stream: that of another might still be computed in."""
        with torch.cuda.stream(self._stream):
            return torch.empty(like.shape, dtype=like.dtype, device=self._device)

    def lend(self, tensor: Tensor) -> None:
        """The allocator waits for this stream, too, before it gives the memory away again."""
        tensor.record_stream(self._stream)


def cuda_lanes(device: torch.device) -> Lanes:
    """Passes run on the current stream, as all else does."""
    streams = [torch.cuda.Stream(device) for _ in range(2)]  # type: ignore[no-untyped-call]
    inward, outward = (CudaLane(device, stream) for stream in streams)

    def pinned(like: Tensor) -> Tensor:
        return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)

    return Lanes(inward, CudaLane(device), outward, pinned)


def copies_for(device: torch.device, wish: str = "") -> Copies:
    """By a device, or as they are wished: "plain" or "overlapped"."""
    if wish == "plain" or (device.type != "cuda" and wish != "overlapped"):
        return PlainCopies(device)
    return OverlappedCopies(cuda_lanes(device) if device.type == "cuda" else host_lanes())


def _as_told(tensor: Tensor) -> Tensor:
    """float32, but for what is counted or summed exactly; one value after the other."""
    exact = tensor.dtype in (torch.float64, torch.int64)
    return tensor.detach().to(tensor.dtype if exact else torch.float32).contiguous()


def to_numpy(tensor: Tensor) -> np.ndarray:
    """A result on the computer's side."""
    array: np.ndarray = _as_told(tensor).cpu().numpy()
    return array

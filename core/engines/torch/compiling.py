"""Layers compiled by oneDNN Graph: the kernels of single operators at a fraction of their call.

An operator of torch looks its kernel up in every call, which takes up to 60 us where many a layer
computes no longer; a compiled one knows it. Compiling takes a hundred times as long, so that it
pays only for what comes again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch
from torch import Tensor
from torch.nn import functional

_MAX_CALLS = 2
"""Remembered for a layer: full batches and the last, smaller one."""

Formula = Callable[..., Tensor]


class CompiledCalls:
    """The calls of one layer, by what they do and how their tensors lie in memory."""

    def __init__(self) -> None:
        self._calls: OrderedDict[Hashable, Formula | None] = OrderedDict()

    def run(
        self,
        kind: Hashable,
        tensors: tuple[Tensor, ...],
        plain: Formula,
        make_formula: Callable[[], Formula],
    ) -> Tensor:
        """What plain(*tensors) gives, from the third time on by the formula, compiled.

        The second time decides: where the formula has other bits, plain is called for good.
        plain may overwrite the tensors after the first, the formula doesn't.
        """
        key = (kind, *((tensor.shape, tensor.stride()) for tensor in tensors))
        if key not in self._calls:
            self._calls[key] = None
            while len(self._calls) > _MAX_CALLS:
                self._calls.popitem(last=False)
            return plain(*tensors)
        self._calls.move_to_end(key)
        call = self._calls[key]
        if call is not None:
            return call(*tensors)
        # Plain may write into the tensors after the first, which the compiled call below reads.
        wanted = plain(tensors[0], *(tensor.clone() for tensor in tensors[1:]))
        compiled = compile_formula(make_formula(), tensors)
        found = compiled(*tensors)
        is_same = found.stride() == wanted.stride() and torch.equal(found, wanted)
        self._calls[key] = compiled if is_same else plain
        return wanted


def compile_formula(formula: Formula, tensors: tuple[Tensor, ...]) -> Formula:
    """Compiled for tensors that lie in memory as these do; other tensors it reads are taken in.

    As torch.jit.trace() does it, which would keep every formula, weights and all, for good.
    """
    graph, _ = torch._C._create_graph_by_tracing(
        formula, tensors, lambda tensor: "", True, False, None, []
    )
    compiled: Formula = torch._C._create_function_from_graph("formula", graph)
    for _ in range(2):  # it looks at the tensors in the first call and compiles in the second
        compiled(*tensors)
    return compiled


@torch.inference_mode()
def why_unavailable() -> str:
    """Why torch can't compile here; "" where it can, and its greatest value is never NaN."""
    # oneDNN Graph lies behind TorchScript's tracer, which torch calls deprecated and has no other
    # door to: a torch without it must be told from one that is merely slow.
    try:
        torch.jit.enable_onednn_fusion(True)
        x = torch.arange(-32.0, 32.0).reshape(1, 4, 4, 4)
        x = x.contiguous(memory_format=torch.channels_last)
        pool = compile_formula(lambda x: functional.max_pool2d(x, 2, 2), (x,))
        graph = torch._C._last_executed_optimized_graph()
        x[0, :, ::2, ::3] = torch.nan
        expected = functional.max_pool2d(torch.nan_to_num(x, -1e9), 2, 2)
        is_right = torch.equal(pool(x), expected)
    except (RuntimeError, AttributeError, NotImplementedError, TypeError, ValueError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        return f"torch {torch.__version__} refuses to compile: {said[0]}"
    if "oneDNNFusionGroup" not in str(graph):
        return f"torch {torch.__version__} compiles nothing with oneDNN Graph here"
    return "" if is_right else f"torch {torch.__version__} takes NaN for the greatest value"

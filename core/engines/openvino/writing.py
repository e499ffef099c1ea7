"""What OpenVINO is given otherwise than ONNX Runtime."""

from __future__ import annotations

from core.engines.onnx_graph.finite import finite_only
from core.engines.onnx_graph.joining import lrn_as_one
from core.engines.onnx_graph.layer_writer import Writers
from core.engines.onnx_graph.writing import WRITERS as SHARED

WRITERS: Writers = finite_only({**SHARED, "LRN": lrn_as_one})

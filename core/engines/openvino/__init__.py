"""The OpenVINO engine: runs the graph that is written from a net, on CPUs.

OpenVINO reports each import to its makers unless its package for that can't be imported.
"""

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_modules["openvino_telemetry"] = None

"""A net written as an ONNX graph, for the engines that run one: ONNX Runtime and OpenVINO."""

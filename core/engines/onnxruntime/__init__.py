"""The ONNX Runtime engine: runs the graph that is written from a net, on CPUs."""

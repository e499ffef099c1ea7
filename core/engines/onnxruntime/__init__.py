"""The ONNX Runtime engine: a graph written from the net, for CPUs where it is the faster one."""

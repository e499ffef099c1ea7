"""The OpenCV engine: runs the graph that is written from a net in OpenCV's dnn module, on CPUs."""

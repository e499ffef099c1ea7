"""The real-Caffe engine: our side of a foreign Python that runs pycaffe."""

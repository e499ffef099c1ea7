"""What runs in a foreign Python beside pycaffe: valid from Python 2.7 on, NumPy and caffe only."""

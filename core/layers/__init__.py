"""What each Caffe layer type is: parameters, output shape and cost."""

"""What explains a score: target and methods, the picture with its places, layers and channels."""

"""What explains a score: gradients of it and what covering costs it, laid over the picture."""

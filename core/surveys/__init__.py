"""One pass over many images: the loop, what feeds it, and what collects from it."""

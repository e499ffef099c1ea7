"""Where the boxes and lines of a net's drawing go."""

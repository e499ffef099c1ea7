"""The graph of the net: scene, boxes, edges, view and minimap."""

"""What stands in the graph's scene, one kind a file."""

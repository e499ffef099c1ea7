"""What is taken of an activation: each measure a frozen value with its NumPy reference."""

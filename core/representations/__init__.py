"""From pooled activations to the vectors that are compared: lengths, powers, projections."""

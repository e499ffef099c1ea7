"""Mistakes of rewirings made by hand: recognised in a net, explained, repaired as an edit."""

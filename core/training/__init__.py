"""Making a net learn: its data, its solver, its snapshots."""

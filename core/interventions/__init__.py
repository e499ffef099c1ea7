"""Interventions: what a user changes in the values of a net to see what follows, and the effect."""

"""What interventions do to an image: scores, measures, a ranking, and the list of them."""

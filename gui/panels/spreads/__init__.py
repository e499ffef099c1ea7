"""How the values of every layer spread: a table with heat, and one layer in detail."""

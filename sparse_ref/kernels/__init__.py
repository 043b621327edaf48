"""Arrays in, arrays out: no kernel knows a pattern. `reference` judges the others."""

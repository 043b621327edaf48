"""Arrays in, arrays out: no kernel knows a pattern. `reference` is the statement that judges the others."""

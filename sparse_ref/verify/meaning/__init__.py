"""What an implementation is meant to compute besides its sets, and that computed in float64."""

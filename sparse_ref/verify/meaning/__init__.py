"""What an implementation is meant to compute, beside its sets, and that computed in float64."""

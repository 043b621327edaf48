"""What was read against what was expected: the findings of a report."""

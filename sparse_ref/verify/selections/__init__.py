"""Keys chosen by data: whether the scores allow a choice, and which mistake it is if not."""

"""Names for masks, and words for the difference between two of them."""

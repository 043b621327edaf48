"""What is called in steps: a KV cache fed by schedules, and the layers of a model."""

"""Learned sparsity: spans, thresholds, pruning, and softmaxes that have zeros."""

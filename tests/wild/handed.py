"""q, k and v handed to a layer that would project them itself: in place of its projections stand
tables that it looks up.

The layer's input is the numbers 1, 2, ... of its positions, sequence after sequence; 0, with which
layers fill up, stands for a row of zeros. So a layer may transpose, cut, shift and pad its input
before it projects it, and still attends with the q, k and v that verify made.
"""

import pytest

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")


class Handed(torch.nn.Module):
    """A projection that gives a position its rows of tensors (B, H, n, d), side by side."""

    def __init__(self, *tensors):
        super().__init__()
        rows = torch.cat([merged(x).flatten(0, 1) for x in tensors], dim=-1)
        self.rows = torch.cat([torch.zeros_like(rows[:1]), rows])  # (1 + B n, H d) for each tensor

    def forward(self, x):
        """The rows of the numbers in the first feature."""
        return self.rows[x[..., 0].long()]


class Passed(torch.nn.Module):
    """A module that hands on its input, and keeps it."""

    def forward(self, x, *rest):
        """x, which is then in `x`."""
        self.x = x
        return x


def hand(layer, **tensors):
    """The layer with tables in place of the projections of these names."""
    for name, given in tensors.items():
        setattr(layer, name, Handed(*given))
    return layer


def numbered(q):
    """The input that stands for the positions of q (B, H, n, d): (B, n, H d)."""
    x = torch.zeros_like(merged(q))
    x[..., 0] = torch.arange(1, x[..., 0].numel() + 1).view(x.shape[:2])
    return x


def merged(x):
    """(B, H, n, d) as (B, n, H d)."""
    return x.transpose(1, 2).flatten(2)


def parted(x, heads):
    """(B, n, H d) as (B, H, n, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)

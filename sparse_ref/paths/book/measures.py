"""Functions of j and i that several chapters use; they ignore most parameters of the patterns."""

from __future__ import annotations


def distance(j, i, **parameters):
    """|i - j|"""
    return (i - j) * (j <= i) + (j - i) * (i < j)


def neighbour(j, i, **parameters):
    """the neighbour of i on the side of j"""
    return i + (i < j) - (j < i)


def one_residue(j, i, d, **parameters):
    """j and i are congruent modulo d"""
    return j % d == i % d


def one_block(j, i, b, **parameters):
    """j and i are in one block of b"""
    return j // b == i // b

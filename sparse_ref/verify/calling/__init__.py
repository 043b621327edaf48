"""Calling somebody else's attention: layouts, frameworks, threads. It knows no pattern."""

"""Figures are drawn once, so that layout and colours are exercised, and closed."""

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def _figures():
    """Draw each figure that a test leaves, where a warning is an error; then close it."""
    yield
    try:
        for number in plt.get_fignums():
            plt.figure(number).canvas.draw()
    finally:
        plt.close("all")

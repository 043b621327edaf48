"""The figure of the README, drawn again: python docs/figures.py"""

from pathlib import Path

import sparse_ref as sr

target = Path(__file__).parent / "_static" / "sparse_transformer.png"
figure = sr.plot.factorization([sr.strided(8), sr.fixed(8, 2)], (8, 8))
figure.savefig(target, dpi=150, bbox_inches="tight")
print(target)

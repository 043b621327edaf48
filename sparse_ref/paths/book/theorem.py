"""The parts of a theorem of the book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..proof.verdict import Verdict


@dataclass(frozen=True)
class Theorem:
    """A claim about paths, and a function that settles it.

    Attributes
    ----------
    name : its name on the command line.
    family : the patterns that it is about.
    expected : "proved" or "refuted", the verdict on the statement.
    bears : what the verdict does to the claim: "confirms", "contradicts", or "sharpens" it.
    claim : the claim of the source in our words, or a common belief.
    source : paper and section, or the software.
    remark : why, in a sentence.
    settle : returns the Verdict on the statement.
    """

    name: str
    family: str
    expected: str
    bears: str
    claim: str
    source: str
    remark: str
    settle: Callable[[], Verdict]

    def texts(self) -> dict[str, str]:
        """All fields that are text, by name."""
        return {name: text for name, text in vars(self).items() if name != "settle"}

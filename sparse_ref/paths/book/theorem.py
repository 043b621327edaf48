"""What a theorem of the book is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..proof.verdict import Verdict


@dataclass(frozen=True)
class Theorem:
    """A claim about paths, and what settles it.

    Attributes
    ----------
    name : a word for the command line.
    family : the patterns it is about.
    expected : "proved" or "refuted", what becomes of the statement.
    bears : what that means for the claim: "confirms", "contradicts", or "sharpens" it.
    claim : what the source says, in our words; or what one would think.
    source : paper and section, or the software.
    remark : why, in a sentence.
    settle : gives the Verdict on the statement.
    """

    name: str
    family: str
    expected: str
    bears: str
    claim: str
    source: str
    remark: str
    settle: Callable[[], Verdict]

    def told(self) -> dict[str, str]:
        """All of it that is text, by name."""
        return {name: text for name, text in vars(self).items() if name != "settle"}

"""Bugs that any implementation may have, whatever the set: the outputs that each one produces."""

from .gradient_bugs import GRADIENT_BUGS
from .number_bugs import NUMBER_BUGS
from .option_bugs import OPTION_BUGS
from .set_bugs import SET_BUGS, Bug

BUGS: dict[str, Bug] = {**SET_BUGS, **NUMBER_BUGS, **OPTION_BUGS, **GRADIENT_BUGS}

__all__ = ["BUGS", "Bug"]

"""Fields of what users hand over are spoiled, one after the other; nothing else than a right answer
or a documented error comes back. Run in a process of its own: a signal would end it.
"""

import os
import re
import sys
import warnings
from pathlib import Path

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).parent.parent))

import tampering
from subjects import CASES, SUBJECTS

LOG = Path(os.environ.get("DOOR_LOG", os.devnull))  # of each act, before it begins
counts = {"tampered": 0, "refused": 0, "answered": 0}


class Door(RuleBasedStateMachine):
    """What is handed over, and what may be done with it."""

    @initialize(case=st.sampled_from(range(len(CASES))))
    def enter(self, case):
        self.case = CASES[case]
        self.subjects = {}

    @rule(name=st.sampled_from(sorted(SUBJECTS)), data=st.data())
    def tamper(self, name, data):
        subject = self.subjects.get(name) or SUBJECTS[name](self.case)
        self.subjects[name] = subject
        field = data.draw(st.sampled_from(subject.fields()))
        others = [subject.get(other) for other in subject.fields() if other != field]
        spoiled = list(tampering.ways(subject.get(field)))
        spoiled += [("itself", lambda: subject.thing)]
        spoiled += [("another field", lambda other=other: other) for other in others]
        drawn = data.draw(st.lists(st.sampled_from(spoiled), min_size=1, max_size=8))
        for way, call in drawn:
            if way != tampering.HUGE or name in ("csr", "plan"):  # elsewhere a copy is too much
                self.spoil(subject, field, f"{name}.{field}: {way}", call)

    def spoil(self, subject, field, said, call):
        """Put what the call gives into the field, and run everything that reads it."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = call()
        except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
            return  # this field has no such form
        if subject.put(field, value):
            counts["tampered"] += 1
            for action in subject.actions:
                self.act(subject, said, action)

    @rule(name=st.sampled_from(sorted(SUBJECTS)))
    def restore(self, name):
        self.subjects.pop(name, None)

    def act(self, subject, said, action):
        with LOG.open("a") as log:
            log.write(f"{self.case} {said} -> {action.__name__}\n")
        error = outcome(action, subject)
        counts["answered" if error is None else "refused"] += 1
        if error is not None:
            names = "|".join(map(re.escape, subject.names))
            place = f"{said} -> {action.__name__}"
            assert re.match(rf"({names})\b", str(error)), f"{place}: {error!r}"


def outcome(action, subject):
    """The documented error of an action, or None; any other error is raised."""
    try:
        action(subject)
    except (TypeError, ValueError, IndexError) as error:
        if type(error) not in (TypeError, ValueError, IndexError):
            raise
        return error
    return None


if __name__ == "__main__":
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=RuntimeWarning)  # sums of huge numbers overflow
    settings = hypothesis.settings(
        max_examples=int(sys.argv[1]),
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(Door, settings=settings)
    print(*(f"{count} {name}" for name, count in counts.items()))

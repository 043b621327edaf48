"""Mutants of the library's source: each is one change that Python reads."""

import ast

from source_mutants import ROOT, changes_of


def test_each_change_of_a_room_is_code_and_another():
    changes = changes_of("sets")
    assert len(changes) > 100
    for change in changes:
        source = (ROOT / change.file).read_bytes()
        before, after = ast.parse(source), ast.parse(change.applied(source))
        assert ast.dump(before) != ast.dump(after), change

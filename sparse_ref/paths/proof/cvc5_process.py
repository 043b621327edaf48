"""The process that asks cvc5: lines of JSON, scripts in and answers out.

It is run as a file, so that cvc5 can be stopped at any time and takes nothing else with it.
"""

from __future__ import annotations

import json
import sys

import cvc5


def answer(script: str, options: dict[str, str]) -> str:
    """What cvc5 prints for a script: unsat, sat, or unknown with a reason."""
    solver = cvc5.Solver()
    for name, value in options.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "script")
    symbols = parser.getSymbolManager()
    printed = ""
    while not (command := parser.nextCommand()).isNull():
        # The answer that is expected is no business of the solver.
        if not str(command).startswith("(set-info :status"):
            printed += command.invoke(solver, symbols)
    return printed.strip()


def main() -> None:
    """Answer every line."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = answer(request["script"], request["options"])
        except RuntimeError as error:
            result = f"unknown ({error})"
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

"""The process that asks cvc5: lines of JSON, scripts in and answers out.

It is run as a file, so that cvc5 can be stopped at any time and takes nothing else with it.
"""

from __future__ import annotations

import json
import signal
import sys

import cvc5


def limit_time(seconds: float) -> dict[str, str]:
    """End this process after so many seconds of its own, whatever else the machine does.

    The options by which cvc5 limits its time itself, where a system cannot do that.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        return {}
    return {"tlimit-per": str(max(1, round(1000 * seconds)))}


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
        options = request["options"] | limit_time(request["seconds"])
        try:
            result = answer(request["script"], options)
        except RuntimeError as error:
            result = f"unknown ({error})"
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

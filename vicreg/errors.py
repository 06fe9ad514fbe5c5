"""The exception whose message is meant for the user, and how programs show it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys
from collections.abc import Callable


class VICRegError(Exception):
    """Something the user can mend; the message is one sentence with the remedy."""


def reason(error: Exception) -> str:
    """What another library's exception says, short enough to stand inside a sentence."""
    lines = str(error).splitlines()
    return lines[0].rstrip(".: ") if lines else type(error).__name__


def exit_code(main: Callable[[], int | None]) -> int:
    """Run a program's main function and return its exit code.

    What the user can mend is printed as one sentence, without a traceback, and gives 1; Ctrl-C
    gives 130.
    """
    try:
        return main() or 0
    except (VICRegError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130

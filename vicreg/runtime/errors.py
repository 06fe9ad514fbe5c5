"""The exception whose message is meant for the user, and how programs show it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class VICRegError(Exception):
    """Something the user can mend; the message is one sentence with the remedy."""


def reason(error: Exception) -> str:
    """What another library's exception says, short enough to stand inside a sentence."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()  # without a terminal's colours
    return lines[0].rstrip(".: ") if lines else type(error).__name__


def exit_code(main: Callable[[], int | None]) -> int:
    """Run a program's main function and return its exit code.

    What the user can mend is printed as one sentence, without a traceback, and gives 1; Ctrl-C
    and SIGTERM give 130.
    """
    try:
        with terminated_as_interrupted():
            return main() or 0
    except (VICRegError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what was finished is kept. The same command goes on.", file=sys.stderr)
        return 130


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end a program as Ctrl-C does, so that it tidies up and says what is kept."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main one's
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)

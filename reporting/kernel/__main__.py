"""The kernel of a chapter: ipykernel's, which ends without taking its modules apart.

After `import torch` an interpreter spends a second or more on that, for memory that the
operating system takes back anyway. What is registered with `atexit` runs first.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import atexit
import os
import sys


def end() -> None:
    """End this process at once."""
    sys.__stdout__.flush()
    sys.__stderr__.flush()
    os._exit(0)


if __name__ == "__main__":
    del sys.path[0]  # this folder, whose modules are reporting's and not to be found by themselves
    atexit.register(end)  # before all others, so it is called after them
    from ipykernel.kernelapp import IPKernelApp

    from reporting.kernel.session import begin

    chapter = sys.argv.pop(1)
    app = IPKernelApp.instance()
    app.initialize()
    begin(app.shell, chapter)
    shutdown = app.kernel.do_shutdown

    async def do_shutdown(restart: bool) -> dict:
        """Do what ipykernel's does, of which it would warn: a chapter may have made warnings errors."""
        return shutdown(restart)

    app.kernel.do_shutdown = do_shutdown
    app.start()

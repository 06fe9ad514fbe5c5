"""The command line: ``python -m vicreg COMMAND``; ``--help`` lists the commands.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import os
import sys

from .commands import anomalies, clusters, embed, images, listing, probe, search, train
from .runtime.errors import exit_code


def main(arguments: list[str] | None = None) -> int:
    os.environ["MPLBACKEND"] = "agg"  # commands write files; what a notebook or a profile has set may not be here
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a name's letters
    options = parse(arguments)
    try:
        code = exit_code(lambda: options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:  # who read what is printed has left, as "| head" does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vicreg", description="VICReg on CIFAR-10, and on pictures of your own.")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (listing, images, train, embed, search, anomalies, clusters, probe):
        module.add(commands)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``python -m vicreg COMMAND``; ``--help`` lists the commands.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import sys

from .commands import images, listing, train
from .runtime.errors import exit_code


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    return exit_code(lambda: options.run(options))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vicreg", description="VICReg on CIFAR-10.")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (listing, images, train):
        module.add(commands)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""What must not run: an object that would make a file if it were unpickled.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path


class Planted:
    """An object whose unpickling would make a file."""

    def __init__(self, witness: Path):
        self.witness = witness

    def __reduce__(self):
        return Path.touch, (self.witness,)

"""All benchmarks, one after the other, and their tables into README.md here.

    pip install lightly
    python benchmarks

A morning's work for two cores.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ALL = (
    ["builder.py"],
    ["builder.py", "--real"],
    ["training.py"],
    ["agreement.py"],
    ["pretraining.py", "measure"],
    ["pipeline.py"],
    ["folders.py"],
)


def main() -> int:
    """Run every benchmark, whatever becomes of the others; 1 if one of them failed."""
    failed = []
    for script, *options in ALL:
        said = " ".join([script, *options])
        print(f"\n{said}", flush=True)
        command = [sys.executable, HERE / script, *options, "--readme"]
        if subprocess.run(command, check=False).returncode:
            failed.append(said)
    if failed:
        print(f"\nFailed, their tables are as they were: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

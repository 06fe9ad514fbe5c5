"""Progress bars that are lively on a terminal and sparing in a log.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys

from tqdm import tqdm

SECONDS_BETWEEN_LOG_LINES = 2


def progress_bar(**settings) -> tqdm:
    """A tqdm bar on standard error, drawn less often where that is no terminal."""
    seldom = {} if sys.stderr.isatty() else {"mininterval": SECONDS_BETWEEN_LOG_LINES}
    return tqdm(dynamic_ncols=True, **seldom, **settings)

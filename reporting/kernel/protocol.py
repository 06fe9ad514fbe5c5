"""What the builder and a running chapter agree on.

Apart from `display`, whose import sets the report's style: a chapter that imports nothing from here
keeps matplotlib's own.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

MIME = "application/vnd.reporting+json"  # of the outputs that are for the builder
BUILDING = "REPORTING_BUILD"  # set in the environment of a chapter's kernel
FIGURE = "reporting_figure"  # in an output: number of a figure, to know it by when it is shown again

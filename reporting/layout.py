"""The page's measures, shared by the figures and the typesetter.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

TEXT_WIDTH = 6.46
"""Width of the text, in inches: A4 with margins of 23 mm."""

MARGIN_MM = 23

PLACES = ("here", "top", "bottom", "auto")
"""Where a figure may stand: where the text shows it, or at an end of its page."""

"""The three models that Q6, Q8 and sections 4.2.1 and 4.2.2 compare, and how figures show them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from vicreg.plots.figures import MODEL_COLOURS
from vicreg.weights import Run

VICREG, SHORT, LONG = "vicreg", "no_generated_neighbors", "no_generated_neighbors_long"
MODELS = (VICREG, SHORT, LONG)
COLOURS = dict(zip(MODELS, MODEL_COLOURS, strict=True))
NAMES = {VICREG: "VICReg", SHORT: "short model", LONG: "long model"}  # as Q6 calls them
LINES = {VICREG: "-", SHORT: "--", LONG: "-."}


def title(run: Run) -> str:
    """What a model is called in figures, such as "VICReg (10 epochs)"."""
    epochs = run.experiment.epochs
    return f"{NAMES[run.name]} ({epochs} epoch{'s' if epochs > 1 else ''})"

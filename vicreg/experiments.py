"""The experiments of the report: one frozen value each, an ablation a one-field difference.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re
from dataclasses import dataclass, field, fields, replace
from types import UnionType
from typing import TypeVar, get_origin

from .runtime.errors import VICRegError

Record = TypeVar("Record")

NEIGHBOURS = 3  # of which one is drawn each time as an image's other view, as the exercise has it for Q6

# Of 1e-3 to 3e-2 by factors of 3, the one with the least loss after 10 epochs of the control without views,
# without a look at classes; the others are within 1% of it.
CODE_LEARNING_RATE = 3e-3


LEAST, MOST = 2.0**-126, (2 - 2**-23) * 2.0**127  # above 0 that a float32 holds


@dataclass(frozen=True)
class Range:
    """The numbers that a setting may take: from low to high, as far as a float32 holds them; ``without`` excludes an end point."""

    low: float
    high: float = MOST
    without: float | None = None

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high and value != self.without and (value == 0 or value >= LEAST)

    def __str__(self) -> str:
        low = f"above {self.low:,}" if self.without == self.low else f"at least {self.low:,}"
        if self.high == Range.high:
            return low
        return f"{low} and below {self.high:,}" if self.without == self.high else f"from {self.low:,} to {self.high:,}"


ABOVE_0, AT_LEAST_0 = Range(0, without=0), Range(0)


def setting(default, allowed: Range):
    """A field of :class:`Experiment` that is a number, several numbers or None, and the range of each."""
    return field(default=default, metadata={"allowed": allowed})


@dataclass(frozen=True)
class Experiment:
    """Everything that decides what a training run learns; the defaults are the exercise's.

    Attributes: name, which also names the weights file; description, one line for people;
    seed; epochs; batch_size, images a step; learning_rate, betas and weight_decay of Adam;
    invariance_weight, variance_weight and covariance_weight, Eq. 6's lambda, mu and nu;
    target_std and eps, Eq. 3's gamma and epsilon; neighbours_of, None for generated views, else
    the experiment whose representations say which images are each other's views; latent, whether
    every training image has a free code of its own in place of the encoder's representation;
    code_learning_rate, of the codes' own Adam, None where they are trained as networks are (see
    :func:`vicreg.train.adam`); lookup_views, whether a code's partner is looked up by a generated
    view of the image, else by the image as it is; lookup_among, of how many nearest images the
    partner is drawn; side, of images, in pixels.
    """

    name: str
    description: str
    seed: int = setting(0, Range(0, 2**32 - 1))
    epochs: int = setting(30, Range(1, 100_000))  # one more epoch would repeat the draws of the next seed's first
    batch_size: int = setting(256, Range(2))
    learning_rate: float = setting(3e-4, ABOVE_0)
    betas: tuple[float, float] = setting((0.9, 0.999), Range(0, 1, without=1))
    weight_decay: float = setting(1e-6, AT_LEAST_0)
    invariance_weight: float = setting(25.0, AT_LEAST_0)
    variance_weight: float = setting(25.0, AT_LEAST_0)
    covariance_weight: float = setting(1.0, AT_LEAST_0)
    target_std: float = setting(1.0, AT_LEAST_0)
    eps: float = setting(1e-4, ABOVE_0)
    neighbours_of: str | None = None
    latent: bool = False
    code_learning_rate: float | None = setting(None, ABOVE_0)
    lookup_views: bool = True
    lookup_among: int = setting(1, Range(1))
    side: int = setting(32, Range(16, 256))

    def with_seed(self, seed: int) -> "Experiment":
        """The same experiment from another seed, under a name of its own."""
        if seed == self.seed:
            return self
        return replace(self, name=f"{parts_of(self.name)[0]}_seed{seed}", seed=seed)

    def after(self, epochs: int) -> "Experiment":
        """The same experiment after the first so many of its epochs, under a name of its own."""
        return replace(self, name=f"{self.name}_epoch{epochs}", epochs=epochs)


def parts_of(name: str) -> tuple[str, int | None, int | None]:
    """The experiment, the seed and the epochs that a name tells, such as "vicreg_seed3_epoch5"."""
    experiment, seed, epochs = re.fullmatch(r"(.*?)(?:_seed(\d+))?(?:_epoch(\d+))?", name, re.DOTALL).groups()
    return experiment, seed and int(seed), epochs and int(epochs)


def check_ranges(experiment: Experiment) -> None:
    """Refuse numbers that no run can be trained with.

    Raises: VICRegError, naming the setting and what it may be.
    """
    for number in fields(experiment):
        value, allowed = getattr(experiment, number.name), number.metadata.get("allowed")
        if allowed is None or value is None:
            continue
        values = value if isinstance(value, tuple) else (value,)
        if not all(each in allowed for each in values):
            beyond = any(each and not LEAST <= abs(each) <= MOST for each in values)
            raise VICRegError(f"{number.name} must be {allowed}, got {value}{', which float32 cannot hold' * beyond}.")


def experiment_from(stored: dict) -> Experiment:
    """An Experiment from its fields as stored, where tuples may have become lists.

    Raises: an exception of some kind where they are not an experiment's.
    """
    known = {field.name for field in fields(Experiment)}
    if set(stored) - known:
        raise ValueError(f"unknown settings {sorted(set(stored) - known)}")
    experiment = of_declared_types(Experiment(**{**stored, "betas": tuple(stored["betas"])}))
    check_ranges(experiment)
    return experiment


def of_declared_types(record: Record) -> Record:
    """A dataclass's value itself; ValueError where a field is not of its declared type."""
    for declaration in fields(record):
        kind = declaration.type
        declared = {float: int | float}.get(kind, get_origin(kind) or kind)
        declared = kind if declared is UnionType else declared
        if not isinstance(value := getattr(record, declaration.name), declared):
            raise ValueError(f"its {declaration.name} is {value!r:.40}")
    return record


VICREG = Experiment(name="vicreg", description="VICReg with the recommended hyper-parameters (Q1)")

NO_VARIANCE = replace(
    VICREG,
    name="no_variance",
    description="without the variance objective (Q4)",
    variance_weight=0.0,
)
LATENT_OPTIMIZATION = replace(
    VICREG,
    name="latent_optimization",
    description="a free code for every image in place of the encoder (Q5)",
    latent=True,
    code_learning_rate=CODE_LEARNING_RATE,
)
# An image finds the same nearest image always; one of ten gives it the variety that views have.
LATENT_OPTIMIZATION_PLAIN = replace(
    LATENT_OPTIMIZATION,
    name="latent_optimization_plain",
    description="the same without augmentation: one of the 10 images nearest to the image itself (Q5)",
    lookup_views=False,
    lookup_among=10,
)
NO_GENERATED_NEIGHBORS = replace(
    VICREG,
    name="no_generated_neighbors",
    description="an image's neighbours as its views, one epoch (Q6)",
    neighbours_of="vicreg",
    epochs=1,
)
NO_GENERATED_NEIGHBORS_LONG = replace(
    NO_GENERATED_NEIGHBORS,
    name="no_generated_neighbors_long",
    description="the same with as many epochs as vicreg (Q6)",
    epochs=VICREG.epochs,
)

EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        VICREG,
        NO_VARIANCE,
        LATENT_OPTIMIZATION,
        LATENT_OPTIMIZATION_PLAIN,
        NO_GENERATED_NEIGHBORS,
        NO_GENERATED_NEIGHBORS_LONG,
    )
}

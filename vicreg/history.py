"""How a training went: its objectives, batch by batch and epoch by epoch.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class History(NamedTuple):
    """The objectives (invariance, variance, covariance) as training went, unweighted.

    ``train``: float32, (epochs, steps, 3), each batch's; ``test``: float32, (epochs, 3), after
    each epoch the mean over the test set's batches, two random views, evaluation mode; (0, 3)
    for codes, which test images do not have.
    """

    train: Tensor
    test: Tensor

    def with_train(self, losses: Tensor) -> "History":
        """This and the next epoch's training batches, (steps, 3)."""
        return self._replace(train=torch.cat([self.train, losses.cpu().unsqueeze(0)]))

    def with_test(self, losses: Tensor) -> "History":
        """This and the test batches after that epoch, (batches, 3)."""
        return self._replace(test=torch.cat([self.test, losses.cpu().mean(0, keepdim=True)]))


def history_from(stored: dict) -> History:
    """A History from its fields as stored; ValueError where they are not finite or not shaped so."""
    history = History(**stored)
    fits = history.train.ndim == 3 and history.test.ndim == 2
    if not (fits and all(part.shape[-1] == 3 and part.isfinite().all() for part in history)):
        raise ValueError("its history is not one of three finite objectives")
    return history

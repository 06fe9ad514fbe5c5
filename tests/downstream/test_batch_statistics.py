"""The objectives by both kinds of batch statistics, against the plain path.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy

import pytest
import torch
from torch.testing import assert_close

from vicreg.downstream.batch_statistics import objectives_by_statistics
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.loss import vicreg_loss
from vicreg.model import Encoder, Projector
from vicreg.runtime import device
from vicreg.views import generated_pairs
from vicreg.weights import Provenance, Run

SIZE = 8


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(device, "gains_by_bf16", lambda _: False)
    torch.manual_seed(0)
    encoder, projector = Encoder(), Projector()
    for module in [*encoder.modules(), *projector.modules()]:
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            torch.nn.init.uniform_(module.running_mean, -1, 1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    experiment = VICREG.__class__(**{**VICREG.__dict__, "batch_size": SIZE})
    none = History(torch.empty(0, 1, 3), torch.empty(0, 3))
    return Run(experiment, encoder.eval(), projector.eval(), none, Provenance("", "", ()), "")


def test_each_batch_is_measured_both_ways_on_the_same_views(run):
    images = torch.randint(256, (20, 3, 32, 32), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    before = copy.deepcopy(run.encoder.state_dict())
    found = objectives_by_statistics(run, images, batches=2, seed=3)

    generator = torch.Generator().manual_seed(3)
    order, pairs = torch.randperm(20, generator=generator), generated_pairs(images)
    expected = {True: [], False: []}
    with torch.no_grad():
        for indices in order[:16].split(SIZE):
            views = pairs(indices, generator)
            for own in expected:
                models = [copy.deepcopy(model).train(own) for model in (run.encoder, run.projector)]
                z, z_prime = (models[1](models[0](x)) for x in views)
                expected[own].append(torch.stack(vicreg_loss(z, z_prime)[1:]))
    for measured, own in ((found.own, True), (found.running, False)):
        assert_close(measured, torch.stack(expected[own]).mean(0), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(found.own, found.running, rtol=0.05)
    for name, value in run.encoder.state_dict().items():
        assert torch.equal(value, before[name]), f"{name} of the run itself has changed"

"""That everything is done on the device that it is given: what is there never meets what is here.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from elsewhere import HERE, another_device
from test_event_log import points
from torch.nn.functional import linear

from vicreg.downstream import probe
from vicreg.downstream.invariance import displacements
from vicreg.downstream.laplacian import untrained_features
from vicreg.downstream.retrieval import by_products, nearest_others
from vicreg.experiments import EXPERIMENTS, VICREG
from vicreg.latent import Lookup
from vicreg.representations import embed
from vicreg.train import train
from vicreg.views import view
from vicreg.weights import load_run

# torch says of meta's tensors that nothing is copied into them; into these it is.
pytestmark = pytest.mark.filterwarnings("ignore:for .*copying from a non-meta parameter")
BY_PAIRS = ("vicreg", "no_generated_neighbors", "latent_optimization", "latent_optimization_plain")  # each has its own


@pytest.fixture
def there(monkeypatch):
    with another_device(monkeypatch) as device:
        yield device


def test_what_a_gpu_refuses_is_refused(there):
    x, weight = torch.randn(4, 3, device=there), torch.randn(2, 3).requires_grad_()
    linear(x, weight.to(there)).sum().backward()
    assert torch.equal(weight.grad, x.cpu().sum(0).expand(2, 3)) and weight.grad.device == HERE
    assert (x + 1.5).device == x[torch.tensor([0, 1])].device == there
    assert (2 * x.cpu()).tolist() == (torch.tensor(2.0) * x).tolist()
    for mixed in (
        lambda: linear(x, weight),
        lambda: torch.cat([x, torch.randn(4, 3)]),
        lambda: torch.randn(3)[torch.tensor([0, 1], device=there)],
        lambda: torch.randn(3, device=there, generator=torch.Generator()),
        lambda: torch.randn(3, generator=torch.Generator(device=there)),
        lambda: x.numpy(),
    ):
        with pytest.raises(RuntimeError):
            mixed()


@pytest.mark.parametrize("name", BY_PAIRS)
def test_training(name, tiny, there, turn_to, assert_identical, tmp_path):
    experiment, files = replace(EXPERIMENTS[name], epochs=1, batch_size=8), []
    for device in (HERE, there):
        turn_to(tmp_path / device.type)
        if experiment.neighbours_of:
            train(replace(EXPERIMENTS[experiment.neighbours_of], epochs=1, batch_size=8), tiny, device)
        files.append(train(experiment, tiny, device))
    assert_identical(*files)


def test_a_run_goes_on_where_it_did_not_begin(tiny, there, turn_to, assert_identical, tmp_path):
    files = []
    for places in ((HERE, there), (there, HERE)):
        turn_to(tmp_path / places[0].type)
        for epochs, device in enumerate(places, 1):
            weights = train(replace(VICREG, epochs=epochs, batch_size=8), tiny, device)
        files.append(weights)
    assert_identical(*files)


def test_the_log_probes_where_training_is(tiny, there, turn_to, monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "STEPS", 100)
    probed = []
    for device in (HERE, there):
        turn_to(tmp_path / device.type)
        log = tmp_path / device.type / "log"
        train(replace(VICREG, epochs=1, batch_size=8), tiny, device, log=log, probe_every=1)
        probed.append(points(log / "vicreg", "probe/test_accuracy"))
    assert probed[0] == probed[1] != []


def test_what_comes_before_and_after_training(trained, sample, there, monkeypatch):
    monkeypatch.setattr(probe, "STEPS", 100)
    encoder, images, labels = load_run(trained.weights).encoder, sample.train.images[::4], sample.train.labels[::4]
    y = embed(images, encoder, HERE)

    def found(device: torch.device) -> torch.Tensor:
        indices = torch.arange(len(images), device=device)
        views = view(images.to(device), torch.Generator(device=device).manual_seed(0))
        return Lookup(images.to(device)).nearest(views, indices, 3)

    for measure in (
        lambda device: embed(images, encoder, device),
        lambda device: torch.tensor(list(displacements(images[:10], encoder, device=device).values())),
        lambda device: untrained_features(images, device=device),
        lambda device: nearest_others(y.to(device), 3, search=by_products).indices.cpu(),
        lambda device: probe.probe_held_out(y, labels, device=device).predictions,
        lambda device: found(device).cpu(),
    ):
        assert torch.equal(measure(HERE), measure(there))

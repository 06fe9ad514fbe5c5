"""Section 3's main file: the linear probe (Q3) and retrieval (Q8) from the shipped weights.

Run as it is: ``python example_VICReg.py``. The images are looked for in ``$VICREG_DATA``, else in
``data/``, and downloaded where they are missing.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys

import matplotlib.pyplot as plt
import torch

from vicreg.data import load_cifar10
from vicreg.downstream.probe import linear_probe
from vicreg.downstream.retrieval import nearest_others, one_of_each_class
from vicreg.plots.figures import save_and_show, short_name, show_images
from vicreg.representations import representations
from vicreg.runtime.errors import exit_code
from vicreg.runtime.paths import PROJECT
from vicreg.weights import load_run


def main() -> None:
    run = load_run("vicreg")
    data = load_cifar10()
    train_y = representations(run, data.train)  # (50000, 128)
    test_y = representations(run, data.test)

    probe = linear_probe(train_y, data.train.labels, test_y, data.test.labels)
    print(f"VICReg, {run.experiment.epochs} epochs on {run.provenance.data_name}")
    print(f"Linear probe on {data.test.name}: test accuracy {probe.accuracy:.2%}")
    for name, accuracy in zip(data.test.classes, probe.class_accuracy.tolist(), strict=True):
        print(f"  {name:10} {accuracy:6.1%}")

    queries = one_of_each_class(data.train.labels, seed=0)
    found = nearest_others(train_y, k=5, members=queries).indices
    shown = torch.cat([queries.unsqueeze(1), found], dim=1)  # (10, 6)
    names = [short_name(name) for name in data.train.classes]
    captions = [[names[label] for label in row] for row in data.train.labels[shown].tolist()]
    fig, ax = plt.subplots(figsize=(6, 10.5), layout="constrained")
    columns = ["query", *(f"nearest {rank}" for rank in range(1, 6))]
    show_images(ax, data.train.images[shown], column_labels=columns, captions=captions, gaps=[1])
    save_and_show(fig, PROJECT / "report" / "example_VICReg.png")


if __name__ == "__main__":
    sys.exit(exit_code(main))

"""Section 4's main file: anomaly detection with the shipped weights, and its ROC curve.

Run as it is: ``python example_Anomaly.py``. The images are looked for in ``$VICREG_DATA``, else in
``data/``, and downloaded where they are missing.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys

import matplotlib.pyplot as plt

from vicreg.data import load_cifar10
from vicreg.digits import load_mnist_test
from vicreg.downstream.anomaly import anomaly_scores, roc
from vicreg.plots.figures import plot_chance, plot_roc, save_and_show
from vicreg.representations import representations
from vicreg.runtime.errors import exit_code
from vicreg.runtime.paths import PROJECT
from vicreg.weights import load_run

K = 2


def main() -> None:
    run = load_run("vicreg")
    data, mnist = load_cifar10(), load_mnist_test()
    train_y = representations(run, data.train)  # (50000, 128)
    normal = anomaly_scores(representations(run, data.test), train_y, K)
    anomalous = anomaly_scores(representations(run, mnist), train_y, K)

    curve = roc(normal, anomalous)
    print(f"VICReg, {run.experiment.epochs} epochs on {run.provenance.data_name}")
    print(f"Mean distance to the {K} nearest training images, higher is more anomalous:")
    print(f"  {data.test.name} test {normal.mean():.3f}, {mnist.name} test {anomalous.mean():.3f}")
    print(f"ROC AUC {curve.auc:.4f}")
    fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    plot_roc(ax, curve, "VICReg")
    plot_chance(ax)
    ax.set_title(f"k = {K}: {mnist.name} (anomalous) against\n{data.test.name} (normal)", fontsize="medium")
    ax.legend(loc="lower right")
    save_and_show(fig, PROJECT / "report" / "example_Anomaly.png")


if __name__ == "__main__":
    sys.exit(exit_code(main))

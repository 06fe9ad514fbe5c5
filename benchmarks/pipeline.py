"""How long everything after training takes, beside the plain scikit-learn call, and how it grows.

    python benchmarks/pipeline.py [--sizes 5000 50000] [--peers-up-to 50000] [--readme]

Every figure is one run of one task in a process of its own, on N training images of all classes and
their representations by the shipped weights (which are cached beforehand, except for the task of
embedding itself). Peak memory is that of the whole process, of which Python, torch and the images
take half a gigabyte. Where the exercise names a library's implementation, t-SNE and k-means, ours
is that call and there is nothing to compare.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import torch
from readme import write_table
from torch import Tensor, nn

from vicreg.augment import normalise
from vicreg.data import Splits, load_cifar10
from vicreg.representations import embed, representations
from vicreg.runtime.device import best_device, describe
from vicreg.weights import Run, load_run

HERE = Path(__file__).resolve().parent
COMMANDS = {"`python -m vicreg list`": ["-m", "vicreg", "list"], "`import torch`": ["-c", "import torch"]}


def some(rows: Tensor, n: int) -> Tensor:
    """Every k-th row, n in all: images may be sorted by class."""
    return rows[:: len(rows) // n][:n]


# Tasks: ours and, where there is one, the plain call; each gets the representations of n images ----


def embedding(run: Run, data: Splits, n: int, y: Tensor):
    embed(some(data.train.images, n), run.encoder)


def plain_embedding(run: Run, data: Splits, n: int, y: Tensor):
    device = best_device()
    embedded_plainly(some(data.train.images, n), run.encoder.to(device), device)


@torch.inference_mode()
def embedded_plainly(images: Tensor, encoder: nn.Module, device: torch.device) -> Tensor:
    """Representations by an encoder on the device, float32, in evaluation mode."""
    encoder.eval()
    return torch.cat([encoder(normalise(batch.to(device))).cpu() for batch in images.split(500)])


def neighbours(run: Run, data: Splits, n: int, y: Tensor):
    from vicreg.downstream.retrieval import nearest_others

    nearest_others(y, 3)


def plain_neighbours(run: Run, data: Splits, n: int, y: Tensor):
    from sklearn.neighbors import NearestNeighbors

    NearestNeighbors(n_neighbors=3, algorithm="brute", n_jobs=-1).fit(y).kneighbors()


def anomaly_scores(run: Run, data: Splits, n: int, y: Tensor):
    from vicreg.downstream.anomaly import anomaly_scores

    anomaly_scores(representations(run, data.test), y)


def plain_anomaly_scores(run: Run, data: Splits, n: int, y: Tensor):
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=2, algorithm="brute", n_jobs=-1).fit(y)
    index.kneighbors(representations(run, data.test))[0].mean(axis=1)


def silhouette(run: Run, data: Splits, n: int, y: Tensor):
    from vicreg.downstream.clustering import silhouette

    silhouette(y, some(data.train.labels, n))


def plain_silhouette(run: Run, data: Splits, n: int, y: Tensor):
    from sklearn.metrics import silhouette_score

    silhouette_score(y.numpy(), some(data.train.labels, n).numpy())


def k_means(run: Run, data: Splits, n: int, y: Tensor):
    from vicreg.downstream.clustering import cluster

    cluster(y)


def t_sne(run: Run, data: Splits, n: int, y: Tensor):
    from sklearn.manifold import TSNE

    from vicreg.downstream.tsne import ANGLE, PERPLEXITY

    tsne = TSNE(perplexity=PERPLEXITY, angle=ANGLE, init="pca", random_state=0, n_jobs=-1)
    tsne.fit_transform(y.numpy())


def eigenmaps(run: Run, data: Splits, n: int, y: Tensor):
    from vicreg.downstream.laplacian import laplacian_eigenmaps, neighbour_graph

    laplacian_eigenmaps(neighbour_graph(y))


def plain_eigenmaps(run: Run, data: Splits, n: int, y: Tensor):
    from sklearn.manifold import SpectralEmbedding

    SpectralEmbedding(n_components=128, affinity="nearest_neighbors", n_neighbors=10, n_jobs=-1).fit(y.numpy())


Task = Callable[[Run, Splits, int, Tensor], None]
TASKS: dict[str, tuple[Task, Task | None]] = {
    "embedding": (embedding, plain_embedding),
    "3 nearest of all": (neighbours, plain_neighbours),
    "anomaly scores of 10,000": (anomaly_scores, plain_anomaly_scores),
    "silhouette": (silhouette, plain_silhouette),
    "k-means, ten starts": (k_means, None),
    "Laplacian Eigenmaps, 128": (eigenmaps, plain_eigenmaps),
    "t-SNE": (t_sne, None),
}


def measure(task: Task, n: int) -> dict:
    """Run a task once in this process."""
    run, data = load_run("vicreg"), load_cifar10()
    y = torch.empty(0) if task in TASKS["embedding"] else some(representations(run, data.train), n).clone()
    started = time.perf_counter()
    task(run, data, n, y)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "peak_gb": peak / 1e9}


def in_own_process(name: str, plain: bool, n: int, limit: float) -> dict:
    """Run a task in a process of its own; a plain call is stopped after ``limit`` seconds."""
    command = [sys.executable, __file__, "--task", name, "--sizes", str(n), *(["--plain"] if plain else [])]
    print(f"{name}, {n:,} images, {'the plain call' if plain else 'this project'}", file=sys.stderr)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True,
                              timeout=limit if plain else None)
    except subprocess.TimeoutExpired:
        return {"stopped_after": limit}
    return json.loads(done.stdout.splitlines()[-1])


def median_of_five(arguments: list[str]) -> float:
    """Seconds that a Python program takes to start, run and end."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, cwd=HERE.parent)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[2]


def main() -> int:
    options = parser().parse_args()
    if options.task:
        print(json.dumps(measure(TASKS[options.task][options.plain], options.sizes[0])))
        return 0
    representations(load_run("vicreg"), load_cifar10().train)
    representations(load_run("vicreg"), load_cifar10().test)
    names = options.only or list(TASKS)
    tasks = {}
    for name in names:
        tasks[name] = {
            str(n): [
                in_own_process(name, bool(plain), n, options.limit)
                for plain in range(2)
                if TASKS[name][plain] and not (plain and n > options.peers_up_to)
            ]
            for n in options.sizes
        }
        print(json.dumps(tasks[name]), file=sys.stderr)  # what is measured is not lost if the rest fails
    result = {
        "tasks": tasks,
        "commands": {name: median_of_five(command) for name, command in COMMANDS.items()},
        "machine": {
            "device": describe(best_device()), "date": time.strftime("%Y-%m-%d"),
            **{name: metadata.version(name) for name in ("torch", "scikit-learn", "faiss-cpu")},
        },
    }  # fmt: skip
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    if options.readme:
        write_table(table(result), "pipeline")
    return 0


def table(result: dict) -> str:
    """The result as Markdown."""
    lines = ["| task | images | this project | peak | plain call | peak |", "|:--|--:|--:|--:|--:|--:|"]
    for name, sizes in result["tasks"].items():
        for n, runs in sizes.items():
            cells = [cell(run) for run in runs]
            lines.append(f"| {name} | {int(n):,} | {' | '.join([*cells, ' | '][:2])} |")
    told = result["machine"]
    commands = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result["commands"].items())
    return "\n".join([
        *lines, "",
        f"{told['device']}, {told['date']}; torch {told['torch']}, scikit-learn {told['scikit-learn']}, "
        f"faiss {told['faiss-cpu']}. To start, run and end (median of five): {commands}.",
    ])  # fmt: skip


def cell(run: dict) -> str:
    if "stopped_after" in run:
        return f"over {run['stopped_after']:.0f} s | "
    return f"{run['seconds']:.1f} s | {run['peak_gb']:.1f} GB"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time everything after training, beside the plain calls.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 50000], metavar="N")
    parser.add_argument("--peers-up-to", type=int, default=50000, metavar="N",
                        help="leave the plain calls out for more images than this")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS",
                        help="stop a plain call that takes longer (default: 300)")
    parser.add_argument("--only", nargs="+", choices=TASKS, metavar="TASK", help="only these tasks")
    parser.add_argument("--json", type=Path, default=HERE / "pipeline.json", metavar="FILE")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())

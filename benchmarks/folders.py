"""How fast the pictures of a folder become representations, beside a plain torchvision DataLoader.

    python benchmarks/folders.py [--readme]

The folders are made of CIFAR-10's images and are gone afterwards: PNGs of 32 pixels a side, as small as
pictures get, and JPEGs of 512, which stand for photographs. Every figure is one run in a process of its
own with an empty cache; then the same again with what the cache holds. The plain way is torchvision's
ImageFolder with Resize, CenterCrop, ToTensor and Normalize, a DataLoader with a worker a core, and the
encoder in float32 with torch.inference_mode. Peak memory is that of the process, and beside it the largest
of its workers'.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from matplotlib.image import imsave
from readme import write_table
from torch.nn.functional import interpolate
from torchvision import transforms
from torchvision.datasets import ImageFolder

from vicreg.augment import MEAN, STD
from vicreg.data import load_cifar10
from vicreg.datasets.folder import find_pictures
from vicreg.datasets.pictures import available_cores
from vicreg.folder_representations import represent_folder
from vicreg.runtime.device import best_device, describe
from vicreg.runtime.progress import progress_bar
from vicreg.weights import load_run

FILE = Path(__file__).resolve().with_suffix(".json")
KINDS = {"PNG, 32x32": ("png", 32), "JPEG, 512x512": ("jpg", 512)}
A_FOLDER = 1000  # pictures
RUNS = (("PNG, 32x32", 100_000, "ours"), ("PNG, 32x32", 5000, "plain"), ("JPEG, 512x512", 5000, "ours"), ("JPEG, 512x512", 5000, "plain"))


def write_pictures(root: Path, n: int, ending: str, side: int) -> None:
    """Write n of CIFAR-10's images, which come again after 60,000, as files of a folder a thousand."""
    data = load_cifar10()
    images = torch.cat([data.train.images, data.test.images])
    for number in progress_bar(iterable=range(n), desc=f"writing {ending}", unit=" images"):
        image = images[number % len(images)].unsqueeze(0)
        if side != image.shape[-1]:
            image = interpolate(image, size=(side, side), mode="bicubic", antialias=True)
        path = root / f"{number // A_FOLDER:03}" / f"{number:06}.{ending}"
        path.parent.mkdir(exist_ok=True)
        imsave(path, np.ascontiguousarray(image[0].permute(1, 2, 0).numpy()))


def embed_ours(root: Path) -> None:
    represent_folder(load_run("vicreg"), find_pictures(root))


@torch.inference_mode()
def embed_plainly(root: Path) -> None:
    device, encoder = best_device(), load_run("vicreg").encoder
    encoder.to(device).eval()
    steps = [transforms.Resize(32), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    pictures = ImageFolder(root, transforms.Compose(steps))
    loader = torch.utils.data.DataLoader(pictures, batch_size=500, num_workers=available_cores())
    torch.cat([encoder(batch.to(device)).cpu() for batch, _ in loader])


def measure(way: str, root: Path) -> dict:
    started = time.perf_counter()
    {"ours": embed_ours, "plain": embed_plainly}[way](root)
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = [resource.getrusage(who).ru_maxrss * unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"seconds": seconds, "peak_gb": peaks[0] / 1e9, "worker_gb": peaks[1] / 1e9}


def in_own_process(way: str, root: Path, cache: Path) -> dict:
    command = [sys.executable, __file__, "--way", way, "--root", str(root)]
    environment = {**os.environ, "VICREG_CACHE": str(cache)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def table(result: dict) -> str:
    """The result as Markdown."""
    lines = ["| pictures | | seconds | a second | peak | a worker's | again, from the cache |", "|:--|:--|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        first, again = row["first"], row["again"]
        who = {"ours": "this project", "plain": "plain DataLoader"}[row["way"]]
        repeated = f"{again['seconds']:.1f} s" if again else ""
        lines.append(
            f"| {row['n']:,} {row['kind']} | {who} | {first['seconds']:.1f} | {row['n'] / first['seconds']:,.0f} "
            f"| {first['peak_gb']:.1f} GB | {first['worker_gb']:.1f} GB | {repeated} |"
        )
    told = result["machine"]
    return "\n".join([*lines, "", f"{told['device']}, {told['date']}; torch {told['torch']}, torchvision {told['torchvision']}."])


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the embedding of a folder's pictures.")
    parser.add_argument("--way", choices=("ours", "plain"), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.root)))
        return 0
    rows = []
    for kind, n, way in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            root, cache = Path(folder, "pictures"), Path(folder, "cache")
            root.mkdir()
            write_pictures(root, n, *KINDS[kind])
            first = in_own_process(way, root, cache)
            again = in_own_process(way, root, cache) if way == "ours" else None
            rows.append({"kind": kind, "n": n, "way": way, "first": first, "again": again})
            print(json.dumps(rows[-1]), file=sys.stderr)  # what is measured is not lost if the rest fails
    machine = {
        "device": describe(best_device()), "date": time.strftime("%Y-%m-%d"),
        **{name: metadata.version(name) for name in ("torch", "torchvision")},
    }  # fmt: skip
    result = {"rows": rows, "machine": machine}
    FILE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    if options.readme:
        write_table(table(result), "folders")
    return 0


if __name__ == "__main__":
    sys.exit(main())

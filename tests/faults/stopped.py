"""Commands that are stopped at a counted moment, each in a process of its own, and run again.

The moments are counted, not timed: before, after and amid each step that changes files, and at
each step of a training. Run as a program, ``stopped.py JOB SIGNAL FOLDER`` runs the job once
undisturbed and then, for each of its moments, once up to the signal and once more to its end;
it prints what came of it as JSON. Forking after one import makes a moment cost milliseconds.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import io
import json
import os
import pickle
import signal
import sys
import tarfile
from pathlib import Path

import numpy as np
import torch
from torch import Generator, nn
from torchvision.datasets import CIFAR10
from torchvision.datasets import utils as torchvision_utils
from torchvision.io import encode_png

from vicreg import __main__ as command_line
from vicreg import data, representations, train
from vicreg.datasets.cifar10 import CIFAR10_CLASSES
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.runtime.atomic import SUFFIX
from vicreg.runtime.errors import exit_code
from vicreg.weights import Provenance, Run

CPU = torch.device("cpu")


class Moment:
    """Counts moments, and sends the signal to this process when one of them has come."""

    count, chosen, number = 0, None, signal.SIGKILL

    def pass_by(self) -> None:
        self.count += 1
        if self.count - 1 == self.chosen:
            os.kill(os.getpid(), self.number)


moment = Moment()


def count_moments() -> None:
    """Let every step that changes files, and every step of a training, be a moment or two."""
    for owner, name in (
        (os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "chmod"), (Path, "unlink"),
        (torch.optim.Adam, "step"), (tarfile.TarFile, "makefile"),
    ):  # fmt: skip
        setattr(owner, name, between_moments(getattr(owner, name)))
    write_bytes, savez = Path.write_bytes, np.savez

    def write_in_halves(self, content):
        write_bytes(self, bytes(content)[: len(content) // 2])
        moment.pass_by()
        return write_bytes(self, content)

    def save_in_halves(file, **arrays):
        whole = io.BytesIO()
        savez(whole, **arrays)
        for half in np.array_split(np.frombuffer(whole.getvalue(), dtype=np.uint8), 2):
            file.write(half.tobytes())
            file.flush()
            moment.pass_by()

    Path.write_bytes, np.savez = write_in_halves, save_in_halves


def between_moments(step):
    def counted(*arguments, **options):
        moment.pass_by()
        result = step(*arguments, **options)
        moment.pass_by()
        return result

    return counted


# Jobs: each returns what is to be the same after any interruption --------------------------------


def random_images(n: int, seed: int) -> torch.Tensor:
    return torch.randint(256, (n, 3, 32, 32), generator=Generator().manual_seed(seed), dtype=torch.uint8)


def image_set(split: str, n: int) -> data.ImageSet:
    labels = torch.arange(n) % 10
    return data.ImageSet("noise", split, random_images(n, n), labels, CIFAR10_CLASSES, f"{n} of noise")


def training() -> list:
    """``python -m vicreg train`` with one linear layer for a model: two epochs of two steps."""
    train.Encoder = lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 8))
    train.Projector = lambda: nn.Linear(8, 8)
    data.load_cifar10 = lambda root: data.Splits(image_set("train", 20), image_set("test", 10))
    options = ["--epochs", "2", "--batch-size", "10", "--device", "cpu"]
    if code := command_line.main(["train", "vicreg", *options]):
        sys.exit(code)
    content = torch.load(Path(os.environ["VICREG_WEIGHTS"], "vicreg.pt"), weights_only=True)
    for leg in content["provenance"]["legs"]:
        del leg["seconds"], leg["optimizer"], leg["epochs"]
    content["provenance"]["legs"] = content["provenance"]["legs"][:1]
    return [content["experiment"], content["provenance"], *tensors(content)]


def tensors(content: dict) -> list:
    return [
        value.tolist()
        for part in ("encoder", "projector", "history")
        for value in content[part].values()
    ]


def embedding() -> list:
    """Representations of an image set, and their cache."""
    representations.embed = lambda images, *_: images.flatten(1)[:, :128].float()
    nothing = History(torch.zeros(1, 1, 3), torch.zeros(1, 3))
    run = Run(VICREG, nn.Identity(), nn.Identity(), nothing, Provenance("", "", ()), "a fingerprint")
    return representations.representations(run, image_set("test", 10), CPU).tolist()


def decoding() -> list:
    """An image folder, and the cache of what was decoded."""
    folder = Path(os.environ["VICREG_DATA"])
    for split in ("train", "test"):
        for label, name in enumerate(CIFAR10_CLASSES):
            file = folder / split / name / "0.png"
            if not file.exists():
                file.parent.mkdir(parents=True)
                png = encode_png(random_images(1, label)[0]).numpy().tobytes()
                with open(file, "wb") as opened:  # uncounted: this is what the user has
                    opened.write(png)
                os.utime(file, ns=(1, 1))
    return [part.images.tolist() for part in data.load_cifar10()]


def downloading() -> list:
    """The official archive, from the network that is simulated at its boundary."""
    packed = official_archive()
    CIFAR10.tgz_md5 = hashlib.md5(packed).hexdigest()

    def retrieve(url, filename, *_):
        Path(filename).write_bytes(packed)

    torchvision_utils._urlretrieve = retrieve
    torchvision_utils._get_redirect_url = lambda url, max_hops: url
    return [part.images.tolist() for part in data.load_cifar10()]


def official_archive() -> bytes:
    """CIFAR-10 as published, but of ten images a batch; torchvision is told its check sums."""
    labels = list(range(10))
    files = {
        name: pickle.dumps({"data": random_images(10, seed).flatten(1).numpy(), "labels": labels})
        for seed, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"])
    }
    files["batches.meta"] = pickle.dumps({"label_names": list(CIFAR10_CLASSES)})
    sums = [[name, hashlib.md5(content).hexdigest()] for name, content in files.items()]
    CIFAR10.train_list, CIFAR10.test_list = sums[:5], sums[5:6]
    CIFAR10.meta = {**CIFAR10.meta, "md5": sums[6][1]}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


JOBS = {job.__name__: job for job in (training, embedding, decoding, downloading)}


# Stopping them ---------------------------------------------------------------------------------


def in_a_process(job, folder: Path, chosen: int | None, number: int) -> dict:
    """Run a job in a process of its own, up to a moment; what came of it."""
    folder.mkdir(parents=True, exist_ok=True)
    said = folder / "said"
    if (child := os.fork()) == 0:
        for name in ("data", "cache", "runs", "weights"):
            os.environ[f"VICREG_{name.upper()}"] = str(folder / name)
        errors = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(errors, 2), os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        moment.chosen, moment.number = chosen, number
        count_moments()
        results: list = []
        try:
            code = exit_code(lambda: results.append(job()))
        except SystemExit as ended:
            code = ended.code
        sys.stderr.flush()
        if results:
            digest = hashlib.sha256(json.dumps(results).encode()).hexdigest()
            os.write(errors, f"\n{moment.count} {digest}".encode())
        os._exit(code)
    _, status = os.waitpid(child, 0)
    text = said.read_text(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "said": text, "result": text.split("\n")[-1] if code == 0 else None}


def main(name: str, number: int, folder: Path) -> list[dict]:
    torch.set_num_threads(1)
    job = JOBS[name]
    undisturbed = in_a_process(job, folder / "undisturbed", None, number)
    if undisturbed["code"]:
        sys.exit(undisturbed["said"])
    moments, reference = undisturbed["result"].split()
    outcomes = []
    for chosen in range(int(moments)):
        place = folder / str(chosen)
        stopped = in_a_process(job, place, chosen, number)
        kept = sorted(path.name for path in place.glob("runs/*.pt"))
        again = in_a_process(job, place, None, number)
        left = [path.name for path in place.rglob(f".*{SUFFIX}") if path.is_dir() or path.stat().st_size]
        outcomes.append({
            "moment": chosen, "code": stopped["code"], "said": stopped["said"], "kept": kept, "left": left,
            "again": again["said"] if again["code"] else "",
            "same": bool(again["result"]) and again["result"].split()[1] == reference,
        })  # fmt: skip
    return outcomes


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))

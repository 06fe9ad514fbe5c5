"""A disk that fills: the path and the need are named, the earlier file stands.

On a real tmpfs of 1 MiB where mounting is allowed, in a name space of its own; else, and for
writers whose files would fit there, the kernel's refusal is simulated at fsync.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import errno
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from vicreg.datasets import cifar10 as cifar10_files
from vicreg.runtime import cache, paths, tensor_files
from vicreg.runtime.errors import VICRegError

ON_A_SMALL_DISK = """
import json, os, subprocess, sys
from pathlib import Path
import numpy as np, torch
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.cache import from_cache, keep_in_cache
from vicreg.runtime.tensor_files import save_tensors

disk = Path(sys.argv[1])
mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True)
if mounted.returncode:
    sys.exit(77)
os.environ["VICREG_CACHE"] = str(disk)
save_tensors({"x": torch.ones(1000)}, disk / "x.pt")
keep_in_cache("y.npz", y=np.ones(1000))
earlier = {path.name: path.read_bytes() for path in disk.iterdir()}
try:
    save_tensors({"x": torch.ones(1 << 20)}, disk / "x.pt")
    said = None
except VICRegError as error:
    said = str(error)
keep_in_cache("y.npz", y=np.ones(1 << 20))
print(json.dumps({"said": said, "same": earlier == {path.name: path.read_bytes() for path in disk.iterdir()}}))
"""


def test_a_small_disk(tmp_path):
    if not shutil.which("unshare"):
        pytest.skip("needs unshare(1); the same is simulated below")
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", ON_A_SMALL_DISK, tmp_path],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("mounting is not allowed here; the same is simulated below")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["said"] == (
        f"{tmp_path}/x.pt could not be written (No space left on device, 5 MB are needed): free some "
        "space there or choose another folder; what stood there before is intact."
    )
    assert f"Not cached, and so to be computed again next time: {tmp_path}/y.npz" in done.stderr
    assert "9 MB are needed" in done.stderr
    assert told["same"], "the earlier files stand, and nothing half-written beside them"


WITH_LITTLE = """
import resource, subprocess, sys
from pathlib import Path
from vicreg.datasets import pictures
little = sys.argv[2]
if little.isdigit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(little), int(little)))
elif subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={little}", "none", "/dev/shm"], capture_output=True).returncode:
    sys.exit(77)
pictures.BATCH_SIZE, pictures.available_cores = 4, lambda: 2
paths = sorted(Path(sys.argv[1]).glob("*/*/*.png"))
kept = [images for images, failed in pictures.decoded(paths, 64)]
assert sum(map(len, kept)) == len(paths) == 600 and all(images.any() for images in kept)
"""


@pytest.mark.parametrize("little", ["64k", "1m", "64", "20"])
def test_pictures_are_decoded_with_little_shared_memory_and_few_open_files(little):
    """What is kept takes neither; where not even processes can be started, it is decoded without."""
    if not little.isdigit() and not shutil.which("unshare"):
        pytest.skip("needs unshare(1)")
    apart = [] if little.isdigit() else ["unshare", "--mount"]
    done = subprocess.run(
        [*apart, sys.executable, "-c", WITH_LITTLE, paths.PROJECT / "sample", little],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("mounting is not allowed here")
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.fixture
def full_disk(monkeypatch):
    def fsync(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(os, "fsync", fsync)


def test_tensors_on_a_full_disk_simulated(tmp_path, full_disk):
    tensor_files.save_tensors({"x": torch.ones(3)}, tmp_path / "x.pt")
    before = (tmp_path / "x.pt").read_bytes()
    full_disk()
    with pytest.raises(VICRegError, match=r"x\.pt could not be written \(No space left on device, 5 MB are needed\)"):
        tensor_files.save_tensors({"x": torch.ones(1 << 20)}, tmp_path / "x.pt")
    assert (tmp_path / "x.pt").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_cache_on_a_full_disk_is_done_without_simulated(full_disk, capsys):
    full_disk()
    cache.keep_in_cache("y.npz", y=np.ones(1 << 20))
    assert "Not cached" in capsys.readouterr().err and not list(paths.cache_folder().iterdir())


def test_no_room_to_unpack_is_not_called_damage_simulated(tmp_path, monkeypatch):
    def unpack(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(b"official")
    monkeypatch.setattr("torchvision.datasets.utils.check_integrity", lambda *_: True)
    monkeypatch.setattr(CIFAR10, "download", unpack)
    with pytest.raises(VICRegError, match=r"could not be unpacked.*No space left.*180 MiB.*TMPDIR") as caught:
        cifar10_files.decode_official(archive)
    assert "damaged" not in str(caught.value) and archive.exists()

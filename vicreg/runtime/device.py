"""The device that computes, and the number format and memory settings that suit it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import ctypes
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterator

import torch

from .errors import VICRegError, reason

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # glibc's malloc.h


def best_device(name: str | None = None) -> torch.device:
    """The device called ``name``, or the best there is: a GPU that works, else the CPU.

    Raises: VICRegError when the named device is unknown or cannot be used.
    """
    if name is not None:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
            raise VICRegError(f"There is no device {name!r}; choose cpu or cuda, or leave --device out to take the best there is.")
        try:
            device = torch.device(name)
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError) as error:
            raise VICRegError(
                f"The device {name!r} cannot be used ({reason(error)}); leave --device out to take the "
                "best there is."
            ) from error
        return device
    if (trouble := trouble_with_gpu()) is None:
        return torch.device("cuda")
    if trouble:
        print(f"The GPU is there but unusable ({trouble}); going on on the CPU.", file=sys.stderr)
    return torch.device("cpu")


def trouble_with_gpu() -> str | None:
    """Why the GPU is unusable, in words; "" where there is none, None where it works.

    torch sees no GPU where the driver is too old for it, and says why in a warning.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        visible = torch.cuda.is_available()
    if not visible:
        return "; ".join(reason(warning.message) for warning in caught)
    try:
        torch.zeros(1, device="cuda")
    except RuntimeError as error:
        return reason(error)
    return None


def gains_by_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices faster than float32 ones."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        # Private, but the same since torch 2.6; without it float32 is right, only slower.
        return getattr(torch.cpu, "_is_avx512_bf16_supported", bool)() or multiplies_tiles(device)
    return False


def multiplies_tiles(device: torch.device) -> bool:
    """Whether the device is a processor with AMX, which multiplies bf16 matrices by tiles."""
    return device.type == "cpu" and getattr(torch.cpu, "_is_amx_tile_supported", bool)()


def autocast(device: torch.device) -> contextlib.AbstractContextManager:
    """bf16 autocast where the device gains by it, else nothing."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=gains_by_bf16(device))


def compiled(function: Callable, device: torch.device) -> Callable:
    """A function or network as torch.compile makes it at its first call, with the same parameters.

    It is compiled anew for each shape and number that it meets: code for changing shapes is slow, and
    the batches of a run are all of one size.

    Raises: VICRegError where nothing can be compiled, before anything is computed.
    """
    try:
        torch.compile(lambda x: x.sin() + 1, dynamic=False)(torch.zeros(8, device=device))
    except Exception as error:  # the compilers' own exceptions have no common name
        raise VICRegError(
            f"Nothing can be compiled here ({reason(error)}); install a C++ compiler, or leave "
            "--compile out."
        ) from error
    return torch.compile(function, dynamic=False)


@contextlib.contextmanager
def tuned_convolutions(tuned: bool) -> Iterator[None]:
    """cuDNN tries its algorithms for each new shape and keeps the fastest; as before afterwards."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = tuned
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def describe(device: torch.device) -> str:
    """The device in words, for provenance: the GPU's name, or the CPU's and its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    model = capabilities.get("cpu_name") or platform.processor() or platform.machine()
    return f"CPU ({model}, {torch.get_num_threads()} threads)"


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks instead of returning them to the system.

    A training step allocates the same few hundred megabytes each time; fetched anew from the
    system they cost a page fault every 4 KiB, measured at 15 % of a step on two cores.
    Does nothing where the C library is another.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    for setting, value in ((M_MMAP_THRESHOLD, 1 << 30), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, 1 << 28)):
        libc.mallopt(setting, value)

"""What only the kernel knows at the end of a run: its device, its packages' versions, what was imported.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

# Folders that hold packages and what belongs to Python itself.
INSTALLED = {"site-packages", "dist-packages", "lib-dynload", "DLLs"}


def device() -> str:
    """Name the device that the run has used, as far as torch tells."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return torch.cuda.get_device_name()
    return "CPU"


def distributions(modules) -> list[str]:
    """Return the distributions that the given imports come from, where they come from one.

    For the builder, whose interpreter is the kernels': to look into every distribution takes
    half a second, so it is done once for all chapters, and again only for what is not found.
    """
    known = _distributions_of_imports()
    if any(module not in known for module in modules):
        _distributions_of_imports.cache_clear()
        known = _distributions_of_imports()
    names = {name for module in modules for name in known.get(module, ())}
    return sorted(names, key=str.lower)


@lru_cache
def _distributions_of_imports() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def sources() -> list[str]:
    """Return the files of all modules imported so far that were not installed: those that may be edited."""
    # Not by vars(), which would load what waits to be imported lazily.
    files = {object.__getattribute__(module, "__dict__").get("__file__") for name, module in list(sys.modules.items())
             if isinstance(module, ModuleType) and name.partition(".")[0] not in ("__main__", "reporting")}
    return sorted(os.path.abspath(file) for file in files if isinstance(file, str) and not _is_installed(Path(file)))


def _is_installed(path: Path) -> bool:
    return not INSTALLED.isdisjoint(path.parts) or path.is_relative_to(Path(os.__file__).parent)


def emit(names) -> None:
    """Hand the builder the environment of this kernel, with the versions of distributions."""
    from reporting.kernel.display import _emit

    packages = {name: importlib.metadata.version(name) for name in names}
    _emit("environment", environment={"python": platform.python_version(), "device": device(),
                                      "packages": packages, "sources": sources()})

"""What only the kernel knows at the end of a run: its device and its packages' versions.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys


def device() -> str:
    """Name the device that the run has used, as far as torch tells."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return torch.cuda.get_device_name()
    return "CPU"


def versions(modules) -> dict[str, str]:
    """Return distribution → version for those of the given imports that come from one."""
    known = importlib.metadata.packages_distributions()
    names = {name for module in modules for name in known.get(module, ())}
    return {name: importlib.metadata.version(name) for name in sorted(names, key=str.lower)}


def emit(modules) -> None:
    """Hand the builder the environment of this kernel."""
    from reporting.display import _emit

    _emit("environment", environment={"python": platform.python_version(), "device": device(),
                                      "packages": versions(modules)})

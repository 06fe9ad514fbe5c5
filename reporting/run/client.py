"""papermill's engine, with a kernel found in one folder and its messages passed on live.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

NAME = "reporting"
_kernels: set = set()


def register() -> None:
    """Make the engine known to papermill under `NAME`."""
    papermill_engines.register(NAME, Engine)


def kill_kernels() -> None:
    """Kill every running kernel; the threads that wait for them see them die."""
    for manager in list(_kernels):
        process = getattr(manager.provisioner, "process", None)
        if process is not None:
            process.kill()


class Client(PapermillNotebookClient):
    """Tells a watcher what the kernel is doing."""

    watcher = None

    def execute_cell(self, cell, cell_index, **kwargs):
        """Announce the cell, then run it."""
        if self.watcher is not None and cell.cell_type == "code":
            self.watcher.cell(cell)
        return super().execute_cell(cell, cell_index, **kwargs)

    def process_message(self, msg, cell, cell_index):
        """Pass a stream's text on before it is stored."""
        if self.watcher is not None and msg["msg_type"] == "stream":
            self.watcher.output(msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)


class Engine(NBClientEngine):
    """Runs a notebook in the kernel described under ``kernel_path``, in ``folder``."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, kernel_path=None, folder=None,
                                 watcher=None, errors=None, **kwargs):
        """Start the kernel without asking which kernels the user has installed."""
        specs = KernelSpecManager(kernel_dirs=[f"{kernel_path}/kernels"],
                                  ensure_native_kernel=False)
        manager = AsyncKernelManager(kernel_name=kernel_name, kernel_spec_manager=specs)
        client = Client(nb_man, km=manager, kernel_name=kernel_name,
                        resources={"metadata": {"path": folder}}, timeout=None,
                        startup_timeout=120, store_widget_state=False)
        client.owns_km = True  # or nbclient would leave the kernel running
        client.watcher = watcher
        _kernels.add(manager)
        try:
            client.execute(stderr=errors)
        finally:
            _kernels.discard(manager)

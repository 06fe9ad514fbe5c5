"""papermill's engine, with a kernel found in one folder and its messages passed on live.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

NAME = "reporting"
ENDED_WELL = ("", "0", "None", "False")  # what sys.exit is given
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
        """Announce the cell, then run it; a script's last cell may exit, if it calls that a success."""
        if self.watcher is not None and cell.cell_type == "code":
            self.watcher.cell(cell)
        try:
            super().execute_cell(cell, cell_index, **kwargs)
            for output in cell.outputs if cell.cell_type == "code" else ():
                if output.output_type == "error":  # below %%capture, of which the kernel says all is well
                    raise CellExecutionError("", output.ename, output.evalue)
            return cell
        except CellExecutionError as error:
            later = [c.metadata.get("origin", 0) for c in self.nb.cells[cell_index + 1:]]
            if error.ename == "SystemExit" and error.evalue in ENDED_WELL and max(later) < 0:
                cell.outputs = [o for o in cell.outputs if o.output_type != "error"]
                return cell
            if not any(output.output_type == "error" for output in cell.outputs):
                # IPython has printed a sentence alone, of which papermill knows nothing.
                cell.outputs.append(new_output("error", ename=error.ename, evalue=error.evalue))
            raise

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

"""What a chapter finds in its kernel as in a plain script, and what a build needs besides.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import builtins
import itertools
import re
import sys
import warnings
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

from reporting.kernel.protocol import FIGURE

NO_COMMAND = "the shell finds no such command: !{}"
INLINE = "module://matplotlib_inline.backend_inline"


def begin(shell, chapter: str) -> None:
    """Prepare a kernel's shell for a chapter, before its first cell runs.

    Parameters
    ----------
    shell : ipykernel.zmqshell.ZMQInteractiveShell
        It gets ``report_pub``, which publishes even below ``%%capture``.
    chapter : str
        Absolute path of the chapter.
    """
    sys.argv = [chapter]
    # Not in the chapter's own namespace: a process that is spawned would run that file once more.
    builtins.__file__ = chapter
    sys.path[:] = [str(Path(chapter).parent) if entry == "" else entry for entry in sys.path]
    shell.user_ns.update(exit=sys.exit, quit=sys.exit)
    warnings.filterwarnings("ignore", "To exit: use 'exit'")
    show = shell.showtraceback  # which tells of an exit without the line on which it stands
    shell.showtraceback = lambda *args, **options: show(*args, **{**options, "exception_only": False})
    shell.report_pub = shell.display_pub
    shell.set_hook("show_in_pager", _print_page, 0)
    _raise_for_missing_commands(shell)
    _draw_inline(shell)
    sys.meta_path.insert(0, _AfterImport(shell))


def _print_page(_shell, page, **_where) -> None:
    """Print what a terminal would page and a notebook would open aside."""
    print(page["text/plain"] if isinstance(page, dict) else page)


def _raise_for_missing_commands(shell) -> None:
    """Have ``!command`` fail where there is no such command, as a misread comment has none."""
    from IPython.core import interactiveshell

    # What the shell's own methods call: they look for variables in the frame that calls them.
    own = sys.modules[type(shell).__module__]
    system, getoutput = own.system, interactiveshell.getoutput

    def checked_system(command):
        code = system(command)
        if code == 127:
            raise FileNotFoundError(NO_COMMAND.format(command))
        return code

    def checked_output(command):
        output = getoutput(command)
        if re.fullmatch(r"\S*sh: [^\n]*not found", output.strip()):
            raise FileNotFoundError(NO_COMMAND.format(command))
        return output

    own.system, interactiveshell.getoutput = checked_system, checked_output


def _draw_inline(shell) -> None:
    """Show figures of backends that have no window, and ask for none that has one."""
    enable = shell.enable_matplotlib
    shell.enable_matplotlib = lambda _gui=None: enable("inline")
    shell.events.register("post_execute", partial(_flush_figures, shell))
    shell.display_formatter.formatters["image/png"].for_type_by_name(
        "matplotlib.figure", "Figure", _png)


def _png(figure) -> str | None:
    """Draw a figure as the inline backend does."""
    from IPython.core.pylabtools import print_figure

    return print_figure(figure, base64=True, bbox_inches="tight")


def _flush_figures(shell) -> None:
    """Show what is open at a cell's end, unless the inline backend will, or the cell has done so."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    from IPython.display import display
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureManagerBase

    last = shell.user_ns.get(f"_{shell.execution_count - 1}")
    inline = sys.modules["matplotlib"].get_backend().lower() in ("inline", INLINE)
    for manager in Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        if figure is last:
            Gcf.destroy(manager)
            continue
        setattr(figure, FIGURE, next(_numbers))  # `show` may hand it over in a cell to come
        if not inline and type(manager).show is FigureManagerBase.show:
            display(figure, metadata=_number(figure))
            Gcf.destroy(manager)


_numbers = itertools.count(1)


def _number(figure) -> dict:
    return {FIGURE: getattr(figure, FIGURE)} if hasattr(figure, FIGURE) else {}


def _number_figures(_shell, module) -> None:
    """Have the inline backend tell the numbers of what it shows at a cell's end."""
    fetch = module._fetch_figure_metadata
    module._fetch_figure_metadata = lambda figure: {**(fetch(figure) or {}), **_number(figure)}


def _show_without_window(_shell, module) -> None:
    """Let ``plt.show()`` and ``fig.show()`` of backends without a window show and close figures."""
    def show(self):
        from IPython.display import display
        from matplotlib._pylab_helpers import Gcf

        display(self.canvas.figure)
        Gcf.destroy(self)

    module.FigureManagerBase.show = show


def _open_no_window(_shell, module) -> None:
    """Let backends with windows mean the inline backend: nobody is there to look."""
    switch = module.switch_backend

    def switch_backend(backend):
        from matplotlib.backends import BackendFilter, backend_registry

        windows = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
        if str(backend).lower() in map(str.lower, windows):
            backend = module.rcParams["backend"] = INLINE  # which looks there when it is imported
        switch(backend)

    module.switch_backend = switch_backend


def _run_beside_a_loop(_shell, module) -> None:
    """Let ``asyncio.run`` work below the kernel's own loop: in a thread, with a loop of its own."""
    run = module.run

    def run_beside(main, **options):
        import contextvars
        from concurrent.futures import ThreadPoolExecutor

        try:
            module.get_running_loop()
        except RuntimeError:
            return run(main, **options)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(contextvars.copy_context().run, run, main, **options).result()

    module.run = run_beside


def _refuse_own_functions(_shell, module) -> None:
    """Say at once what a process that is started anew would fail at, over and over, without a word."""
    from multiprocessing.reduction import ForkingPickler
    from pickle import PicklingError
    from types import FunctionType

    def reducer_override(_self, value):
        if isinstance(value, FunctionType | type) and value.__module__ == "__main__":
            raise PicklingError(f"a process that is started anew does not find {value.__qualname__}, "
                                "which this chapter defines; move it into a module whose name "
                                "starts with _")
        return NotImplemented

    def leave(_self, _value):
        return NotImplemented

    launch = module.Popen._launch

    def _launch(self, process):
        # What is pickled later on, as a pool's tasks are, goes to processes like this one.
        forked = module.__name__ == "multiprocessing.popen_fork"
        ForkingPickler.reducer_override = leave if forked else reducer_override
        return launch(self, process)

    module.Popen._launch = _launch


AFTER = {"asyncio": _run_beside_a_loop, "matplotlib.pyplot": _open_no_window,
         "matplotlib.backend_bases": _show_without_window,
         "matplotlib_inline.backend_inline": _number_figures,
         **{f"multiprocessing.popen_{way}": _refuse_own_functions
            for way in ("fork", "spawn_posix", "forkserver")}}


class _AfterImport(MetaPathFinder):
    """Changes modules once they are imported, if ever: importing them here would take seconds."""

    def __init__(self, shell):
        self.shell = shell
        for name in AFTER.keys() & sys.modules.keys():
            AFTER[name](shell, sys.modules[name])

    def find_spec(self, name, path=None, target=None):
        """Find one of the modules of `AFTER`, and no other."""
        spec = PathFinder.find_spec(name, path, target) if name in AFTER else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                AFTER[name](self.shell, module)

            spec.loader.exec_module = exec_module
        return spec

"""What a chapter calls: show, table, record, depends.

Within a build the calls hand their results to the builder as outputs of the cell. In a
notebook they show figure, table and values; in a plain script they print, and open a window
only where there is a display.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from pathlib import Path

from reporting.kernel.cell_lines import line_of_call
from reporting.kernel.protocol import BUILDING, FIGURE, MIME
from reporting.kernel.scalars import scalar
from reporting.layout import PLACES, TEXT_WIDTH

_RC = Path(__file__).with_name("matplotlibrc")


def _use_style() -> None:
    """Make matplotlib draw for the page, whether it is imported already or not yet."""
    if "matplotlib" in sys.modules:
        import matplotlib

        matplotlib.rc_file(_RC)
        salt = matplotlib.rc_params_from_file(_RC)["svg.hashsalt"]
        matplotlib.rcParams["svg.hashsalt"] = salt  # which rc_file leaves as it was
    else:
        os.environ["MATPLOTLIBRC"] = str(_RC)


_use_style()


def _shell():
    """Return the running IPython shell, None in a plain script."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _emit(kind: str, data: dict | None = None, **fields) -> None:
    """Hand something to the builder, which reads it from the cell's outputs."""
    shell = _shell()
    # Below %%capture the shell's own publisher is another for a while.
    publisher = getattr(shell, "report_pub", shell.display_pub)
    publisher.publish({MIME: {"kind": kind, **fields}, **(data or {})})


def _check_label(label, prefix: str) -> None:
    if not (isinstance(label, str) and label.startswith(prefix) and len(label) > len(prefix)):
        raise ValueError(f"label {label!r} should start with {prefix!r} and go on")
    if not re.fullmatch(r"[\w.:-]+", label):
        raise ValueError(f"label {label!r} should have no other signs than letters, digits and - _ . :, "
                         "or no text could refer to it")


def _check_caption(caption) -> None:
    if not isinstance(caption, str):
        raise TypeError(f"the caption should be a text, not {caption!r}")


def _check_figure(fig) -> None:
    from matplotlib.figure import Figure

    if isinstance(fig, Figure):
        return
    whole = getattr(fig, "figure", None)
    if hasattr(fig, "to_plotly_json"):
        raise TypeError("show takes a figure of matplotlib's, and this one is plotly's: draw the same with matplotlib "
                        "for the PDF, and give this one beside it, as interactive=, for the page")
    way = "; write show(….figure, …)" if isinstance(whole, Figure) else ""
    raise TypeError(f"show takes a figure of matplotlib's, not {getattr(fig, '__name__', type(fig).__name__)}{way}")


def show(fig, label: str, caption: str, width: float = 1.0, interactive=None, *,
         place: str = "here") -> None:
    """Show a matplotlib figure as a numbered figure of the report.

    The figure is drawn anew at its final size, ``width`` times the text's width with its
    own proportions, so that font sizes in points are true on the page.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Closed afterwards within a build and in a notebook.
    label : str
        ``fig-…``, for ``[@fig-…]`` in prose.
    caption : str
        Markdown, with mathematics, citations and ``{{ names}}``. As a literal it is prose:
        editing it never runs the chapter again.
    width : float
        Fraction of the text's width, in (0, 1].
    interactive : plotly.graph_objects.Figure, optional
        Takes the figure's place in ``report.html``.
    place : str
        "here"; "top" or "bottom" of its page; or "auto": here if it fits, else on top of the
        next page, while the section's text flows on. As a literal it is prose.

    Raises
    ------
    TypeError
        If it is no figure of matplotlib's, ``interactive`` none of plotly's, or the caption no text.
    ValueError
        If the label does not start with ``fig-`` or has a sign that no reference can have, the
        width is not in (0, 1], or there is no such place.
    """
    _check_label(label, "fig-")
    _check_caption(caption)
    _check_figure(fig)
    if not (interactive is None or hasattr(interactive, "to_plotly_json")):
        raise TypeError(f"interactive= takes a figure of plotly's, not {type(interactive).__name__}")
    if place not in PLACES:
        raise ValueError(f"place {place!r} should be one of {', '.join(PLACES)}")
    if isinstance(width, str) or not 0 < width <= 1:
        raise ValueError(f"width {width!r} should be a fraction of the text's width, in (0, 1]")
    import matplotlib.pyplot as plt

    old_width, old_height = fig.get_size_inches()
    fig.set_size_inches(TEXT_WIDTH * width, old_height * TEXT_WIDTH * width / old_width)
    if os.environ.get(BUILDING):
        data = {"image/svg+xml": _svg(fig)}
        explored = None if interactive is None else interactive.to_json()
        _emit("figure", data, label=label, caption=caption, width=width, interactive=explored,
              place=place, line=line_of_call(_shell()), **{FIGURE: getattr(fig, FIGURE, None)})
        plt.close(fig)
    elif _shell() is not None:
        from IPython.display import Markdown, display

        _draw_in_notebook(_shell())
        display(fig if interactive is None else interactive)
        display(Markdown(f"**{label}.** {_told(caption)}"))
        plt.close(fig)
    else:
        print(f"{label}: {_told(caption)}")
        if plt.get_backend().lower() in _window_backends():
            plt.show()


def _draw_in_notebook(shell) -> None:
    """Have figures drawn as PNG where a backend set by MPLBACKEND would leave but their size."""
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib.figure import Figure

    pictures = ("image/png", "image/svg+xml", "image/jpeg", "application/pdf")
    formatters = shell.display_formatter.formatters
    if not any(Figure in formatters[mime].type_printers for mime in pictures):
        select_figure_formats(shell, {"png"})


def _window_backends() -> set[str]:
    from matplotlib.backends import BackendFilter, backend_registry

    return {name.lower() for name in backend_registry.list_builtin(BackendFilter.INTERACTIVE)}


def _svg(fig) -> str:
    """Draw the figure as SVG, trimmed above and below: blank rows cost pages."""
    from matplotlib.transforms import Bbox

    fig.canvas.draw()
    width, height = fig.get_size_inches()
    tight = fig.get_tightbbox()
    pad = 0.02
    box = Bbox([[min(0, tight.x0 - pad), max(tight.y0 - pad, -height)],
                [max(width, tight.x1 + pad), min(tight.y1 + pad, 2 * height)]])
    file = io.StringIO()
    fig.savefig(file, format="svg", bbox_inches=box, metadata={"Date": None})
    return file.getvalue()


def table(frame, label: str, caption: str, formats: dict | None = None) -> None:
    """Show a pandas DataFrame or Series as a numbered table of the report.

    Numbers with a fraction are alike in a column: as many decimals as give the smallest four
    significant digits, at most six, and no more than any needs. Where that would take more than
    12 digits, or lose the smallest, the whole column is scientific: 2.500×10⁻⁹. Missing values
    are "–", bools yes and no; dates show a time of day only where one of the column has one.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        Or what has ``to_pandas``. Its index is shown, a column a level, unless it is a plain
        0, 1, 2, … without a name; levels of the columns become heads that span. Column names
        are Markdown, texts in the cells are shown as they are.
    label : str
        ``tbl-…``, for ``[@tbl-…]`` in prose.
    caption : str
        Markdown, as for `show`.
    formats : dict, optional
        Column → format such as ``"{:.1%}"``, ``"{:%d %B %Y}"`` for dates; durations are
        seconds. Where columns have levels: a tuple, its start, or any one level's name. As a
        literal it is prose: changing the rounding never runs the chapter again.

    Raises
    ------
    TypeError
        If it is no frame, or holds a value whose only text is an address in memory, or the
        caption is no text.
    ValueError
        If the label does not start with ``tbl-`` or has a sign that no reference can have, the
        frame has no columns, or ``formats`` names an unknown column.
    """
    _check_label(label, "tbl-")
    _check_caption(caption)
    from reporting.kernel.frames import as_text, described

    item = described(frame, formats)
    if os.environ.get(BUILDING):
        _emit("table", label=label, caption=caption, line=line_of_call(_shell()), **item)
    elif _shell() is not None:
        from IPython.display import HTML, Markdown, display

        display(HTML(as_text(item, html=True)))
        display(Markdown(f"**{label}.** {_told(caption)}"))
    else:
        print(f"{label}: {_told(caption)}")
        print(as_text(item))


def record(**values) -> None:
    """Record values for the prose, where ``{{ name:.1%}}`` fills them in.

    Parameters
    ----------
    **values : float, int, str or bool
        NumPy and torch scalars will do. The last value of a name counts.

    Raises
    ------
    TypeError
        If a value is not a scalar.
    """
    plain = {name: scalar(value, name) for name, value in values.items()}
    if os.environ.get(BUILDING):
        _emit("record", values=plain)
    else:
        _recorded.update(plain)
        for name, value in plain.items():
            print(f"{name} = {value}")


_recorded: dict = {}


def _told(caption: str) -> str:
    """Fill a caption with what this session has recorded so far; a build fills in the rest."""
    from reporting.read.markdown import TEMPLATE

    def put(match) -> str:
        value = _recorded.get(match["name"])
        return match[0] if value is None else format(value, match["format"] or "")

    return TEMPLATE.sub(put, caption)


def depends(what, fingerprint: str | None = None, copy: str | None = None) -> None:
    """Declare a file or a data set on which this chapter's results depend.

    Parameters
    ----------
    what : path or str
        With no fingerprint: a file, whose content counts. Else: a name, such as "CIFAR-10".
    fingerprint : str, optional
        Stands for the content of what is named.
    copy : str, optional
        What the copy at hand is called, of a data set that goes round in several, such as
        "CIFAR-10 (JPEG mirror)". Another copy does not make the results stale; the report and
        the plan say which it was.

    Raises
    ------
    FileNotFoundError
        If a file is declared that is not there.
    """
    if not os.environ.get(BUILDING):
        return
    if fingerprint is not None:
        called = {} if copy is None else {"copy": str(copy)}
        _emit("depends", name=str(what), fingerprint=str(fingerprint), **called)
        return
    path = Path(os.path.abspath(what))  # a link counts by what it leads to, and is looked for where it lies
    if not (path.exists() and path.samefile(what)):  # .. behind a link to a folder leads elsewhere
        path = Path(what).resolve()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _emit("depends", name=path.name, path=str(path), fingerprint=digest)

"""Chapters in, report out: percent-scripts become one PDF whose prose cannot go stale.

Chapters use four calls: `show` a figure, `table` a data frame, `record` values for
``{{ name:.1%}}`` in the prose, and `depends` on a file or a data set; a fifth, `sprite`,
lets the points of an interactive figure show their images. Everything else in here is the
builder behind ``build_report.py``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

__all__ = ["depends", "record", "show", "sprite", "table"]


def __getattr__(name):
    # Late, because the builder itself needs nothing of what chapters need.
    if name in __all__:
        if name == "sprite":
            from reporting.kernel.sprite import sprite

            return sprite
        from reporting.kernel import display

        return getattr(display, name)
    raise AttributeError(f"module 'reporting' has no attribute {name!r}")

"""Where figures go: in their place if they fit, else to the top of the next page, never out of their section.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import re

import pypdf
import pytest

from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.pdf import typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

LINE = "Words and words " * 7
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 {}"><rect width="9" height="9"/></svg>'


def lines(count: int) -> str:
    """Words of about so many lines; 55 fill a page."""
    return LINE * count


@pytest.fixture
def places(tmp_path):
    """Set chapters of texts and figures (name, place, height in widths of the text); return where each name stands."""

    def places(*chapters, title="Report"):
        store, parts = Store(tmp_path), []
        for number, cells in enumerate(chapters, 1):
            name, text, outputs = f"{number:02}_a", "", []
            for cell in cells:
                if isinstance(cell, str):
                    text += "# %% [markdown]\n# " + cell.replace("\n", "\n# ") + "\n\n"
                    continue
                label, place, height = cell
                text += "# %%\nmake()\n\n"
                outputs.append([{"kind": "figure", "label": f"fig-{label}", "caption": f"{label}.", "width": 1, "place": place,
                                 "svg": SVG.format(100 * height)}])
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
            store.save(name, {"outputs": outputs})
            parts.append(Part(parse_chapter(tmp_path / f"{name}.py", text), {**store.load(name), "values": {}, "depends": []}))
        settings = Settings(title=title, provenance=False)
        document = stitch(parts, settings, store)
        pdf = typeset(document, settings, tmp_path).pdf
        assert typeset(document, settings, tmp_path).pdf == pdf
        return standing(pdf)

    return places


def standing(pdf: bytes) -> dict[str, tuple[int, float]]:
    """Return page and height, from its top, of every name in capitals and digits, where it last stands."""
    found = {}
    for number, page in enumerate(pypdf.PdfReader(io.BytesIO(pdf)).pages, 1):
        def note(text, cm, tm, _font, _size, number=number):
            height = -(tm[4] * cm[1] + tm[5] * cm[3] + cm[5])
            found.update((name, (number, height)) for name in re.findall(r"[A-Z]{3,4}\d", text))

        page.extract_text(visitor_text=note)
    return found


def test_a_figure_that_fits_stands_where_its_cell_is(places):
    at = places(["# HEAD1\nONE1 " + lines(10), ("FIG1", "auto", 0.3), "TWO1 " + lines(9)])
    assert at["FIG1"][0] == 1 and at["ONE1"] < at["FIG1"] < at["TWO1"]


def test_one_that_does_not_fit_goes_to_the_top_of_the_next_page_and_text_fills_this_one(places):
    at = places(["# HEAD1\n" + lines(36) + " ONE1", ("FIG1", "auto", 0.6), "TWO1 " + lines(40) + " TWO2", "# HEAD2"])
    assert at["ONE1"] < at["TWO1"] < at["FIG1"] < at["TWO2"]
    assert at["TWO1"][0] == 1 and at["FIG1"][0] == 2


def test_text_of_the_next_section_does_not_go_before_it(places):
    first = ["# HEAD1\n" + lines(36) + " ONE1", ("FIG1", "auto", 0.6), "TWO1"]
    for rest in ([*first, "# HEAD2\nTEN1"],), (first, ["# HEAD2\nTEN1"]), (first, ["TEN1 " + lines(3) + "HEAD2"]):
        at = places(*rest)
        assert at["TWO1"][0] == 1 and at["FIG1"][0] == 2 and at["FIG1"] < at["HEAD2"] and at["FIG1"] < at["TEN1"]


def test_figures_keep_their_order_though_a_later_one_would_fit(places):
    at = places(["# HEAD1\n" + lines(36), ("FIG1", "auto", 0.6), ("FIG2", "auto", 0.1), "TWO1 " + lines(40)])
    assert at["TWO1"][0] == 1 and (2, -900) < at["FIG1"] < at["FIG2"]


def test_many_figures_settle_with_none_before_its_text_and_none_out_of_its_section(places):
    """Every one that is moved moves those below, which may fit then, or do no longer."""
    heights = [0.25, 0.5, 0.9, 0.1, 0.4, 0.75, 0.3, 0.6]
    at = places(*([f"# HEAD{i}\n" + lines(3 + 5 * i % 17) + f"ONE{i}", (f"FIG{i}", "auto", height), f"TWO{i} " + lines(12)]
                  for i, height in enumerate(heights)))
    for i in range(len(heights)):
        assert at[f"HEAD{i}"] < at[f"ONE{i}"] < at[f"FIG{i}"] < at.get(f"HEAD{i + 1}", (99, 0))
        # In the text, or right at the top of the page after its cell's.
        assert at[f"FIG{i}"] < at[f"TWO{i}"] or at[f"FIG{i}"][0] == at[f"TWO{i}"][0] + 1


@pytest.mark.parametrize("place", ["top", "auto"])
def test_none_stands_above_the_title_or_its_sections_heading(places, place):
    at = places(["# HEAD1\nONE1 " + lines(9), ("FIG1", place, 0.2)], ["# HEAD2\nTWO1 " + lines(5), ("FIG2", place, 0.2)],
                title="TOP1")
    assert at["TOP1"] < at["HEAD1"] < at["ONE1"] < at["FIG1"] < at["HEAD2"] < at["FIG2"] and at["FIG2"][0] == 1


def test_top_and_bottom_are_those_of_its_page_where_that_is_within_its_section(places):
    at = places(["# HEAD1\n" + lines(80) + " ONE1", ("FIG1", "top", 0.2), "TWO1 " + lines(70) + " TWO2"])
    assert at["FIG1"][0] == at["ONE1"][0] == 2 and at["FIG1"] < at["ONE1"]
    at = places(["# HEAD1\n" + lines(20) + " ONE1", ("FIG1", "bottom", 0.2), "TWO1 " + lines(15) + "TWO2 " + lines(70)])
    assert at["FIG1"][0] == at["TWO2"][0] == 1 and at["TWO2"] < at["FIG1"]


def test_none_stands_at_the_bottom_below_the_next_section(places):
    at = places(["# HEAD1\n" + lines(9) + " ONE1", ("FIG1", "bottom", 0.2), "TWO1"], ["# HEAD2\nTEN1"])
    assert at["ONE1"] < at["FIG1"] < at["TWO1"] < at["HEAD2"]

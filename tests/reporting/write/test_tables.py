"""From a frame to the texts of its table, whatever the frame is made of.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import datetime
import enum
import itertools
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.kernel.frames import described
from reporting.read.calls import read_calls
from reporting.write.tables import laid_out

SALES = pd.DataFrame({"shop": ["a", "a", "b", "b"], "year": [2020, 2021, 2020, 2021],
                      "sales": [1.0, 2.0, 3.0, 4.5]})
GROUPS = SALES.groupby(["shop", "year"]).mean()
SPREADS = SALES.groupby("shop").agg({"sales": ["mean", "std"], "year": ["min"]})
PIVOT = SALES.pivot_table(index="shop", columns="year", values="sales")
LETTERS = st.sampled_from("abc")
properties = settings(max_examples=300, deadline=None, database=None)


class Colour(enum.Enum):
    RED = 1


def laid(frame, formats=None):
    """Lay out what is left of a frame after it has been stored."""
    return laid_out(json.loads(json.dumps(described(frame, formats), allow_nan=False)))


def texts(values, spec=None, **dtype):
    """The cells of a column."""
    frame = pd.DataFrame({"x": pd.Series(values, **dtype)})
    return [row[0] for row in laid(frame, {"x": spec} if spec else None)["rows"]]


def heads(frame):
    return [[(cell["text"], cell["span"]) for cell in level] for level in laid(frame)["head"]]


# Numbers ---------------------------------------------------------------------------------------


def number(text: str) -> float:
    """Read a number as a person would."""
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(plain.replace("×10", "e"))


MAGNITUDES = (st.floats(-1e300, 1e300)
              | st.builds(lambda digits, power: digits * 10.0**power,
                          st.integers(-99999, 99999), st.integers(-9, 6)))


@properties
@given(st.lists(MAGNITUDES, min_size=1, max_size=6))
def test_numbers_of_a_column_are_alike_and_nothing_of_them_is_lost(values):
    shown = texts(values, dtype=float)
    assert not any(re.search("[-+eE]", text) for text in shown)
    for value, text in zip(values, shown, strict=True):
        assert (number(text) == 0) == (value == 0)
        assert number(text) == pytest.approx(value, rel=0.0051)
    scientific = {"×" in text for text, value in zip(shown, values, strict=True) if value}
    assert len(scientific) <= 1
    if True not in scientific:
        assert len({len(text.partition(".")[2]) for text in shown}) == 1
        assert max(sum(map(str.isdigit, text)) for text in shown) <= 12


@pytest.mark.parametrize("values, shown", [
    ([1.5, 225.0], ["1.5", "225.0"]),
    ([15234.0], ["15234"]),
    ([123456789012.0], ["123456789012"]),
    ([1234567890123.0], ["1.235×10¹²"]),
    ([0.1 + 0.2, 1.0], ["0.3", "1.0"]),
    ([1 / 3, 200.0], ["0.3333", "200.0000"]),
    ([0.000123456], ["0.000123"]),
    ([0.000025, -0.0], ["0.000025", "0.000000"]),
    ([123456.789, 1e12, 2.5e-9, 0.0], ["1.235×10⁵", "1.000×10¹²", "2.500×10⁻⁹", "0"]),
    ([-1.25, np.inf, -np.inf, np.nan], ["−1.25", "∞", "−∞", "–"]),
    ([10**20, -3, 2.5], ["100000000000000000000", "−3", "2.5"]),
    ([Decimal("1.50"), Decimal("-2.25"), Decimal("NaN")], ["1.50", "−2.25", "–"]),
    ([Fraction(1, 3), Fraction(-2)], ["1/3", "−2"]),
    ([1 + 2j, -0.5 - 1.25j], ["1.00+2.00j", "−0.50−1.25j"]),
])
def test_numbers(values, shown):
    assert texts(values, dtype=None if all(type(v) is float for v in values) else object) == shown
    assert laid(pd.DataFrame({"x": values}))["align"] == "r"


def test_single_precision_is_not_taken_for_digits():
    assert texts(np.array([0.1, 0.25], np.float32)) == ["0.10", "0.25"]


# Values of every kind ----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [
    None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), np.timedelta64("NaT"), Decimal("nan"),
    torch.tensor(np.nan), np.float32("nan"), np.array(np.nan), complex("nan")], ids=repr)
def test_what_is_missing_is_a_dash(gone):
    assert texts([gone, "x"], dtype=object) == ["–", "x"]
    assert texts([gone, "x"], "{:>3}", dtype=object) == ["–", "  x"]


@pytest.mark.parametrize("values, shown, align", [
    (pd.array([1, None], dtype="Int64"), ["1", "–"], "r"),
    (pd.array([1.5, None], dtype="Float64"), ["1.5", "–"], "r"),
    (pd.array([True, None], dtype="boolean"), ["yes", "–"], "c"),
    (pd.array(["x", None], dtype="string"), ["x", "–"], "l"),
    (pd.Categorical(["x", None]), ["x", "–"], "l"),
    (pd.Categorical([3, 5]), ["3", "5"], "r"),
    (pd.arrays.SparseArray([0.0, 1.5]), ["0.0", "1.5"], "r"),
    (pd.cut([0, -2], [-3, -1, 0]), ["(−1, 0]", "(−3, −1]"], "l"),
    (pd.IntervalIndex.from_breaks(pd.to_datetime(["2020-01-01", "2020-01-02"])),
     ["(2020-01-01, 2020-01-02]"], "l"),
    (pd.period_range("2020Q1", periods=2, freq="Q"), ["2020Q1", "2020Q2"], "l"),
    ([np.bool_(True), np.int8(-3), np.float32(0.5)], ["yes", "−3", "0.5"], "l"),
    ([torch.tensor(2), torch.tensor(0.5), np.array([1.5])], ["2", "0.5", "1.5"], "r"),
    ([Path("a/b"), Colour.RED, b"caf\xc3\xa9"], ["a/b", "Colour.RED", "café"], "l"),
    ([[np.float64(1.5), 2], (1,), {"k": np.int64(1)}], ["[1.5, 2]", "(1,)", "{'k': 1}"], "l"),
    ([{"b", "a"}, frozenset(), np.arange(3)], ["{'a', 'b'}", "frozenset()", "[0 1 2]"], "l"),
    (["-1", "*a* | $b$", "", "2"], ["-1", "*a* | $b$", "", "2"], "l"),
    (["\ud800"], ["\\ud800"], "l"),
    ([pd.Timestamp("2020-01-01 00:00:00.000000001")], ["2020-01-01 00:00:00.000000001"], "l"),
    (np.array(["12000-01-01"], "datetime64[s]"), ["12000-01-01 00:00:00"], "l"),
    ([datetime.time(1, 2)], ["01:02:00"], "l"),
    ([None, None], ["–", "–"], "l"),
])
def test_values(values, shown, align):
    frame = pd.DataFrame({"x": values if hasattr(values, "dtype") else pd.Series(values, dtype=object)})
    table = laid(frame)
    assert ([row[0] for row in table["rows"]], table["align"]) == (shown, align)


@pytest.mark.parametrize("value", [object(), [object()], {object()}, lambda: 0])
def test_an_address_is_no_text(value):
    with pytest.raises(TypeError, match=r"column 'model' holds .* put what you want to show"):
        described(pd.DataFrame({"model": pd.Series([value], dtype=object)}))


@pytest.mark.parametrize("values, shown", [
    (["2020-01-01", "2020-03-02"], ["2020-01-01", "2020-03-02"]),
    (["2020-01-01", "2020-03-02 12:30"], ["2020-01-01 00:00", "2020-03-02 12:30"]),
    (["2020-01-01 00:00:05.25"], ["2020-01-01 00:00:05.250"]),
    (["2020-01-01 00:00+02:00"], ["2020-01-01 00:00+02:00"]),
])
def test_dates(values, shown):
    assert texts([pd.Timestamp(value) for value in values]) == shown
    assert texts([pd.Timestamp(value).to_pydatetime() for value in values], dtype=object) == shown


@properties
@given(st.lists(st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
                min_size=1, max_size=4))
def test_dates_are_exact_and_alike(values):
    shown = texts(values)
    assert [pd.Timestamp(text) for text in shown] == values
    assert len(set(map(len, shown))) == 1


@pytest.mark.parametrize("values, shown", [
    (["5s"], ["0:00:05"]),
    (["30h", "90min"], ["1 day 6:00:00", "0 days 1:30:00"]),
    (["2D", "-1D"], ["2 days", "−1 day"]),
    (["5ns"], ["0:00:00.000000005"]),
])
def test_durations(values, shown):
    assert texts([pd.Timedelta(value) for value in values]) == shown


@properties
@given(st.lists(st.timedeltas(datetime.timedelta(days=-999), datetime.timedelta(days=999)),
                min_size=1, max_size=4))
def test_durations_are_exact_and_alike(values):
    shown = texts(values)
    assert [pd.Timedelta(text.replace("−", "-")) if text[0] != "−" else -pd.Timedelta(text[1:])
            for text in shown] == values
    assert len({(text.count("day"), len(text.partition(".")[2])) for text in shown}) == 1


# Heads and index ---------------------------------------------------------------------------------


def test_levels_of_the_index_are_columns():
    assert laid(GROUPS) == {
        "head": [[{"text": name, "span": 1} for name in ("shop", "year", "sales")]],
        "align": "lrr",
        "rows": [["a", "2020", "1.0"], ["", "2021", "2.0"], ["b", "2020", "3.0"], ["", "2021", "4.5"]]}


@properties
@given(st.lists(st.tuples(LETTERS, LETTERS, LETTERS), min_size=1, max_size=8))
def test_only_what_the_rows_above_say_is_left_blank(labels):
    frame = pd.DataFrame({"x": range(len(labels))}, index=pd.MultiIndex.from_tuples(labels))
    shown = [row[:3] for row in laid(frame)["rows"]]
    said = ["", "", ""]
    for label, row, before in zip(labels, shown, [None, *labels], strict=False):
        for level, text in enumerate(row):
            if text:
                said[level:] = [text, *[""] * (2 - level)]
            assert bool(text) == (level == 2 or before is None or label[:level + 1] != before[:level + 1])
        assert tuple(said) == label


@properties
@given(st.lists(st.tuples(LETTERS, LETTERS, LETTERS), min_size=1, max_size=6))
def test_heads_span_as_those_of_pandas_do(labels):
    frame = pd.DataFrame([range(len(labels))], columns=pd.MultiIndex.from_tuples(labels))
    html = frame.to_html(index=False).partition("</thead>")[0]
    expected = [[(text, int(span or 1)) for span, text in
                 re.findall(r'<th(?: colspan="(\d+)")?[^>]*>(.*?)</th>', row)]
                for row in html.split("<tr")[1:]]
    assert heads(frame) == expected


@pytest.mark.parametrize("frame, expected", [
    (SPREADS, [[("", 1), ("sales", 2), ("year", 1)],
               [("shop", 1), ("mean", 1), ("std", 1), ("min", 1)]]),
    (SPREADS.reset_index(), [[("", 1), ("sales", 2), ("year", 1)],
                             [("shop", 1), ("mean", 1), ("std", 1), ("min", 1)]]),
    (PIVOT, [[("", 1), ("year", 2)], [("shop", 1), ("2020", 1), ("2021", 1)]]),
    (PIVOT.reset_index(), [[("shop", 1), ("2020", 1), ("2021", 1)]]),
    (SALES.pivot_table(index="shop", columns="year", values=["sales"]),
     [[("", 1), ("sales", 2)], [("", 1), ("year", 2)], [("shop", 1), ("2020", 1), ("2021", 1)]]),
    (SALES["shop"].value_counts(), [[("shop", 1), ("count", 1)]]),
    (SALES["sales"].describe(), [[("", 1), ("sales", 1)]]),
    (pd.Series([1, 2]), [[("", 1)]]),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), [[("a", 1), ("a", 1)]]),
    (SALES.set_index("shop").assign(shop=1),
     [[("shop", 1), ("year", 1), ("sales", 1), ("shop", 1)]]),
    (pd.DataFrame({"u": [1]}, index=pd.CategoricalIndex(["a"])).T.T, [[("", 1), ("u", 1)]]),
    (pd.DataFrame([[1, 2]], columns=pd.date_range("2020", periods=2)),
     [[("2020-01-01", 1), ("2020-01-02", 1)]]),
    (pd.DataFrame([[1]], columns=pd.IntervalIndex.from_tuples([(-1, 0)], "left")), [[("[−1, 0)", 1)]]),
    (pd.DataFrame([[1, 2]], columns=pd.period_range("2020", periods=2, freq="Y")),
     [[("2020", 1), ("2021", 1)]]),
    (pd.DataFrame([[1, 2, 3]], columns=[None, -1, True]), [[("–", 1), ("−1", 1), ("yes", 1)]]),
    (pd.DataFrame([[1, 2]], columns=[("a", "b"), "c"]), [[("a", 1), ("", 1)], [("b", 1), ("c", 1)]]),
    (pd.DataFrame({"a": []}), [[("a", 1)]]),
    (pd.DataFrame(index=["x"]), [[("", 1)]]),
])
def test_heads(frame, expected):
    assert heads(frame) == expected


@pytest.mark.parametrize("index, shown", [
    (pd.RangeIndex(2), False), (pd.RangeIndex(1, 3), True), (pd.RangeIndex(0, 4, 2), True),
    (pd.RangeIndex(2, name="epoch"), True), (pd.Index([0, 1]), True), (pd.Index(["a", "b"]), True),
    (pd.DatetimeIndex(["2020-01-01", "2020-01-02"]), True),
])
def test_an_index_is_shown_unless_it_only_counts(index, shown):
    assert len(laid(pd.DataFrame({"x": [1, 2]}, index=index))["align"]) == 1 + shown


def test_other_libraries_frames():
    class Other:
        def to_pandas(self):
            return SALES

    assert laid(Other()) == laid(SALES)
    for other in ({"a": [1]}, [1], np.zeros((2, 2)), SALES.style):
        with pytest.raises(TypeError, match=f"to_pandas.*not {type(other).__name__}$"):
            described(other)
    with pytest.raises(ValueError, match="no columns"):
        described(pd.DataFrame(index=range(3)))


# Formats -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formats, row", [
    ({"sales": "{:.1f}"}, ["a", "1.5", "0.7", "2020"]),
    ({"sales": "{:.1f}", "std": "{:.2f}"}, ["a", "1.5", "0.71", "2020"]),
    ({"sales": "{:.1f}", "std": "{:.2f}", ("sales", "std"): "{:.3f}"}, ["a", "1.5", "0.707", "2020"]),
    ({"shop": "<{}>", "sales": "{:.1e}", "min": None}, ["<a>", "1.5×10⁰", "7.1×10⁻¹", "2020"]),
    ({("shop", ""): "<{}>", ("sales", "mean"): "{:+.0%}"}, ["<a>", "+150%", "0.7071", "2020"]),
])
def test_formats_of_levels(formats, row):
    assert laid(SPREADS, formats)["rows"][0] == row
    prose = read_calls(f'table(f, label="tbl-a", caption="", formats={formats})').prose["tbl-a"]
    assert laid_out({**described(SPREADS), **prose})["rows"][0] == row


def test_names_that_are_no_texts_have_formats_too():
    assert laid(PIVOT, {2020: "{:.2f}"})["rows"][0] == ["a", "1.00", "2.0"]
    assert laid(PIVOT, {"2020": "{:.2f}"})["rows"][0] == ["a", "1.00", "2.0"]
    frame = SALES.pivot_table(index="shop", columns="year", values=["sales"])
    assert laid(frame, {("sales", 2021): "{:.2f}"})["rows"][0] == ["a", "1", "2.00"]


@pytest.mark.parametrize("values, spec, shown", [
    ([datetime.date(2020, 1, 2)], "{:%d %B %Y}", "02 January 2020"),
    ([pd.Timestamp("2020-01-02 03:04")], "{:%H:%M}", "03:04"),
    ([pd.Timedelta("90s")], "{:.1f}", "90.0"),
    ([datetime.time(3, 4)], "{:%H h}", "03 h"),
    ([Decimal("-1.005")], "{:.1f} €", "−1.0 €"),
    ([Fraction(-1, 3)], "{:.2f}", "−0.33"),
    ([1 - 2j], "{:.1f}", "1.0−2.0j"),
    ([-1234.5], "${:,.0f}", "$−1,234"),
    ([-1e-12], "{:.0e}", "−1×10⁻¹²"),
    ([485], "{:x}", "1e5"),
    ([-np.inf], "{:.1%}", "−∞"),
    ([True], "{:d}", "1"),
    (["-1"], "{} a", "-1 a"),
])
def test_formats_of_types(values, spec, shown):
    assert texts(values, spec, dtype=None if isinstance(values[0], pd.Timestamp) else object) == [shown]


@pytest.mark.parametrize("formats, words", [
    ({"size": "{}"}, "formats names 'size', the columns are shop, year, sales"),
    ({"size": None}, "formats names 'size'"),
    ({("sales", "mean"): "{}"}, "formats names \"('sales', 'mean')\""),
    ({"sales": ".1f"}, "format '.1f' of 'sales' should be a text with braces"),
    ({"sales": str.upper}, "should be a text with braces"),
])
def test_formats_of_nothing_are_refused_at_both_ends(formats, words):
    for refuse in (lambda: described(SALES, formats),
                   lambda: laid_out({**described(SALES), "formats": formats})):
        with pytest.raises(ValueError, match=re.escape(words)):
            refuse()


@pytest.mark.parametrize("value, spec", [
    ("a", "{:.1f}"), (1.5, "{:d}"), (1.5, "{:.1f"), (1.5, "{name}"), (1.5, "{} {}"),
    (datetime.date(2020, 1, 1), "{:.1f}"), (datetime.date(2020, 1, 1), "{:.1%}"),
    (datetime.time(1), "{:>9}"),
])
def test_formats_that_do_not_fit(value, spec):
    with pytest.raises(ValueError, match=re.escape(f"format {spec!r} does not fit {value!r}")):
        texts([value], spec, dtype=object)


# Results that are stored already -------------------------------------------------------------------


def test_what_older_builders_stored():
    item = {"columns": ["name", "share", "n", "when"], "formats": {"share": "{:.0%}"},
            "rows": [["a|b", 0.25, 3, "2020-01-01T00:00:00"], ["c", {"float": "nan"}, -1, None],
                     [True, {"float": "-inf"}, None, "x"]]}
    assert laid_out(item) == {
        "head": [[{"text": name, "span": 1} for name in ("name", "share", "n", "when")]],
        "align": "lrrl",
        "rows": [["a|b", "25%", "3", "2020-01-01T00:00:00"], ["c", "–", "−1", "–"],
                 ["yes", "−∞", "–", "x"]]}
    with pytest.raises(ValueError, match="no columns"):
        laid_out({"columns": [], "rows": [], "formats": {}})


def test_every_combination_of_levels_keeps_its_columns():
    names = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
    indices = [pd.RangeIndex(4), names, pd.Index(list("pqrs"), name="x")]
    for rows, columns in itertools.product(indices, indices):
        frame = pd.DataFrame(np.eye(4), index=rows, columns=columns)
        table, width = laid(frame), 4 + (0 if rows is indices[0] else rows.nlevels)
        assert len(table["align"]) == width and {len(row) for row in table["rows"]} == {width}
        assert all(sum(cell["span"] for cell in level) == width for level in table["head"])

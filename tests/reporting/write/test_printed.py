"""Printed text, as a terminal would have left it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest

from reporting.write.printed import as_shown


@pytest.mark.parametrize("printed, shown", [
    ("\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[m", "red green"),
    ("\x1b]8;;http://x.org\x07link\x1b]8;;\x07", "link"),
    ("\x1b]0;title\x1b\\text \x1b(B\x1b=", "text"),
    ("10%\r50%\r100%", "100%"),
    ("10%\r50%\r", "50%"),
    ("epoch 10\repoch 9", "epoch 90"),
    ("epoch 10\r\x1b[Kepoch 9", "epoch 9"),
    ("bar\r   \r", ""),
    ("one\r\ntwo\r\n", "one\ntwo"),
    ("ab\x08c", "ac"),
    ("a\tb", "a       b"),
    ("bell\x07 null\x00 del\x7f", "bell null del"),
    ("✓ ── │ ░▒▓ █ é", "✓ ── │ ░▒▓ █ é"),
    ("\n\n  indented\n\n", "  indented"),
])
def test_as_shown(printed, shown):
    assert as_shown(printed) == shown

"""What chapters record, and what their text makes of it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import re

import pytest

from vicreg.runtime.paths import PROJECT

RESULTS = sorted((PROJECT / "report" / "results").glob("*/result.json"))


@pytest.mark.parametrize("result", RESULTS, ids=lambda path: path.parent.name)
def test_whatever_a_chapter_records_stands_in_the_text(result):
    name = result.parent.name
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (PROJECT / "chapters").glob("*.py")}
    own = set(re.findall(r"\{\{\s*(\w+)\s*[:}]", texts[name]))
    elsewhere = set(re.findall(rf"\{{\{{\s*{name}\.(\w+)", "".join(texts.values())))
    recorded = json.loads(result.read_text(encoding="utf-8"))["values"]
    assert set(recorded) <= own | elsewhere

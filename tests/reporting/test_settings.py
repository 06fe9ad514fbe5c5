"""report.toml: what may stand in it, and what is said of the rest.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest

from reporting.errors import ReportError
from reporting.settings import Settings, read_settings


def test_without_a_file_there_are_defaults(tmp_path):
    assert read_settings(tmp_path) == Settings()


def test_a_full_file(tmp_path):
    (tmp_path / "refs.bib").write_text("")
    (tmp_path / "report.toml").write_text(
        'title = "T"\nauthor = "A"\nusername = "u"\nabstract = "x"\nmax_pages = 14\nmax_html_mb = 9\n'
        'bibliography = "refs.bib"\nshow_code = true\nprovenance = false\nsearch = ["$W", "w"]\n')
    assert read_settings(tmp_path) == Settings("T", "A", "u", "x", 14, 9, "refs.bib", True, False,
                                               ("$W", "w"))


@pytest.mark.parametrize("text, message", [
    ('titel = "x"', r"report\.toml:1: titel means nothing here\n.*is it title\?"),
    ('title = "x"\nmax_pages = "14"', r"report\.toml:2: max_pages should be of type int"),
    ("title = ", "this is not TOML"),
    ('title = "x"\n*', r"report\.toml:2: this is not TOML: Invalid statement$"),
    ('title = "x"\n[[retrain]]\ncommand = "train"', r"report\.toml:2: .* has a command and its cost"),
    ('retrain = ["train"]', r"report\.toml:1: .* has a command and its cost"),
    ("""[[retrain]]\ncost = "1 h"\ncommand = "a 'b" """, r"report\.toml:3: .*No closing quotation"),
    ('bibliography = "none.bib"', r"report\.toml:1: there is no bibliography none\.bib"),
])
def test_faults(tmp_path, text, message):
    (tmp_path / "report.toml").write_text(text)
    with pytest.raises(ReportError, match=message):
        read_settings(tmp_path)


def test_other_encodings(tmp_path):
    (tmp_path / "report.toml").write_bytes(b'\xef\xbb\xbftitle = "M\xc3\xbcller"\r\nabstract = """a\r\nb"""\r\n')
    assert read_settings(tmp_path) == Settings("Müller", abstract="a\nb")
    (tmp_path / "report.toml").write_bytes(b'author = "x"\ntitle = "M\xfcller"\n')
    with pytest.raises(ReportError, match=r"report\.toml:2: this line is not UTF-8\n    → save the file as UTF-8"):
        read_settings(tmp_path)

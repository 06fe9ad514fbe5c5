"""Written with an AI coding assistant; see the report's section on automatic tools."""

import pytest

from vicreg.runtime.text import abbreviated, listed, printable


@pytest.mark.parametrize(
    ("words", "told"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abcd", "a, b, c and d")]
)
def test_words_are_listed_as_a_sentence_lists_them(words, told):
    assert listed(words) == told
    assert listed(letter for letter in words) == told, "of any iterable"


def test_what_a_terminal_would_obey_is_replaced():
    assert printable("é\x1b[31m\n\udcff") == "é�[31m��"


def test_a_long_name_keeps_its_ends():
    assert abbreviated("abcdefghij", 5) == "ab…ij"
    assert abbreviated("abcde", 5) == "abcde"

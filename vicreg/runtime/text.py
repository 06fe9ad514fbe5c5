"""Text for people: names that they have written, such as files', as they can be shown, and lists of words.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Iterable


def printable(text: str) -> str:
    """Text as it can stand in a line: control characters and bytes that are no text are replaced."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def abbreviated(text: str, letters: int) -> str:
    """Text as it can be shown, its middle left out where it is longer."""
    text, half = printable(text), (letters - 1) // 2
    return text if len(text) <= letters else f"{text[:half]}…{text[-half:]}"


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "a", "a and b", "a, b and c"; nothing for none."""
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last

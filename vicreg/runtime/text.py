"""Text that people have written, such as names of files, as it can be shown.

Written with an AI coding assistant; see the report's section on automatic tools.
"""


def printable(text: str) -> str:
    """Text as it can stand in a line: control characters and bytes that are no text are replaced."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def abbreviated(text: str, letters: int) -> str:
    """Text as it can be shown, its middle left out where it is longer."""
    text, half = printable(text), (letters - 1) // 2
    return text if len(text) <= letters else f"{text[:half]}…{text[-half:]}"

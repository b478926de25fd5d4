"""Names of a model made harmless to print, and each given once."""

_LONGEST = 96
_ENDS = 46


def printable(text: str) -> str:
    """ASCII text of bounded length, for messages and comments.

    Other characters, among them newlines and marks that reverse the writing direction, become
    escapes. A backtick would end the quotation in a message, so it becomes an apostrophe.
    """
    return _shorten("".join(_escape(character) for character in _shorten(text)))


def last_part(name: str) -> str:
    """`Relu` of `net/block_1/Relu;net/block_1/BiasAdd`."""
    return name.split(";")[0].rstrip("/").split("/")[-1]


def _escape(character: str) -> str:
    if character == "`":
        return "'"
    return character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}"


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_ENDS]}...{text[-_ENDS:]}"


class Names:
    """Gives each name once: a second `Relu` becomes `Relu_2`."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def give(self, wanted: str, otherwise: str) -> str:
        """The wanted name made printable, or `otherwise` if it is empty, or with a number."""
        plain = printable(wanted).strip() or otherwise
        chosen, number = plain, self._numbers.get(plain, 1)
        while chosen in self._used:
            number += 1
            chosen = f"{plain}_{number}"
        self._numbers[plain] = number
        self._used.add(chosen)
        return chosen

"""Names of the model made legal in Rust. Names from a model can never become code."""

import keyword
import re
from collections.abc import Container, Iterable

# The Rust reference, "Keywords": strict, reserved, and the weak one that cannot name a static.
_RUST_KEYWORDS = frozenset(
    """
    abstract as async await become box break const continue crate do dyn else enum extern
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref
    return self static struct super trait true try type typeof unsafe unsized use virtual
    where while yield
    """.split()  # noqa: SIM905 - a word list is easier to read than quotes
)
# Two identifiers are then arguments of one line.
_LONGEST = 26

# Longer text keeps its ends.
_LONGEST_TEXT = 96
_ENDS = 46


def snake_case(name: str) -> str:
    """`Conv2d` to `conv2d`, `FullyConnected` to `fully_connected`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def identifier(name: str, fallback: str) -> str:
    """A lower-case Rust identifier made of a name's ASCII letters, digits and underscores.

    A path such as `net/block_1/conv;net/relu` keeps what stands after the last slash of its first
    half. An empty result, or one that starts with a digit, is prefixed with `fallback`.
    """
    last = name.split(";")[0].rstrip("/").split("/")[-1]
    plain = re.sub(r"[^a-z0-9]+", "_", last.lower().encode("ascii", "ignore").decode()).strip("_")
    plain = plain[:_LONGEST].rstrip("_")
    if not plain or plain[0].isdigit():
        plain = f"{fallback}_{plain}".rstrip("_")
    if plain in _RUST_KEYWORDS or keyword.iskeyword(plain):
        plain += "_"
    return plain


def unused_identifier(name: str, fallback: str, used: Container[str]) -> str:
    """An identifier that is not in use; a second `conv` is `conv_2`."""
    plain = identifier(name, fallback)
    chosen, number = plain, 2
    while chosen in used:
        chosen, number = f"{plain.rstrip('_')}_{number}", number + 1
    return chosen


def unique_identifiers(
    names: Iterable[tuple[str, str]], reserved: Iterable[str] = ()
) -> dict[str, str]:
    """Maps each name of (name, fallback) pairs to an identifier of its own, in order."""
    used = set(reserved)
    result: dict[str, str] = {}
    for name, fallback in names:
        result[name] = unused_identifier(name, fallback, used)
        used.add(result[name])
    return result


def printable(text: str) -> str:
    """ASCII text of bounded length, for messages and comments.

    Other characters, among them newlines and marks that reverse the writing direction, become
    escapes. A backtick would end the quotation in a message, so it becomes an apostrophe.
    """
    return _shorten("".join(_escape(character) for character in _shorten(text)))


def _escape(character: str) -> str:
    if character == "`":
        return "'"
    return character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}"


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_ENDS]}...{text[-_ENDS:]}"

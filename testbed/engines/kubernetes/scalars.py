"""Python's values as scalars of YAML: whatever text it is, it arrives as it was."""

from __future__ import annotations

import json

from testbed.errors import UsageError

_SHORT, _LONG = 0x100, 0x10000


def quoted(text: str) -> str:
    """A text in quotes, which nothing reads as a number, a date or a comment.

    Raises:
        UsageError: it is a file name whose bytes are no text.
    """
    # JSON in quotes is YAML, but what cannot be seen must be escaped, and beyond 16 bits JSON's
    # escapes are pairs, which YAML does not put together.
    return "".join(map(_shown, json.dumps(text, ensure_ascii=False)))


def argument(word: str) -> str:
    """A word of a container's command, which Kubernetes expands before it is run."""
    # `$(NAME)` becomes the value of a variable, and `$$` one dollar, wherever it stands.
    return quoted(word.replace("$", "$$"))


def comment(text: str) -> str:
    """A text as part of a comment, which ends with its line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    number = ord(char)
    if 0xD800 <= number < 0xE000:
        raise UsageError(f"a name that is no text cannot be in a manifest: {char!a} is part of it")
    if number < _SHORT:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < _LONG else f"\\U{number:08x}"

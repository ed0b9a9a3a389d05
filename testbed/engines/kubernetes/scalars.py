"""Writes texts as YAML scalars, which any YAML parser reads back unchanged."""

from __future__ import annotations

import json

from testbed.errors import UsageError

_SHORT, _LONG = 0x100, 0x10000


def quoted(text: str) -> str:
    """A text in quotes, which no parser reads as a number, a date or a comment.

    Raises:
        UsageError: the text is a file name whose bytes cannot be decoded.
    """
    # A JSON string is YAML, but YAML needs unprintable characters escaped. Beyond 16 bits JSON
    # escapes a character as a pair, which YAML does not join.
    return "".join(map(_shown, json.dumps(text, ensure_ascii=False)))


def argument(word: str) -> str:
    """A word of a container's command, escaped because Kubernetes expands `$` in it."""
    # Kubernetes replaces `$(NAME)` by a variable's value, and `$$` by one dollar.
    return quoted(word.replace("$", "$$"))


def comment(text: str) -> str:
    """A text as part of a comment on one line."""
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

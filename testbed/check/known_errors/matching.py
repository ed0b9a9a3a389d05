"""Finds the known error that a program has raised, or that a pasted text shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from testbed.check.known_errors import (
    cluster,
    contexts,
    creation,
    data,
    gpus,
    scopes,
    startup,
    training,
    values,
    variables,
)
from testbed.check.known_errors.entry import START, KnownError
from testbed.check.known_errors.pasted import errors_in
from testbed.verdict.raised_error import RaisedError

# The first entry that fits is the answer: within a family special cases come first.
_FAMILIES = (gpus, training, startup, cluster, contexts, scopes, creation, variables, values, data)

_EARLIER = "an earlier operation"


@dataclass(frozen=True)
class Match:
    """A known error, with the names that the message of a raised one contains."""

    error: KnownError
    names: Mapping[str, str]

    @property
    def cause(self) -> str:
        """The cause, with the names of the program."""
        return self.error.cause.format_map(self.names)

    @property
    def cure(self) -> str:
        """The cure, with the names of the program."""
        return self.error.cure.format_map(self.names)

    @property
    def advice(self) -> str:
        """The cause, and the command that shows the cure."""
        return f"{self.cause}; what to do: testbed explain {self.error.slug}"


def all_known_errors() -> tuple[KnownError, ...]:
    """All entries, family by family."""
    return tuple(entry for family in _FAMILIES for entry in family.ERRORS)


class _Omitted(dict[str, str]):
    """Names of which no message tells; each is left out."""

    def __missing__(self, name: str) -> str:
        return "..."


def in_general(error: KnownError) -> Match:
    """A known error in general terms, without the names of a program.

    Args:
        error: the entry.
    """
    return Match(error, _Omitted({START: _EARLIER}))


def known_error_named(slug: str) -> Match | None:
    """The entry with this name, in general terms; None where there is none.

    Args:
        slug: the name.
    """
    found = (entry for entry in all_known_errors() if entry.slug == slug)
    return next(map(in_general, found), None)


def known(raised: RaisedError) -> Match | None:
    """The entry of an error; None where the error is unknown.

    Args:
        raised: the error, as it was recorded or pasted.
    """
    return next(_matches(raised), None)


def find_known_error(text: str) -> Match | None:
    """The entry of a pasted text: a message, or the output of a program with tracebacks.

    Args:
        text: the text. Of several errors the last known one counts.
    """
    matches = (known(raised) for raised in reversed(errors_in(text)))
    return next((match for match in matches if match), None)


def _matches(raised: RaisedError) -> Iterator[Match]:
    for entry in all_known_errors():
        for sign in entry.signs:
            names = sign.names_in(raised)
            if names is not None:
                yield Match(entry, {**names, START: _start(raised)})


def _start(raised: RaisedError) -> str:
    place = raised.runtime_start
    return f"{os.path.relpath(place.file)}:{place.line}" if place else _EARLIER

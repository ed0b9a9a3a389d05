"""The fields that the records of all commands share: what ran, when, and on which machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from testbed import __version__
from testbed.decoding import Seconds
from testbed.launcher.machine.machine import Machine


@dataclass(frozen=True)
class Versions:
    """The versions of the software that ran."""

    testbed: str
    """The version of testbed."""
    python: str
    """The version of Python."""
    tensorflow: str | None
    """The version of TensorFlow; None where no worker reported it."""
    keras: str | None
    """The version of Keras; None where no worker reported it."""


def versions_of(facts: Mapping[str, Any]) -> Versions:
    """The versions of a run; `facts` are those that a worker has reported, where one has."""
    return Versions(
        testbed=__version__,
        python=facts.get("python", platform.python_version()),
        tensorflow=facts.get("tensorflow"),
        keras=facts.get("keras"),
    )


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of a command. A new field does not increase the version of its format."""

    kind: str
    """The command that wrote it."""
    version: int
    """The version of this format."""
    run: str
    """The id of the run, which is the name of its folder."""
    began: str
    """When it began: ISO 8601, UTC."""
    seconds: Seconds
    """The seconds that it took."""
    command: tuple[str, ...]
    """The command line, without the program."""
    versions: Versions
    """The versions of the software that ran."""
    machine: Machine
    """The machine that ran it."""

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)

    def require_consistent(self) -> None:
        """Check the rules that the types of the fields do not express.

        Raises:
            ValueError: a rule does not hold; the message says which, and where.
        """

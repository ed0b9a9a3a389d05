"""The outcome of one part of the matrix on one version, and its file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.decoding import decoded
from testbed.launcher.run_folder import write_json


@dataclass(frozen=True)
class Result:
    """What a part has found."""

    count: str
    """What was run, for the table: cases, or tests by their kind."""
    surprises: tuple[str, ...] = ()
    """The cases or tests that did not end as expected."""
    problem: str = ""
    """Why the part could not be run to its end; empty if it was."""

    def __str__(self) -> str:
        return self.problem or f"{self.count}, {len(self.surprises)} unexpected"


@dataclass(frozen=True)
class Software:
    """The versions of the software in an environment."""

    python: str
    tensorflow: str
    keras: str
    numpy: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of one part on one version."""

    version: str
    """The name of the version in the matrix."""
    part: str
    """The name of the part."""
    software: Software
    result: Result
    seconds: float

    @property
    def ended(self) -> bool:
        """Whether the part ran to its end, with surprises or without."""
        return not self.result.problem

    @property
    def good(self) -> bool:
        """Whether the part ran to its end without a surprise."""
        return self.ended and not self.result.surprises

    def __str__(self) -> str:
        return f"{self.version} {self.part}: {self.result} in {self.seconds:.0f} s"


def keep(outcome: Outcome, path: Path) -> None:
    """Write an outcome to its file, as a whole."""
    write_json(path, asdict(outcome))


def kept(path: Path) -> Outcome | None:
    """The outcome in a file; None if there is none."""
    try:
        return decoded(Outcome, json.loads(path.read_text()))
    except (OSError, ValueError):
        return None

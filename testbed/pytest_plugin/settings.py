"""The settings for all marked tests of a suite, from pytest's configuration file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from testbed.catalogue.mark import MarkSetup
from testbed.cluster.devices import KINDS
from testbed.cluster.isolation_levels import LEVELS

if TYPE_CHECKING:
    from testbed.launcher.cluster.deadlines import Deadlines

SECONDS = "60"


@dataclass(frozen=True)
class Settings:
    """The settings of one session; a mark may override them for one test."""

    timeout: float
    start_timeout: float
    device: str
    isolation: str
    preload: tuple[str, ...]

    def deadlines(self, setup: MarkSetup, limit: float | None) -> Deadlines:
        """The deadlines of a test, by its mark and the limit of pytest-timeout."""
        from testbed.launcher.cluster.deadlines import Deadlines

        run = setup.timeout or (None if limit else self.timeout)
        return Deadlines(
            start=setup.start_timeout or self.start_timeout,
            run=min(each for each in (run, limit) if each),
        )

    @staticmethod
    def declare(parser: pytest.Parser) -> None:
        """Declare all settings to pytest."""
        joined = "all its workers have joined"
        for name, default, about in (
            ("timeout", SECONDS, f"seconds that a marked test has once {joined}"),
            ("start_timeout", SECONDS, f"seconds that a marked test has until {joined}"),
            ("device", "cpu", f"what replicas run on: {', '.join(KINDS)}"),
            (
                "isolation",
                "auto",
                f"a private network for the workers: {', '.join(LEVELS)}",
            ),
        ):
            parser.addini(f"testbed_{name}", f"{about} (default {default})", default=default)
        parser.addini(
            "testbed_preload",
            "modules that are imported once, before workers are forked; they must start no thread"
            " and make no tensor",
            type="linelist",
        )

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        """The settings of a session.

        Raises:
            pytest.UsageError: one of them is not valid.
        """
        return cls(
            _seconds(config, "timeout"),
            _seconds(config, "start_timeout"),
            _one_of(config, "device", KINDS),
            _one_of(config, "isolation", LEVELS),
            tuple(config.getini("testbed_preload")),
        )


def _one_of(config: pytest.Config, name: str, valid: Sequence[str]) -> str:
    given = str(config.getini(f"testbed_{name}"))
    if given not in valid:
        raise pytest.UsageError(f"testbed_{name} = {given}: choose from {', '.join(valid)}")
    return given


def _seconds(config: pytest.Config, name: str) -> float:
    given = str(config.getini(f"testbed_{name}"))
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not seconds > 0:
        raise pytest.UsageError(f"testbed_{name} = {given}: seconds, more than 0")
    return seconds

"""The item of a marked test: in the launching process it runs nothing of the test itself."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.catalogue.mark import MARK, PARAMETER, MarkSetup, setups
from testbed.errors import UsageError
from testbed.pytest_plugin.relay import ItemAttempt, Relay


class DistributedTest(pytest.Function):
    """A test whose fixtures and body run in every worker of a cluster.

    pytest and other plugins run it as they run every item, once or several times; what they log of
    it becomes the reports of its workers.
    """

    attempt: ItemAttempt
    """The latest run of it."""
    limit: float | None = None
    """Seconds that pytest-timeout gives it, from when all workers have joined."""

    @classmethod
    def instead_of(cls, function: pytest.Function) -> DistributedTest:
        """The item that takes the place of one that pytest has made."""
        made: DistributedTest = cls.from_parent(
            function.parent,
            name=function.name,
            originalname=function.originalname,
            callspec=getattr(function, "callspec", None),
        )
        made.attempt = ItemAttempt()
        return made

    @property
    def ihook(self) -> Any:
        """The hooks of this item, of which some mean its workers."""
        return Relay(super().ihook, self)

    @property
    def distributed_setup(self) -> MarkSetup:
        """How this item runs."""
        chosen = self.callspec.params.get(PARAMETER) if hasattr(self, "callspec") else None
        return chosen if isinstance(chosen, MarkSetup) else next(iter(setups_of(self).values()))

    def setup(self) -> None:
        """Do nothing: its fixtures are set up in the workers."""

    def runtest(self) -> None:
        """Run its cluster. Raises what its workers' reports come to."""
        launching = self.config.pluginmanager.get_plugin(LAUNCHING)
        assert launching is not None
        self.attempt.reports = launching.run(self)
        self.attempt.raise_outcome()


LAUNCHING = "testbed-protocol"
"""The name of the plugin that launches workers."""


def setups_of(item: pytest.Function) -> dict[str, MarkSetup]:
    """The set-ups that the mark of a function asks for; none where it has no mark.

    Raises:
        UsageError: the mark's arguments are wrong.
    """
    mark = item.get_closest_marker(MARK)
    if mark is None:
        return {}
    try:
        return setups(*mark.args, **mark.kwargs)
    except TypeError as problem:
        valid = "strategy, workers, replicas, site, mode, timeout, start_timeout, fresh"
        wrong = str(problem).replace("setups()", "it")
        raise UsageError(f"{wrong}; its arguments are {valid}") from problem

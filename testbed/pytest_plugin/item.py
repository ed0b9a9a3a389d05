"""The item of a marked test, which launches a cluster instead of running the test."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from testbed.catalogue.mark import MARK, PARAMETER, MarkSetup, setups
from testbed.errors import UsageError, did_you_mean
from testbed.pytest_plugin.relay import ItemAttempt, Relay


class DistributedTest(pytest.Function):
    """A test whose fixtures and body run in every worker of a cluster.

    pytest and other plugins run it like every item, once or several times. Instead of its report,
    they log the reports of its workers.
    """

    attempt: ItemAttempt
    """The latest run of the item."""
    limit: float | None = None
    """The timeout from pytest-timeout in seconds, which begins when all workers have joined."""

    @classmethod
    def instead_of(cls, function: pytest.Function) -> DistributedTest:
        """The item that replaces one that pytest has made."""
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
        """The hooks of this item, some of which act on its workers."""
        return Relay(super().ihook, self)

    @property
    def distributed_setup(self) -> MarkSetup:
        """The set-up of this item: strategy, cluster, site and mode."""
        chosen = self.callspec.params.get(PARAMETER) if hasattr(self, "callspec") else None
        return chosen if isinstance(chosen, MarkSetup) else next(iter(setups_of(self).values()))

    def setup(self) -> None:
        """Do nothing: its fixtures are set up in the workers."""

    def runtest(self) -> None:
        """Run the cluster of the test; raises the outcome of its workers' reports."""
        launching = self.config.pluginmanager.get_plugin(LAUNCHING)
        assert launching is not None
        self.attempt.reports = launching.run(self)
        self.attempt.raise_outcome()


LAUNCHING = "testbed-protocol"
"""The name of the plugin that launches workers."""

_ARGUMENTS = tuple(inspect.signature(setups).parameters)


def setups_of(item: pytest.Function) -> dict[str, MarkSetup]:
    """The set-ups of a function's mark; none where it has no mark.

    Raises:
        UsageError: the mark's arguments are wrong.
    """
    mark = item.get_closest_marker(MARK)
    if mark is None:
        return {}
    try:
        return setups(*mark.args, **mark.kwargs)
    except TypeError as problem:
        # Python 3.13 adds its own question.
        wrong = str(problem).replace("setups()", "it").partition(". Did you mean")[0]
        name = wrong.rpartition(" ")[2].strip("'")
        meant = did_you_mean(name, _ARGUMENTS) if name not in _ARGUMENTS else ""
        raise UsageError(f"{wrong}; its arguments are {', '.join(_ARGUMENTS)}{meant}") from problem

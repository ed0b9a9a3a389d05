"""The item of a marked test: in the launching process it runs nothing of the test itself."""

from __future__ import annotations

import pytest

from testbed.errors import UsageError
from testbed.mark import MARK, PARAMETER, Setup, setups


class DistributedTest(pytest.Function):
    """A test whose fixtures and body run in every worker of a cluster."""

    @classmethod
    def instead_of(cls, function: pytest.Function) -> DistributedTest:
        """The item that takes the place of one that pytest has made."""
        return cls.from_parent(
            function.parent,
            name=function.name,
            originalname=function.originalname,
            callspec=getattr(function, "callspec", None),
        )

    @property
    def distributed_setup(self) -> Setup:
        """How this item runs."""
        chosen = self.callspec.params.get(PARAMETER) if hasattr(self, "callspec") else None
        return chosen if isinstance(chosen, Setup) else next(iter(setups_of(self).values()))

    def setup(self) -> None:
        """Its fixtures are set up in the workers."""

    def runtest(self) -> None:
        """Its body runs in the workers: see `testbed.pytest_plugin.protocol`."""


def setups_of(item: pytest.Function) -> dict[str, Setup]:
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

"""A record of chaos for `testbed report`."""

from __future__ import annotations

from testbed.chaos.record import ChaosRecord
from testbed.chaos.text import show_chaos
from testbed.errors import UsageError
from testbed.report.formats.registry import CHAOS
from testbed.report.formats.text import console
from testbed.report.output.reported import Reported


def report_of_chaos(record: ChaosRecord, *, alone: bool) -> Reported:
    """The report of a record.

    Raises:
        UsageError: it is not the only one.
    """
    if not alone:
        raise UsageError("a record of chaos is shown alone: testbed report FILE")
    return Reported(CHAOS, record, lambda: show_chaos(record, console()))

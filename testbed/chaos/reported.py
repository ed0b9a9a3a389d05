"""A record of chaos for `testbed report`."""

from __future__ import annotations

from testbed.chaos.record import ChaosRecord
from testbed.chaos.text import show_chaos
from testbed.errors import UsageError
from testbed.report.formats.registry import CHAOS
from testbed.report.formats.text import console
from testbed.report.output.reported import Documents, Reported


def report_of_chaos(documents: Documents) -> Reported:
    """The report of one record.

    Raises:
        UsageError: there are two.
    """
    if len(documents) > 1:
        raise UsageError("a record of chaos is shown alone: testbed report FILE")
    (_, data) = documents[0]
    record = ChaosRecord.from_json(data)
    return Reported(CHAOS, record, lambda: show_chaos(record, console()))

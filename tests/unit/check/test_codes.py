"""The codes of `testbed check`: a closed list, each with a scenario that shows it."""

from __future__ import annotations

import pytest

from testbed.catalogue.selection import select
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.check.finding import CODES, ERROR, NOTE, WARNING, Code
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS

SHOWN: dict[str, set[str | None]] = {}
_ALL = select([], list(DEFAULT_DEPLOYMENTS), None)
for _case in _ALL.cases:
    SHOWN.setdefault(_case.scenario, set()).add(_ALL.scenario(_case).expects(_case).symptom)


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_a_code_is_shown_by_a_scenario(code: Code) -> None:
    """The scenario that a code names is there, and breaks with the code's symptom."""
    if code.level == NOTE:
        # Nothing breaks.
        assert (code.symptom, code.scenario) == ("", "")
        return
    assert code.symptom in SYMPTOMS
    assert code.symptom in SHOWN[code.scenario]
    assert code.level in (ERROR, WARNING, NOTE)
    assert all((code.what, code.why, code.cure))

"""Claims about values of float16 and bfloat16, which keep three digits and two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.cluster.cluster import Cluster
from testbed.verdict.diagnosis import diagnose
from testbed.verdict.reading import Claim, ClaimReading
from tests.unit.builders import mirrored_of, report_of

TENTH = Claim(value=0.1)


@pytest.mark.parametrize(
    ("dtype", "claim", "values", "symptom"),
    [
        ("float16", TENTH, (0.0999755859375,) * 2, ""),
        ("float32", TENTH, (0.0999755859375,) * 2, "wrong_value"),
        ("float16", TENTH, (0.1006, 0.1006), "wrong_value"),
        ("bfloat16", Claim(value=0.3), (0.298828125,) * 2, ""),
        ("bfloat16", Claim(value=0.3), (0.29, 0.29), "wrong_value"),
        ("float16", TENTH, (0.19995, 0.19995), "counted_per_replica"),
        ("float16", Claim(value=0.5, stale=0.1), (0.09998, 0.09998), "frozen_in_trace"),
        ("float16", Claim(equal=True), (1.0, 1.001), "replicas_diverge"),
    ],
)
def test_the_dtype_decides_how_far_a_value_may_be_off(
    dtype: str, claim: Claim, values: tuple[float, float], symptom: str
) -> None:
    """Two units in the last place are allowed; copies of one variable must be equal."""
    reading = replace(mirrored_of(*values), dtype=dtype)
    found = diagnose([report_of(ClaimReading(claim, reading), replicas=2)], Cluster(1, 2))
    assert (found.symptom if found else "") == symptom

"""The pytest plugin, hundreds of times and under load."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Suite


@pytest.mark.soak
def test_hundreds_of_marked_tests_pass_beside_each_other(suite: Suite) -> None:
    """300 tests of two workers each, in four processes on whatever cores there are, all pass."""
    result = suite(
        """
        import pytest
        import tensorflow as tf

        @pytest.mark.distributed(workers=2, replicas=2)
        @pytest.mark.parametrize("number", range(300))
        def test_meets(bed, number):
            total = bed.make(
                lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM))
            bed.run(lambda: total.assign_add(tf.constant(1.0)), times=3)
            bed.claim(total, value=12.0, mirrored=True)
            assert float(total.numpy()) == 12.0
        """,
        "-n",
        "4",
    )
    result.assert_outcomes(passed=600)

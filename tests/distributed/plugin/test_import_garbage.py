"""The garbage collector of a session whose marked tests import TensorFlow."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Suite

_CONFTEST = """
    import gc

    EVENTS = []
    gc.callbacks.append(lambda phase, info: EVENTS.append(info["generation"]))

    def pytest_sessionfinish(session):
        print(f"\\n{len(EVENTS)} events, {gc.get_freeze_count()} frozen, {gc.get_threshold()}")
    """

_MARKED = """
    import gc
    import pytest
    {imports}

    {then}

    @pytest.mark.distributed("default")
    def test_marked(bed): pass
    """

_PLAIN = """
    import gc

    def test_plain():
        assert gc.get_freeze_count() == 0
        assert gc.get_threshold()[0] > 0
    """


def _printed(result: pytest.RunResult) -> tuple[int, int, str]:
    line = next(line for line in result.outlines if " events, " in line)
    events, frozen, thresholds = line.split(", ", 2)
    return int(events.split()[0]), int(frozen.split()[0]), thresholds


def test_importing_tensorflow_collects_nothing_and_freezes_its_objects(own_suite: Suite) -> None:
    """The collector would visit them some hundred times at import, and again at the end."""
    result = own_suite(_MARKED.format(imports="import tensorflow", then=""), conftest=_CONFTEST)
    result.assert_outcomes(passed=1)
    events, frozen, thresholds = _printed(result)
    assert events < 400, "an import of TensorFlow alone makes more than 1000"
    assert frozen > 100_000
    assert not thresholds.startswith("(0,")


def test_a_test_without_the_mark_finds_the_collector_as_pytest_leaves_it(
    own_suite: Suite,
) -> None:
    """A test of leaks looks for objects in it."""
    marked = _MARKED.format(imports="import tensorflow", then="")
    result = own_suite(marked, conftest=_CONFTEST, test_plain=_PLAIN)
    result.assert_outcomes(passed=2)
    assert _printed(result)[1] == 0


def test_the_thresholds_that_a_module_sets_stay(own_suite: Suite) -> None:
    """They are the user's."""
    marked = _MARKED.format(imports="", then="gc.set_threshold(1234, 5, 6)")
    result = own_suite(marked, conftest=_CONFTEST)
    result.assert_outcomes(passed=1)
    assert _printed(result)[2] == "(1234, 5, 6)"

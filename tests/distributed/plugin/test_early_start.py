"""The server of a session, which starts while pytest collects the first module with a mark."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Suite

_MODULE = """
    from pathlib import Path
    import pytest

    RUNS = list(Path(".testbed/runs").glob("*"))

    @pytest.mark.distributed("default")
    def test_marked(bed): pass

    def test_plain():
        assert len(RUNS) == 1
    """


def test_it_starts_before_a_module_with_a_mark_is_imported(suite: Suite) -> None:
    """Its imports take as long as those of the module, and run beside them."""
    suite(_MODULE).assert_outcomes(passed=2)


def test_nothing_is_left_where_no_marked_test_is_selected(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """The run's folder goes with the server, so that it does not replace that of an older run."""
    suite(_MODULE, "test_it.py::test_plain").assert_outcomes(passed=1)
    assert not list(pytester.path.glob(".testbed/runs/*"))


@pytest.mark.parametrize("options", [["-m", "not distributed"], ["-k", "plain"]])
def test_it_does_not_start_early_where_an_option_selects_tests(
    suite: Suite, options: list[str]
) -> None:
    """No marked test may be among them."""
    suite(_MODULE, *options).assert_outcomes(failed=1, deselected=1)


def test_a_variable_that_a_module_sets_reaches_the_imports_of_the_server(
    own_suite: Suite, pytester: pytest.Pytester
) -> None:
    """A server that started without it gives way to another one."""
    result = own_suite(
        """
        import os
        import pytest

        os.environ["TF_USE_LEGACY_KERAS"] = "1"

        @pytest.mark.distributed("default")
        def test_keras(bed):
            import tensorflow as tf
            assert tf.keras.Model.__module__.startswith("tf_keras")
        """
    )
    result.assert_outcomes(passed=1)
    assert len(list(pytester.path.glob(".testbed/runs/*"))) == 1


def test_a_module_that_cannot_be_imported_ends_the_session_and_the_server(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """The error of the collection is the only one."""
    suite("import pytest\nassert not pytest.mark.distributed").assert_outcomes(errors=1)
    assert not list(pytester.path.glob(".testbed/runs/*"))


def test_an_interrupt_of_the_collection_ends_a_server_that_still_imports(
    own_suite: Suite, pytester: pytest.Pytester
) -> None:
    """Its folder goes after it."""
    result = own_suite("import pytest\npytest.mark.distributed\nraise KeyboardInterrupt")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not list(pytester.path.glob(".testbed/runs/*"))

"""The pytest plugin: beside other plugins and options, and where something cannot work."""

from __future__ import annotations

import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.distributed.plugin.conftest import Suite

TWO = """
import pytest

@pytest.mark.distributed(workers=2)
@pytest.mark.parametrize("number", range(4))
def test_marked(bed, number):
    print("printed", bed.worker)
    assert (bed.worker, number) != (1, 3)

def test_plain(): pass
"""


def test_xdist_shows_what_its_processes_report(own_suite: Suite) -> None:
    """Under -n each worker of a marked test has its own report, and --lf finds the test again."""
    result = own_suite(TWO, "-n", "2", "-v")
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "[[]gw?]* PASSED test_it.py::test_marked[[]0][[]worker 0]*",
            "[[]gw?]* FAILED test_it.py::test_marked[[]3][[]worker 1]*",
            "FAILED test_it.py::test_marked[[]3][[]worker 1] - *",
            "printed 1",
        ]
    )
    own_suite(TWO, "-n", "1", "--lf").assert_outcomes(passed=1, failed=1)


def test_a_server_starts_only_where_a_marked_test_runs(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """A session that runs no marked test makes no run folder, and so no server."""
    suite(TWO, "-k", "plain").assert_outcomes(passed=1, deselected=4)
    assert not (pytester.path / ".testbed").exists()
    suite(TWO, "-k", "marked and 0").assert_outcomes(passed=2, deselected=4)
    assert len(list((pytester.path / ".testbed/runs").iterdir())) == 1


def test_junit_has_a_case_for_each_worker(suite: Suite, pytester: pytest.Pytester) -> None:
    """A CI server shows workers as cases of their own, with what failed and what they printed."""
    suite(TWO, "--junitxml=result.xml", "-o", "junit_logging=all")
    cases = list(ElementTree.parse(pytester.path / "result.xml").iter("testcase"))
    assert len(cases) == 9
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [
        "test_marked[3][worker 1]"
    ]


def test_output_is_live_where_capturing_is_off(own_suite: Suite) -> None:
    """With -s what workers print is shown as it comes, with the worker before each line."""
    result = own_suite(TWO, "-s", "-k", "marked and 0")
    result.assert_outcomes(passed=2, deselected=4)
    result.stdout.fnmatch_lines_random(["worker 0 | printed 0", "worker 1 | printed 1"])


def test_without_tensorflow_only_marked_tests_are_told(
    own_suite: Suite, pytester: pytest.Pytester
) -> None:
    """Where TensorFlow cannot be imported plain tests run, and marked ones say why they cannot."""
    result = own_suite(TWO, tensorflow="raise ModuleNotFoundError('no tensorflow here')")
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(
        ["FAILED*test_marked[[]0]*could not import: ModuleNotFoundError: no tensorflow here; see *"]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_suite_without_the_mark_loads_nothing_of_launching(own_suite: Suite) -> None:
    """Neither TensorFlow nor NumPy nor what launches workers is imported for plain tests."""
    result = own_suite(
        """
        import sys

        def test_plain():
            heavy = {"tensorflow", "keras", "numpy", "rich", "portpicker", "testbed.run.runner"}
            assert heavy & set(sys.modules) == set()
        """
    )
    result.assert_outcomes(passed=1)


def test_what_cannot_be_marked_says_so(suite: Suite) -> None:
    """A method of a TestCase, a mark that comes too late, and a bed without a mark fail clearly."""
    result = suite(
        """
        import unittest
        import pytest

        class TestOld(unittest.TestCase):
            @pytest.mark.distributed
            def test_method(self): pass

        def test_late(): pass

        def test_unmarked(bed): pass
        """,
        conftest="""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "test_late":
                    item.add_marker(pytest.mark.distributed)
        """,
    )
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            "ERROR*::TestOld::test_method*not for methods of unittest.TestCase*",
            "ERROR*::test_late*this mark came too late; put it on the function*",
            "ERROR*::test_unmarked*bed is for tests with @pytest.mark.distributed*",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("'mirored'", "unknown strategy 'mirored': choose from default, one_device, mirrored,"),
        ("workers=0", "workers=0: a whole number, at least 1"),
        ("workers='two'", "workers='two': a whole number, at least 1"),
        ("replicas=1.5", "replicas=1.5: a whole number, at least 1"),
        ("'mirrored', workers=2", "workers=2: mirrored takes none; multi_worker_mirrored,"),
        ("mode='graph'", "unknown mode 'graph': choose from eager, function, compiled"),
        ("timeout=0", "timeout=0: seconds, more than 0"),
        (
            "replica=2",
            "it got an unexpected keyword argument 'replica'; its arguments are strategy, workers",
        ),
        (
            "'mirrored', strategy='mirrored'",
            "it got multiple values for argument 'strategy'; its arguments are strategy, workers",
        ),
        ("[]", "at least one strategy"),
    ],
)
def test_a_mark_that_is_wrong_is_told_before_anything_runs(
    suite: Suite, arguments: str, told: str
) -> None:
    """What is wrong with a mark's arguments, and what is valid, is an error of collecting."""
    result = suite(
        f"""
        import pytest

        @pytest.mark.distributed({arguments})
        def test_marked(bed): pass
        """
    )
    result.assert_outcomes(errors=1)
    printed = result.stdout.str().replace("E   ", "")
    assert f"@pytest.mark.distributed: {told}" in printed
    assert ("; did you mean 'replicas'?" in printed) == (arguments == "replica=2")
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("testbed_timeout=soon", "testbed_timeout = soon: seconds, more than 0"),
        ("testbed_device=tpu", "testbed_device = tpu: choose from cpu, gpu, split-gpu"),
        ("testbed_isolation=yes", "testbed_isolation = yes: choose from auto, required, none"),
    ],
)
def test_a_setting_that_is_wrong_ends_the_session(suite: Suite, setting: str, told: str) -> None:
    """A suite's settings are read before it runs, and a wrong one says what is valid."""
    result = suite(TWO, "-o", setting)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_the_suite_s_time_limit_holds_for_every_marked_test(suite: Suite) -> None:
    """Without a limit in the mark the suite's holds; one in the mark comes before it."""
    result = suite(
        """
        import threading
        import pytest

        @pytest.mark.distributed("mirrored")
        def test_waits(bed):
            threading.Event().wait(20)

        @pytest.mark.distributed("mirrored", timeout=50)
        def test_may_wait(bed):
            threading.Event().wait(7)
        """,
        "-o",
        "testbed_timeout=5",
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED*is in phase 'call', at test_it.py:6 in test_waits"])


def test_a_machine_without_gpus_skips_what_needs_them(suite: Suite) -> None:
    """Where the devices that a suite asks for are not there, its marked tests are skipped."""
    result = suite(TWO, "-o", "testbed_device=gpu", "-rs")
    if "found 0" not in result.stdout.str():
        pytest.skip("this machine has GPUs")
    result.assert_outcomes(skipped=4, passed=1)
    result.stdout.fnmatch_lines(["SKIPPED*multi_worker_mirrored-2x1 needs 2 GPUs, found 0"])


def test_a_debugger_cannot_work_in_a_worker_and_says_so(suite: Suite) -> None:
    """breakpoint() fails the test with the reason, instead of waiting for a terminal."""
    result = suite(
        """
        import pytest

        @pytest.mark.distributed("mirrored")
        def test_debugged(bed):
            breakpoint()
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED*no debugger can work here: a worker has no terminal*"])


def test_parameters_that_differ_between_processes_are_told(suite: Suite) -> None:
    """A test that a worker does not find under its name fails with the probable reason."""
    result = suite(
        """
        import os
        import pytest

        @pytest.mark.distributed("mirrored")
        @pytest.mark.parametrize("pid", [os.getpid()])
        def test_random(bed, pid): pass
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED*the worker does not find test_it.py::test_random*"])


def test_a_module_that_only_a_worker_cannot_import_is_told(suite: Suite) -> None:
    """What breaks while a worker collects is the failure, with the worker's traceback."""
    result = suite(
        """
        import os
        import pytest

        assert "TF_CONFIG" not in os.environ, "not in a cluster"

        @pytest.mark.distributed(workers=2)
        def test_marked(bed): pass
        """,
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*the worker cannot collect it:*", "*not in a cluster*"])


@pytest.mark.usefixtures("suite")
def test_names_that_are_hostile_do_no_harm(pytester: pytest.Pytester) -> None:
    """Files, folders, classes and parameters may be called what pytest lets them."""
    folder = pytester.path / "a [b] c"
    folder.mkdir()
    text = """
    import pytest

    class TestClass:
        @pytest.mark.distributed("default")
        @pytest.mark.parametrize("value", ["a::b", "[", "x/y", "\\u00e9\\n", ""])
        def test_names(self, bed, value): pass
    """
    (folder / "test_odd[1].py").write_text(textwrap.dedent(text))
    other = "import os\nopen(f'imported-by-{os.getpid()}', 'w')\ndef test_other(): pass\n"
    (pytester.path / "test_other.py").write_text(other)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=6)
    assert len(list(pytester.path.glob("imported-by-*"))) == 1


def test_options_of_pytest_hold_in_the_workers(own_suite: Suite, pytester: pytest.Pytester) -> None:
    """Import mode, warnings as errors, markers and -p reach the session in the worker."""
    pytester.makepyfile(own_plugin="import pytest\n@pytest.fixture\ndef own(): return 'own'\n")
    result = own_suite(
        """
        import os, sys, warnings
        import pytest

        PATH = os.environ.setdefault("PATH_OF_MODULES", repr(sys.path))

        @pytest.mark.distributed("default")
        def test_marked(bed, own, request):
            option = request.config.option
            assert (own, option.importmode, option.strict_markers) == ("own", "importlib", True)
            assert hasattr(request.config, "workerinput"), "plugins that write files look for it"
            assert repr(sys.path) == PATH
            with pytest.raises(UserWarning):
                warnings.warn("loud")
        """,
        "-p",
        "own_plugin",
        "--import-mode=importlib",
        "--strict-markers",
        "-W",
        "error::UserWarning",
        "-p",
        "no:cacheprovider",
    )
    result.assert_outcomes(passed=1)


def test_an_installed_plugin_is_found_by_its_entry_point() -> None:
    """`pip install` is all that a suite needs: pytest finds the plugin by itself."""
    from importlib.metadata import entry_points

    found = {each.value for each in entry_points(group="pytest11") if each.name == "testbed"}
    assert found == {"testbed.pytest_plugin"}
    assert Path(sys.modules["testbed.pytest_plugin"].__file__ or "").name == "__init__.py"

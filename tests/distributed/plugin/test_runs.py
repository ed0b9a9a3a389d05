"""The pytest plugin: where marked tests run, how often, and what they find there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.distributed.plugin.conftest import Suite


def test_a_marked_test_runs_in_every_worker_and_others_do_not(own_suite: Suite) -> None:
    """Each worker reports the test under its own name; a plain test is nobody's business."""
    result = own_suite(
        """
        import json, os
        import pytest

        LAUNCHING = os.environ["LAUNCHING"] = os.environ.get("LAUNCHING") or str(os.getpid())

        @pytest.mark.distributed(workers=3)
        def test_marked(bed):
            config = json.loads(os.environ["TF_CONFIG"])
            assert os.environ["LAUNCHING"] == LAUNCHING != str(os.getpid())
            assert config["task"] == {"type": "worker", "index": bed.worker}
            assert len(config["cluster"]["worker"]) == 3 == bed.strategy.num_replicas_in_sync

        def test_plain():
            assert os.environ["LAUNCHING"] == str(os.getpid()) and "TF_CONFIG" not in os.environ
        """,
        "-v",
    )
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_marked[[]worker 0] PASSED*",
            "test_it.py::test_marked[[]worker 1] PASSED*",
            "test_it.py::test_marked[[]worker 2] PASSED*",
            "test_it.py::test_plain PASSED*[[]100%]",
        ]
    )


def test_strategies_sizes_and_modes_are_parameters(suite: Suite) -> None:
    """Several of a kind make an item each, named by what differs, besides the test's own."""
    result = suite(
        """
        import pytest

        pytestmark = pytest.mark.distributed("mirrored", replicas=(2, 3))

        def test_module(bed): pass

        class TestClass:
            @pytest.mark.parametrize("size", [1, 2])
            @pytest.mark.distributed(
                ["default", "multi_worker_mirrored"], workers=(2, 4), mode=("eager", "function"))
            def test_method(self, size, bed): pass
        """,
        "--collect-only",
        "-q",
    )
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_module[[]mirrored-2]",
            "test_it.py::test_module[[]mirrored-3]",
            "test_it.py::TestClass::test_method[[]eager,default-1]",
            "test_it.py::TestClass::test_method[[]eager,default-2]",
            "test_it.py::TestClass::test_method[[]eager,multi_worker_mirrored-2x1-1]",
            "test_it.py::TestClass::test_method[[]eager,multi_worker_mirrored-2x1-2]",
            "test_it.py::TestClass::test_method[[]eager,multi_worker_mirrored-4x1-1]",
            "*",
            "test_it.py::TestClass::test_method[[]function,multi_worker_mirrored-4x1-2]",
            "",
            "14 tests collected*",
        ]
    )


def test_every_parameter_arrives_in_the_workers(suite: Suite) -> None:
    """Strategy, size, site and mode are those of the item, and -k chooses among them."""
    result = suite(
        """
        import pytest

        @pytest.mark.distributed(
            ["mirrored", "multi_worker_mirrored"], workers=2, replicas=2,
            site=("in_scope", "outside_scope"), mode=("eager", "function"))
        @pytest.mark.parametrize("word", ["one::two[three]"])
        class TestClass:
            def test_method(self, bed, word):
                import tensorflow as tf
                case, seen = bed.case, []
                variable = bed.make(lambda: tf.Variable(0.0))
                bed.run(lambda: seen.append(tf.executing_eagerly()))
                scoped = type(variable).__name__ == "MirroredVariable"
                print(word, case.deployment, scoped, seen[0], bed.strategy.num_replicas_in_sync)
        """,
        "-rP",
        "-k",
        "outside_scope and function",
    )
    result.assert_outcomes(passed=3, deselected=6)
    told = [line for line in result.outlines if line.startswith("one::two")]
    assert told == [
        "one::two[three] mirrored-2 False False 2",
        "one::two[three] multi_worker_mirrored-2x2 False False 4",
        "one::two[three] multi_worker_mirrored-2x2 False False 4",
    ]


def test_fixtures_are_set_up_in_each_worker(suite: Suite) -> None:
    """Fixtures of every scope, pytest's own among them, are made where the body runs, and ended."""
    result = suite(
        """
        import os
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def module():
            print("module made by", os.getpid())
            yield
            print("module ended by", os.getpid())

        @pytest.fixture
        def word(request, option):
            return request.param + option

        def setup_module():
            os.environ["SET_UP"] = str(os.getpid())

        @pytest.mark.distributed(workers=2)
        @pytest.mark.parametrize("word", ["some"], indirect=True)
        def test_fixtures(bed, word, tmp_path, monkeypatch, capsys, caplog, request):
            assert word == "someword" and os.environ["SET_UP"] == str(os.getpid())
            assert request.node.name == "test_fixtures[some]"
            print("captured")
            assert capsys.readouterr().out == "captured\\n"
            (tmp_path / "mine").write_text("x")
            (bed.folder / str(bed.worker)).write_text(str(tmp_path))
            bed.run(lambda: None)
            with capsys.disabled():
                print("body in", os.getpid(), tmp_path)

        def test_plain(word2="x"):
            assert os.environ["SET_UP"] == str(os.getpid())
        """,
        "-rP",
        "--option",
        "word",
        conftest="""
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--option")

        @pytest.fixture(scope="session")
        def option(pytestconfig):
            return pytestconfig.getoption("--option")
        """,
    )
    result.assert_outcomes(passed=3)
    told = [line.split() for line in result.outlines if "made by" in line or "ended by" in line]
    bodies = [line.split() for line in result.outlines if line.startswith("body in")]
    assert len(bodies) == 2
    assert len({body[2] for body in bodies}) == len({body[3] for body in bodies}) == 2
    assert all((Path(body[3]) / "mine").exists() for body in bodies), "to look at, afterwards"
    for body in bodies:
        assert [line[1] for line in told if line[3] == body[2]] == ["made", "ended"]


def test_skip_xfail_and_raises_mean_what_they_mean(suite: Suite) -> None:
    """Marks and calls have the outcome that they have in a plain test, of each worker."""
    result = suite(
        """
        import sys
        import pytest

        distributed = pytest.mark.distributed(workers=2)

        @distributed
        @pytest.mark.skipif("sys.version_info > (3,)", reason="no cluster needed for this")
        def test_skipped_before(bed): pass

        @distributed
        def test_skips(bed):
            pytest.skip("everywhere")

        @distributed
        def test_imports(bed):
            pytest.importorskip("no_such_module")

        @distributed
        @pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
        def test_expected(bed):
            1 / 0

        @distributed
        @pytest.mark.xfail(raises=ZeroDivisionError)
        def test_other_error(bed):
            {}["key"]

        @distributed
        @pytest.mark.xfail
        def test_surprise(bed): pass

        @distributed
        @pytest.mark.xfail(strict=True)
        def test_forbidden_surprise(bed): pass

        @distributed
        @pytest.mark.xfail(run=False)
        def test_not_run(bed):
            assert not "run"

        @distributed
        def test_calls_xfail(bed):
            pytest.xfail("as it is")

        @distributed
        def test_raises(bed):
            with pytest.raises(ZeroDivisionError, match="by zero"):
                1 / 0
        """,
        "-rsxX",
    )
    result.assert_outcomes(skipped=5, xfailed=5, failed=4, xpassed=2, passed=2)
    result.stdout.fnmatch_lines(["*XPASS(strict)*", "SKIPPED*no cluster needed for this"])


def test_an_expected_failure_is_one_of_the_test_as_a_whole(suite: Suite) -> None:
    """Where a worker or a claim fails as expected, it is no surprise that others pass."""
    result = suite(
        """
        import os, signal
        import pytest

        @pytest.mark.xfail(strict=True)
        @pytest.mark.distributed(workers=2)
        def test_one_worker(bed):
            assert bed.worker == 0

        @pytest.mark.xfail(strict=True)
        @pytest.mark.distributed(workers=2)
        def test_claim(bed):
            bed.claim(3, value=4)

        @pytest.mark.xfail(strict=True)
        @pytest.mark.distributed(workers=2)
        def test_crash(bed):
            if bed.worker == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        @pytest.mark.xfail(strict=True, raises=ValueError)
        @pytest.mark.distributed(workers=2)
        def test_not_this_way(bed):
            if bed.worker == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    result.assert_outcomes(xfailed=3, passed=5, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_not_this_way[[]worker 1]*SIGKILL"])


def test_claims_are_judged_over_all_workers(suite: Suite) -> None:
    """A claim that fails names its line, the symptom with its numbers, every copy, and the cure."""
    text = """
        import pytest
        import tensorflow as tf

        steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

        @pytest.mark.distributed(["mirrored", "multi_worker_mirrored"], replicas=2)
        def test_counter(bed):
            bed.claim(1, value=1)
            bed.run(lambda: steps.assign_add(1.0), times=5)
            bed.claim(steps, value=5.0)

        @pytest.mark.distributed(replicas=2)
        def test_layer(bed):
            layer = bed.make(lambda: tf.keras.layers.Dense(3))
            bed.run(lambda: layer(tf.ones([1, 4])))
            bed.claim(layer.kernel, mirrored=True)

        @pytest.mark.distributed
        def test_random(bed):
            bed.claim(tf.Variable(tf.random.uniform([])), equal=True)
        """
    result = suite(text, "-v")
    result.assert_outcomes(passed=6, failed=3)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_counter[[]mirrored-2] FAILED*",
            "test_it.py::test_counter[[]multi_worker_mirrored-2x2][[]worker 0] PASSED*",
            "test_it.py::test_counter[[]multi_worker_mirrored-2x2] FAILED*",
            "test_it.py::test_random FAILED*",
            "*__ test_counter[[]multi_worker_mirrored-2x2] __*",
            "counted_per_replica: 10 for 5",
            "  test_it.py:10: bed.claim(steps, value=5.0)",
            "  worker 0: ResourceVariable * = 10.0 (written: replica 0, replica 1)",
            "  worker 1: ResourceVariable * = 10.0 (written: replica 2, replica 3)",
            "  cure: create it inside strategy.scope(), with the aggregation you mean",
            "workers_diverge: 0.* | 0.*",
        ]
    )


def test_a_chief_runs_the_test_and_its_workers_serve_it(suite: Suite) -> None:
    """With parameter servers there is one body, and the report bears the test's own name."""
    result = suite(
        """
        import pytest
        import tensorflow as tf

        @pytest.mark.distributed("parameter_server", workers=2, mode="function")
        def test_chief(bed):
            steps = bed.make(lambda: tf.Variable(0.0))
            bed.run(lambda: steps.assign_add(1.0), times=3)
            bed.claim(steps, value=3.0)
        """,
        "-v",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test_it.py::test_chief PASSED*100%*"])


def test_one_server_serves_the_session_and_ends_with_it(suite: Suite) -> None:
    """TensorFlow is imported once for all marked tests, and no process outlives the session."""
    result = suite(
        """
        import os, sys
        import pytest

        @pytest.mark.distributed(workers=2)
        @pytest.mark.parametrize("number", range(3))
        def test_parent(bed, number):
            print("server", os.getppid(), os.getpid())

        @pytest.mark.distributed(workers=1, fresh=True)
        def test_fresh(bed):
            assert sys.modules["__main__"].__spec__.name == "testbed.launcher.server.child"
            print("server", os.getppid(), os.getpid())
        """,
        "-rP",
        "-o",
        "testbed_isolation=none",
    )
    result.assert_outcomes(passed=7)
    pids = [line.split()[1:] for line in result.outlines if line.startswith("server ")]
    assert len(pids) == 7
    assert len({server for server, _ in pids}) == 1
    assert len({worker for _, worker in pids}) == 7
    assert [pid for both in pids for pid in both if Path(f"/proc/{pid}").exists()] == []


def test_seeds_differ_between_workers_and_not_between_runs(suite: Suite) -> None:
    """Random values differ from worker to worker, so that what should be equal can be wrong."""
    text = """
        import random
        import pytest
        import tensorflow as tf

        @pytest.mark.distributed(workers=2)
        def test_seed(bed):
            print("random", random.random(), float(tf.random.uniform([])))
        """
    first, second = (
        sorted(line for line in suite(text, "-rP").outlines if line.startswith("random"))
        for _ in range(2)
    )
    assert first == second
    assert len({value for line in first for value in line.split()[1:]}) == 4


def test_modules_of_the_suite_can_be_preloaded(suite: Suite, pytester: pytest.Pytester) -> None:
    """What `testbed_preload` names is imported once, in the server, and found by the workers."""
    pytester.makeini("[pytest]\ntestbed_preload =\n    slow_to_import\n")
    result = suite(
        """
        import os
        import pytest

        @pytest.mark.distributed(workers=2)
        def test_preloaded(bed):
            import slow_to_import
            assert slow_to_import.imported_by != os.getpid()
        """,
        slow_to_import="import os\nimported_by = os.getpid()\n",
    )
    result.assert_outcomes(passed=2)

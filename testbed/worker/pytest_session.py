"""Runs one marked test in a worker, in a separate pytest session."""

from __future__ import annotations

import contextlib
import importlib
import os
import pdb
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
import tensorflow as tf
from _pytest.assertion.rewrite import AssertionRewritingHook
from _pytest.config import default_plugins

from testbed.catalogue.mark import RAW_OUTCOME, WORKER_PLUGIN
from testbed.launcher.machine.heap import share_heap
from testbed.launcher.run_folder import CaseFolder, write_json
from testbed.launcher.server.channel import Channel
from testbed.launcher.server.import_path import set_path
from testbed.orders.case import RUN_TEST, ClaimLine, ParityClaim, TestOrders, TestSessionReport
from testbed.verdict.reading import WorkerReport
from testbed.verdict.values import NoValueError, decode, encode
from testbed.worker.bed import WorkerBed
from testbed.worker.device_memory import device_memory
from testbed.worker.main import facts_of, prepare
from testbed.worker.strategy import replica_devices, require_threads

# Imported before the fork: otherwise every worker imports pytest's own plugins again.
for _plugin in default_plugins:
    importlib.import_module(f"_pytest.{_plugin}")
with contextlib.suppress(ImportError):
    import readline  # noqa: F401

# pytest reads this, and hides our frames in the traceback of a failed test.
__tracebackhide__ = True


class TestBed(WorkerBed):
    """A bed that records the line of each claim, and the steps whose parity is claimed."""

    __test__ = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.places: list[ClaimLine] = []
        self.parities: list[ParityClaim] = []

    def claim(self, subject: Any, **claimed: Any) -> None:
        """Record the line of the caller, and state the claim."""
        self.places.append(_line_of_caller())
        super().claim(subject, **claimed)

    def parity(
        self,
        make_step: Callable[[Any], Callable[..., Any]],
        *batch: Any,
        reduce: str = "MEAN",
        times: int = 2,
    ) -> None:
        """Take the steps with the strategy of the test, and in worker 0 with one replica."""
        # Only few tests need it, and it imports much of TensorFlow's private code.
        from testbed.worker.watching.parity.both_runs import ComparedStep, both_runs

        place, strategy = _line_of_caller(), self.strategy

        def make(of_run: Any) -> Callable[..., Any]:
            self.strategy = of_run
            return make_step(of_run)

        compared = ComparedStep(make, batch, reduce, times)
        try:
            runs = both_runs(
                compared,
                strategy,
                self.worker,
                call_of=lambda _, step: self._call_of(step),
                step_begins=self._step_begins,
            )
        finally:
            self.strategy = strategy
        self.parities.append(ParityClaim(place, runs))


def _line_of_caller() -> ClaimLine:
    """The line that called the method of the bed."""
    caller = traceback.extract_stack(limit=3)[0]
    return ClaimLine(caller.filename, caller.lineno or 0, caller.line or "")


@RUN_TEST.implementation
def run_test(orders: TestOrders, channel: Channel) -> None:
    """Run one marked test in a worker."""
    began, place = time.monotonic(), orders.setup.place
    require_threads()
    share_heap()
    bed = prepare(orders.setup, channel, TestBed)
    tf.keras.utils.set_random_seed(place.seed)
    session = _Session(orders.setup.case.scenario, Path(orders.file), bed, channel)
    _run_pytest(orders, session)
    channel.phase("finished")
    report = WorkerReport(
        worker=place.worker,
        replica_devices=replica_devices(bed.strategy),
        findings=tuple(bed.findings),
        seconds=time.monotonic() - began,
        facts=facts_of(place.seed),
        memory=device_memory(),
    )
    whole = TestSessionReport(
        worker=report,
        claims=tuple(bed.places),
        parities=tuple(bed.parities),
        tests=tuple(session.reports),
        problem=session.problem,
        output=_passable(session.output),
    )
    write_json(Path(place.report), asdict(whole))
    channel.reported(good=session.good)
    channel.wait_for_leave()


def _run_pytest(orders: TestOrders, session: _Session) -> None:
    # After the strategy is built: a test's module and its conftest may create variables.
    # pytest itself imports most of the standard library before it imports any test.
    set_path(orders.path, keep={"testbed", *sys.stdlib_module_names})
    # The hook of `plugin_imports`.
    sys.meta_path[:] = [
        each for each in sys.meta_path if not isinstance(each, AssertionRewritingHook)
    ]
    place = orders.setup.place
    case = CaseFolder(Path(place.report).parent)
    options = {**orders.options, "basetemp": str(case.temporary(place.worker))}
    config = pytest.Config.fromdictargs(options, [*orders.arguments])
    # Plugins see by these attributes that another process writes files and shows results.
    config.workerinput = WorkerInput(  # type: ignore[attr-defined]
        decode(orders.workerinput), orders.options
    )
    config.workeroutput = session.output  # type: ignore[attr-defined]
    config.pluginmanager.register(session, WORKER_PLUGIN)
    # pytest's reporter writes to the standard output of the time when it is created, and must show
    # nothing here. It has to exist: some versions use it to explain an assertion.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        config.hook.pytest_cmdline_main(config=config)


class WorkerInput(dict[str, Any]):
    """The values that plugins prepared for this worker.

    Without pytest-xdist, some plugins that support it prepare nothing, and still look here for an
    option of the launching session (pytest-randomly 5). Such an option is returned.
    """

    def __init__(self, prepared: dict[str, Any], options: dict[str, Any]) -> None:
        super().__init__(prepared)
        self._options = options

    def __missing__(self, name: str) -> Any:
        if name in self._options:
            return self._options[name]
        raise KeyError(
            f"{name}: a plugin looks for it in config.workerinput, where its pytest_configure_node"
            " puts it if pytest-xdist is installed, too"
        )


class _Session:
    """A plugin that collects reports of the session, and disables what a worker cannot support."""

    def __init__(self, test: str, file: Path, bed: TestBed, channel: Channel) -> None:
        self.bed = bed
        self.reports: list[dict[str, Any]] = []
        self.output: dict[str, Any] = {}
        """Values that plugins leave for the launching session."""
        self.problem = ""
        """The reason, in words, why the test did not run; empty if it ran."""
        self._failed = False
        self._test = test
        self._file = file
        self._channel = channel

    @property
    def good(self) -> bool:
        """Whether the other workers can finish: a skipped test counts as good."""
        return not (self._failed or self.problem)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Restore standard output, and replace the debugger, after pytest has replaced both."""
        self._config = session.config
        sys.stdout = sys.__stdout__
        pdb.set_trace = _no_debugger

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Literal[True]:
        """Run the test once, in this process: the launching session decides how often."""
        runner = item.config.pluginmanager.get_plugin("runner")
        assert runner is not None, "pytest itself registers it"
        runner.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return True

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, settings: Any) -> Literal[True] | None:
        """Leave the timeout of a whole test to the launching process, which ends all workers."""
        return None if settings.func_only else True

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore every file but the test's."""
        return None if self._file.is_relative_to(collection_path) else True

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep only this test, after all other plugins have changed the collection."""
        found = [item for item in items if item.nodeid == self._test]
        items[:] = found[:1]
        if not found and not self.problem:
            self.problem = (
                f"the worker does not find {self._test}: parameters and their ids must be the same"
                " in every process, so not random, nor from a set or the time"
            )
        self._channel.phase("collected")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record that this worker cannot import the module, though the launching process could."""
        if report.failed:
            self.problem = f"the worker cannot collect it: {report.longreprtext}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Report the phase."""
        self._channel.phase("setup")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Report the phase."""
        self._channel.phase("call")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Report the phase."""
        self._channel.phase("teardown")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self,
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the outcome before a mark for expected failures changes it."""
        report = yield
        setattr(report, RAW_OUTCOME, report.outcome)
        self._failed = self._failed or report.failed
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect pytest's report as JSON."""
        hook = self._config.hook
        self.reports.append(hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Print the warning, because a worker prints no summary."""
        warning = warning_message
        text = warnings.formatwarning(
            str(warning.message),
            warning.category,
            warning.filename,
            warning.lineno,
            warning.line,
        )
        print(text, end="", file=sys.stderr)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Record that the test called `pytest.exit`."""
        self.problem = self.problem or f"the test ended its session: {excinfo.value!r}"

    def pytest_internalerror(
        self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Record that a plugin or pytest itself raised."""
        self.problem = f"pytest failed in the worker: {excinfo.exconly()}"
        print(excrepr, file=sys.stderr)


def _passable(output: dict[str, Any]) -> Any:
    """The plugins' output, without values that cannot be passed to another process."""
    passable = {}
    for name, value in output.items():
        with contextlib.suppress(NoValueError):
            passable[name] = decode(encode(value, name))
    return encode(passable, "workeroutput")


def _no_debugger(*_: Any, **__: Any) -> NoReturn:
    pytest.fail(
        "no debugger can work here: a worker has no terminal; print, and `pytest -s` shows it live"
    )

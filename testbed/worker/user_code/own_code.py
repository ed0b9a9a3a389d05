"""Prepares a worker for the user's code, a program or a function, and reports its end."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.machinery
import sys
import traceback
import types
from collections.abc import Iterator
from dataclasses import asdict
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import EXIT_CODE_COUNTS, Channel
from testbed.orders.own_code import OwnCodeSetup
from testbed.worker.probes import leaving_out_frames, several_cpus_per_worker
from testbed.worker.script import remember_lines
from testbed.worker.strategy import require_threads
from testbed.worker.user_code.program_cluster import ProgramCluster
from testbed.worker.user_code.seeds import reseeded
from testbed.worker.user_code.tf_config import ConfigChange, unobserved

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_OURS = str(Path(__file__).resolve().parents[2])
# Python's runpy starts the process of a worker.
_OUR_FILES = frozenset(map(str, Path(_OURS).rglob("*.py"))) | {"<frozen runpy>"}
_STARTERS = ("<frozen runpy>", "<frozen importlib.", importlib.__file__)
# An exception may hold a whole dataset.
_LONGEST_LINE = 500
_LONGEST_TRACE = 20_000


@contextlib.contextmanager
def own_code(
    setup: OwnCodeSetup,
    channel: Channel,
    *,
    exit_code_counts: bool = False,
    config_changes: ConfigChange = unobserved,
) -> Iterator[dict[str, Any]]:
    """Configure the devices for the code in the block, and report its phases.

    With `exit_code_counts` the code is a whole program, which may end its process at any time.
    `config_changes` is called before the code changes TF_CONFIG.
    Yields the details of the last phase, to which the block may add.
    """
    details: dict[str, Any] = {}
    seeds = reseeded(setup.seed)
    require_threads()
    cluster = ProgramCluster(setup, channel, config_changes)
    with seeds, _several_replicas(setup), cluster.reporting(), leaving_out_frames(_OUR_FILES):
        channel.phase("started", **{EXIT_CODE_COUNTS: exit_code_counts})
        yield details
    channel.phase("finished", **details)


def report_and_leave(
    setup: OwnCodeSetup, channel: Channel, report: DataclassInstance, *, good: bool
) -> None:
    """Write the report, and wait until all workers may leave; `good` as for the channel."""
    write_json(Path(setup.place.report), asdict(report))
    channel.reported(good=good)
    channel.wait_for_leave()


def make_main(file: str, name: str = "__main__", copy: str = "") -> None:
    """Run a script as the module `__main__`, as the interpreter does.

    Args:
        file: path of the script.
        name: its `__name__`; with another name, code guarded by `__main__` does not run.
        copy: path of the copy made before the run, if the copy is to run; else empty.
    """
    path = Path(file)
    main = types.ModuleType(name)
    main.__dict__.update(
        __annotations__={},
        __builtins__=builtins,
        __cached__=None,
        __file__=str(path.absolute()),
        __loader__=SourceFileLoader(name, str(path.absolute())),
    )
    sys.modules["__main__"] = sys.modules[name] = main
    # `dont_inherit`: the __future__ imports of this file do not apply to the script.
    data = Path(copy or path).read_bytes()
    code = compile(data, str(path.absolute()), "exec", dont_inherit=True)
    if copy:
        remember_lines(str(path.absolute()), data)
    exec(code, main.__dict__)


def shown(problem: BaseException) -> str:
    """Format a traceback without the frames that only start the code or watch it."""
    trace = problem.__traceback__
    while trace and is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    report = traceback.TracebackException(type(problem), problem, trace, compact=True)
    _remove_our_frames(report)
    text = "".join(report.format())
    if len(text) <= _LONGEST_TRACE:
        return text
    half = _LONGEST_TRACE // 2
    return (
        f"{text[:half]}\n... {len(text) - 2 * half} letters are left out here ...\n{text[-half:]}"
    )


def _remove_our_frames(report: traceback.TracebackException | None) -> None:
    while report:
        frames = [frame for frame in report.stack if not frame.filename.startswith(_OURS)]
        report.stack = traceback.StackSummary.from_list(frames)
        report = report.__cause__ or report.__context__


def in_a_line(problem: BaseException) -> str:
    """Class and text of an exception, like the last line of its traceback."""
    kind = type(problem)
    plain = kind.__module__ in ("builtins", "__main__")
    name = kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"
    text = text_of(problem)
    line = f"{name}: {text}" if text else name
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "..."


def text_of(problem: BaseException) -> str:
    """The text of an exception; a placeholder if its `__str__` raises."""
    try:
        return str(problem)
    except Exception:
        return "<exception str() failed>"


def _several_replicas(setup: OwnCodeSetup) -> contextlib.AbstractContextManager[None]:
    replicas = setup.deployment.cluster.replicas_per_worker
    if setup.place.device == "cpu" and replicas > 1:
        return several_cpus_per_worker(setup.place.worker, replicas)
    return contextlib.nullcontext()


def is_machinery(file: str) -> bool:
    """Whether a frame of this file only starts the user's code or watches it."""
    return file.startswith((_OURS, *_STARTERS))

"""The needs of scenarios: copies of their scripts, deadlines, and a machine that can run them."""

from __future__ import annotations

from testbed.catalogue.discovery import Script
from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case, Scenario
from testbed.catalogue.selection import Selection
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.interpreter.interpreter import found_in
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.run_folder import RunFolder, write_bytes
from testbed.orders.case import ScenarioScript


def lacking_for(fault: Fault | None, isolation: Isolation) -> str:
    """The reason why a fault cannot be injected on this machine; empty where it can."""
    if fault and fault.about.needs_own_network and not isolation.network:
        return f"no worker can be cut off without a network namespace ({isolation.why})"
    return ""


def lacking_packages(script: Script, python: str) -> str:
    """The reason why an interpreter cannot import a script; empty where it can.

    Of the packages that scripts import, only tf_keras is not a part of TensorFlow.
    """
    if "tf_keras" in script.imports and found_in(python).tf_keras is None:
        return "needs tf_keras, which is not installed where the workers run"
    return ""


def keep_scripts(selection: Selection, folder: RunFolder) -> None:
    """Copy the scripts of a run into its folder, as they were read.

    Workers run the copy, so an edit of the script during the run changes nothing.

    Raises:
        OSError: a copy cannot be written; the error names its file.
    """
    selected = [selection.script(case) for case in selection.cases]
    for script in dict.fromkeys(selected or selection.scripts):
        copy = folder.script(script.name)
        copy.parent.mkdir(exist_ok=True)
        write_bytes(copy, script.source.data)


def script_of(case: Case, selection: Selection, folder: RunFolder) -> ScenarioScript:
    """The script of a case, which `keep_scripts` has copied into the run's folder."""
    script = selection.script(case)
    copy = folder.script(case.script)
    ways = {each.name: each.ways for each in script.scenarios}
    return ScenarioScript(str(script.path), str(copy), ways)


def deadlines_of(made: Scenario, given: Deadlines) -> Deadlines:
    """The given deadlines, or the timeout of the scenario where it is shorter."""
    own = made.timeout or given.run
    # Workers that wait for a worker that never starts do not join.
    start = min(given.start, own) if made.fault else given.start
    return Deadlines(start, min(given.run, own))

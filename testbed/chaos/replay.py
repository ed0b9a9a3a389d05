"""Builds the command that repeats one fault."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from testbed.catalogue.discovery import scenario_folder
from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.chaos.cases import ChaosRequest
from testbed.chaos.draw import NONE
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, STRATEGIES


def replay_command(
    selection: Selection, request: ChaosRequest, case: Case, fault: Fault | None
) -> str:
    """Build the command for exactly this fault; for a user's script, it runs all its scenarios.

    Only the ids of cases of shipped scripts on default deployments are valid arguments.
    """
    script = selection.script(case).path
    own = script.parent != scenario_folder()
    words = ["testbed", "chaos", _typed(script) if own else case.id]
    if own or case.deployment not in DEFAULT_DEPLOYMENTS:
        words += _deployment(case)
    if own:
        words += ["--mode", case.mode]
    words += _what(fault) + _how(request)
    return shlex.join(words)


def _deployment(case: Case) -> list[str]:
    words = ["--strategy", case.strategy, "--workers", str(case.workers)]
    if STRATEGIES[case.strategy].takes_replicas:
        words += ["--replicas", str(case.replicas_per_worker)]
    return words


def _what(fault: Fault | None) -> list[str]:
    if fault is None:
        return ["--fault", NONE]
    words = ["--fault", fault.kind, "--worker", str(fault.worker)]
    if not fault.about.from_the_start:
        words += ["--at", fault.phase]
    if fault.about.lasts:
        words += ["--seconds", f"{fault.seconds:g}"]
    return words


def _how(request: ChaosRequest) -> list[str]:
    """The other options that differ from their defaults and may change the outcome."""
    usual = ChaosRequest(request.wanted, request.seed)
    given, default = request.options.deadlines, usual.options.deadlines
    options = (
        ("--restarts", request.restarts, usual.restarts),
        ("--start-timeout", given.start, default.start),
        ("--timeout", given.run, default.run),
        ("--isolation", request.options.isolation, usual.options.isolation),
        ("--python", request.options.python, usual.options.python),
    )
    return [
        word
        for name, number, without in options
        if number != without
        for word in (name, f"{number:g}" if isinstance(number, float) else str(number))
    ]


def _typed(script: Path) -> str:
    """A path to type in the current folder."""
    near = os.path.relpath(script)
    return str(script) if near.startswith("..") else near

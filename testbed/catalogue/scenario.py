"""Scenarios and cases: a claim about one way of sharing, and each way to run it."""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from testbed.bootstrap import python_command
from testbed.catalogue.fault import FAULTS, Fault
from testbed.catalogue.releases import range_of
from testbed.catalogue.symptoms import SYMPTOMS, SymptomName
from testbed.catalogue.versions import NEWEST, FrameworkRange, Frameworks
from testbed.cluster.strategies import MIRRORING, STRATEGIES, Deployment
from testbed.decoding import Later
from testbed.errors import UsageError

SITES = ("outside_scope", "in_scope", "in_replica")
MODES = ("eager", "function", "compiled")


@dataclass(frozen=True)
class Case:
    """A scenario at one site, in one mode, on one deployment."""

    scenario: str
    site: str
    mode: str
    deployment: Deployment

    @property
    def id(self) -> str:
        """The readable key of the case, the same in all commands and records."""
        return f"{self.scenario}[{self.site},{self.mode}]@{self.deployment}"

    @property
    def script(self) -> str:
        """The name of the scenario's script, which is the way of sharing or the kind of object."""
        return self.scenario.partition(".")[0]

    @property
    def claim(self) -> str:
        """The name of the scenario within its script."""
        return self.scenario.partition(".")[2]

    @property
    def strategy(self) -> str:
        """The name of the strategy."""
        return self.deployment.strategy

    @property
    def workers(self) -> int:
        """The number of workers in the cluster."""
        return self.deployment.cluster.workers

    @property
    def replicas_per_worker(self) -> int:
        """The number of replicas, and devices, of each worker."""
        return self.deployment.cluster.replicas_per_worker

    @property
    def replicas(self) -> int:
        """The number of replicas that take a step together; in most strategies all of them."""
        return self.deployment.in_sync.replicas


@dataclass(frozen=True)
class Expectation:
    """The expected result of a case: the claim behaves, or breaks with a symptom."""

    symptom: SymptomName | None = None
    """None where the claim should behave."""
    error: str = ""
    """A part of the error that must be raised; empty where none is expected."""
    cure: str = ""
    """The cure that the scenario names; may be empty."""
    versions: Annotated[str, Later()] = ""
    """The versions for which this holds, like `since TensorFlow 2.18`; empty if for all."""

    def __str__(self) -> str:
        shown = f"{self.symptom} ({self.error})" if self.error else self.symptom or "behaves"
        return f"{shown} {self.versions}".rstrip()


@dataclass(frozen=True)
class Rule:
    """A rule: the cases and versions in which a claim must fail, and how it fails."""

    expectation: Expectation
    when: Callable[[Case], bool]
    versions: FrameworkRange


@dataclass(frozen=True)
class Scenario:
    """One claim, in one function of a scenario script."""

    script: str
    name: str
    claim: str
    function: Callable[..., None]
    sites: tuple[str, ...]
    modes: tuple[str, ...]
    rules: tuple[Rule, ...]
    strategies: tuple[str, ...] = MIRRORING
    fresh: bool = False
    timeout: float | None = None
    fault: Fault | None = None
    restarts: int = 0

    @property
    def id(self) -> str:
        """Script and function, like `module_global.counter`."""
        return f"{self.script}.{self.name}"

    @property
    def ways(self) -> list[str]:
        """Its sites, modes and strategies in one list."""
        return [*self.sites, *self.modes, *self.strategies]

    def cases(self, deployments: Iterable[Deployment]) -> list[Case]:
        """All cases of this scenario on the given deployments, in a fixed order."""
        return [
            Case(self.id, site, mode, deployment)
            for site in self.sites
            for mode in self.modes
            for deployment in deployments
            if deployment.strategy in self.strategies and self._has_victim(deployment)
        ]

    def _has_victim(self, deployment: Deployment) -> bool:
        """Whether the cluster has the worker of the fault, and another one that can react to it."""
        return self.fault is None or 1 < deployment.cluster.workers > self.fault.worker

    def expects(self, case: Case, frameworks: Frameworks = NEWEST) -> Expectation:
        """The expectation for a case, from the first rule that applies.

        Args:
            case: a case of this scenario.
            frameworks: the versions that run it; by default the newest tested ones.

        Raises:
            UsageError: a rule of the script raised.
        """
        for rule in self.rules:
            if not rule.versions.has(frameworks):
                continue
            try:
                applies = rule.when(case)
            except Exception as problem:
                raise UsageError(
                    f"{self.id}: its rule for {rule.expectation.symptom} raised"
                    f" {type(problem).__name__}: {problem}; a rule may use only the case"
                ) from problem
            if applies:
                return rule.expectation
        return Expectation()


def breaks(
    symptom: str,
    *,
    site: str | None = None,
    mode: str | None = None,
    when: Callable[[Case], bool] = lambda _: True,
    tensorflow: str = "",
    keras: str = "",
    error: str = "",
    cure: str = "",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare where a scenario's claim must fail and how; write it between `@scenario` and `def`.

    Args:
        symptom: one of the closed list in `testbed/catalogue/symptoms.py`.
        site: the rule applies only to cases at this site.
        mode: the rule applies only to cases in this mode.
        when: the rule applies only to cases for which this returns true. It may use only the
            case, because it also runs where TensorFlow is not imported.
        tensorflow: the rule applies only to these versions of TensorFlow: `>=2.16`, `<2.18`, or
            both with a comma. A pre-release counts as its release.
        keras: the same for `tf.keras`: `<3` is Keras 2, also by TF_USE_LEGACY_KERAS=1.
        error: for `rejected`, a part of the error that TensorFlow must raise.
        cure: a cure that is more specific than the symptom's cure.
    """
    if symptom not in SYMPTOMS:
        raise UsageError(f"unknown symptom '{symptom}': choose from {', '.join(SYMPTOMS)}")
    if (symptom == "rejected") != bool(error):
        raise UsageError("a rule for 'rejected', and no other, names the error: error='...'")
    for word, given, valid in (("site", site, SITES), ("mode", mode, MODES)):
        known_names(word, () if given is None else (given,), valid)

    def applies(case: Case) -> bool:
        return case.site == (site or case.site) and case.mode == (mode or case.mode) and when(case)

    versions = FrameworkRange(range_of("tensorflow", tensorflow), range_of("keras", keras))
    rule = Rule(Expectation(symptom, error, cure, str(versions)), applies, versions)

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        # Decorators apply from the bottom up, and the topmost rule should be tried first.
        function.__dict__["rules"] = (rule, *function.__dict__.get("rules", ()))
        return function

    return mark


def scenario(
    *,
    sites: Iterable[str] = ("outside_scope", "in_scope"),
    modes: Iterable[str] = ("eager", "function"),
    strategies: Iterable[str] = MIRRORING,
    fresh: bool = False,
    timeout: float | None = None,
    fault: Fault | None = None,
    restarts: int = 0,
) -> Callable[[Callable[..., None]], Scenario]:
    """Turn a function of a script into a scenario; its docstring is the claim.

    Args:
        sites: where `bed.make` makes its objects.
        modes: how `bed.run` takes its steps.
        strategies: the strategies to which the claim applies; by default those that mirror
            variables and those of one replica.
        fresh: give every worker a new interpreter with its own string hash seed.
        timeout: seconds from when all workers have joined until the case counts as a hang, for a
            scenario that shows one; by default the timeout of the command.
        fault: the fault that is injected into one worker; then only clusters of several workers
            have cases.
        restarts: how often all workers are started again, on new ports, if they did not finish.
            `bed.folder` keeps its content.

    Raises:
        UsageError: an unknown site, mode, strategy or fault, or a function without a docstring.
    """
    if fault:
        known_names("fault", fault.kind, tuple(FAULTS))
    chosen_sites = known_names("site", sites, SITES)
    chosen_modes = known_names("mode", modes, MODES)
    chosen_strategies = known_names("strategy", strategies, tuple(STRATEGIES))
    if not (chosen_sites and chosen_modes and chosen_strategies):
        raise UsageError("a scenario needs at least one site, one mode and one strategy")

    def mark(function: Callable[..., None]) -> Scenario:
        claim = " ".join((function.__doc__ or _written_docstring(function)).split())
        if not claim:
            raise UsageError(f"scenario '{function.__name__}' needs a docstring: it is the claim")
        return Scenario(
            script=_script_name(function),
            name=function.__name__,
            claim=claim,
            function=function,
            sites=chosen_sites,
            modes=chosen_modes,
            rules=function.__dict__.get("rules", ()),
            strategies=chosen_strategies,
            fresh=fresh,
            timeout=timeout,
            fault=fault,
            restarts=restarts,
        )

    return mark


def run_script() -> None:
    """Run the scenarios of the calling script, as `testbed run SCRIPT` does.

    The script has already imported TensorFlow, and the launching process must not. So the command
    replaces this process.
    """
    script = sys.modules["__main__"].__file__ or ""
    os.execv(sys.executable, python_command("testbed", "run", script, *sys.argv[1:]))


def with_script(made: Scenario, script: str) -> Scenario:
    """The same scenario with the name of the script from which it was read."""
    return replace(made, script=script)


def known_names(word: str, given: Iterable[str], valid: tuple[str, ...]) -> tuple[str, ...]:
    """Check one or several names against the valid ones, and return each once.

    Raises:
        UsageError: one of them is not valid.
    """
    chosen = (given,) if isinstance(given, str) else tuple(given)
    for name in chosen:
        if name not in valid:
            raise UsageError(f"unknown {word} '{name}': choose from {', '.join(valid)}")
    return tuple(dict.fromkeys(chosen))


def _written_docstring(function: Callable[..., None]) -> str:
    """The docstring from the text of the script, because `python -OO` removes it; else empty."""
    code = getattr(function, "__code__", None)
    if sys.flags.optimize < 2 or code is None:
        return ""
    lines = linecache.getlines(code.co_filename, function.__globals__)
    try:
        # The block starts at the first decorator.
        block = inspect.getblock(lines[code.co_firstlineno - 1 :])
        (definition,) = ast.parse("".join(block)).body
    except (SyntaxError, ValueError, IndexError):
        return ""
    found = ast.get_docstring(definition) if isinstance(definition, ast.FunctionDef) else None
    return found or ""


def _script_name(function: Any) -> str:
    return str(function.__module__).rpartition(".")[2]

"""Imports go downward only, and TensorFlow stays where it belongs."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import (
    SCENARIOS,
    TESTBED,
    all_modules,
    imported_names,
    python_files,
    short,
    text_constants,
)

# The layers, from the lowest: a folder is one; loose modules are "base". Each row says what
# a layer may import besides itself: a whole layer, or a single module of one.
# The benchmark's programs are TensorFlow's, except for one module of numbers.
OPTIONS = ("testbed.cli.options", "testbed.cli.declarations")
PROGRAMS = "testbed.bench.programs"
SIZES = f"{PROGRAMS}.sizes"

ALLOWED = {
    "testbed": {"testbed.errors", "catalogue"},
    "base": set[str](),
    "cluster": {"base"},
    "catalogue": {"base", "cluster"},
    "verdict": {"base", "cluster", "catalogue"},
    "launcher": {
        "testbed.errors",
        "testbed.bootstrap",
        "testbed.interpreter_end",
        "testbed.decoding",
        "testbed.terminal",
        "testbed.catalogue.releases",
        "testbed.catalogue.fault",
        "testbed.cluster.isolation_levels",
    },
    "orders": {
        "cluster",
        "catalogue",
        "verdict",
        "launcher",
        "testbed.check.parity.first_steps",
        "testbed.check.observations.seen",
        "testbed.check.observations.source_line",
    },
    "options": {"testbed.errors", "cluster", "catalogue", "testbed.report.formats.registry"},
    "hosts": {"testbed", "base", "cluster", "launcher"},
    "report": {"testbed", "base", "cluster", "catalogue", "verdict", "launcher"},
    "run": {
        "base",
        "cluster",
        "catalogue",
        "options",
        "verdict",
        "launcher",
        "hosts",
        "orders",
        "report",
    },
    "engines": {"base", "cluster", "options", "launcher", "hosts", "report"},
    "worker": {
        "base",
        "cluster",
        "catalogue",
        "verdict",
        "launcher",
        "orders",
        "testbed.check.observations.blind_spot",
        "testbed.check.observations.file_use",
        "testbed.check.observations.operations",
        "testbed.check.parity.first_steps",
        "testbed.check.observations.reuse",
        "testbed.check.observations.rows",
        "testbed.check.observations.traces",
        "testbed.check.observations.seen",
        "testbed.check.observations.source_line",
        "testbed.check.observations.vocabulary",
        "testbed.check.observations.watch_failure",
    },
    "programs": {"testbed", "cluster"},
    "check": {
        "testbed",
        "base",
        "cluster",
        "options",
        "verdict",
        "launcher",
        "orders",
        "run",
        "testbed.hosts.role",
    },
    "bench": {
        "testbed.verdict.program_notes",
        "base",
        "cluster",
        "catalogue",
        "testbed.verdict.device_memory",
        "testbed.verdict.raised_error",
        "launcher",
        "orders",
        "run",
        "report",
        "options",
        "testbed.check.deployment",
        "testbed.check.observations.source_line",
        "testbed.hosts.rank",
        "testbed.hosts.role",
        SIZES,
    },
    "chaos": {
        "base",
        "cluster",
        "catalogue",
        "options",
        "verdict",
        "launcher",
        "run",
        "report",
    },
    "pytest_plugin": {
        "base",
        "cluster",
        "catalogue",
        "verdict",
        "launcher",
        "orders",
        "run",
        "report",
        "testbed.check.parity.claims",
    },
    "cli": {
        "testbed",
        "base",
        "cluster",
        "catalogue",
        "launcher",
        "orders",
        "run",
        "report",
        "bench",
        "chaos",
        "check",
        "engines",
        "options",
        "testbed.hosts.role",
    },
    "__main__": {"cli"},
}

# Outside testbed/worker/, which may.
IMPORT_TENSORFLOW = {
    f"testbed/bench/programs/{name}.py": why
    for name, why in {
        "all_reduce": "a scenario script, which only workers import",
        "collectives": "a scenario script, which only workers import",
        "model": "a scenario script, which only workers import",
        "weight": "a scenario script, which only workers import",
        "network": "the model, which the script and the bare loop share",
        "plain_loop": "the loop that steps are measured against: no bed at all",
        "hello": "somebody's own program: no testbed at all",
        "bare_fork": "the limit that launching is measured against: no testbed at all",
    }.items()
}

IMPORT_PRIVATE_TENSORFLOW = {
    "scenarios/get_variable.py": "shows what people are told to use, which has no public name",
}


def layer_of(module: str) -> str:
    if module.startswith(PROGRAMS):
        return "programs"
    if module.startswith(OPTIONS):
        return "options"
    first = module.partition(".")[2].partition(".")[0] or module
    return first if first in ALLOWED or (TESTBED / first).is_dir() else "base"


def edges() -> set[tuple[str, str]]:
    """Who imports whom, by module; nobody imports itself."""
    return {
        (module, name)
        for module, path in all_modules().items()
        for name in imported_names(path)
        if name.split(".")[0] == "testbed" and name != module
    }


def test_every_layer_has_its_row() -> None:
    """A new folder of the testbed gets a row in the table before it gets imports."""
    assert {layer_of(module) for module in all_modules()} == set(ALLOWED)


def test_imports_go_downward_only() -> None:
    """A module imports only its own layer and those that its row in the table names."""
    wrong = [
        f"{module} imports {name}"
        for module, name in sorted(edges())
        if layer_of(name) != layer_of(module)
        and not {layer_of(name), name} & ALLOWED[layer_of(module)]
    ]
    assert wrong == []


def test_the_table_allows_nothing_that_nobody_needs() -> None:
    """What a row allows is imported by some module of that layer."""
    used = {(layer_of(module), name) for module, name in edges()}
    used |= {(layer, layer_of(name)) for layer, name in used}
    allowed = {(layer, name) for layer, names in ALLOWED.items() for name in names}
    assert allowed - used == set()


@pytest.mark.parametrize("layer", ["worker", "programs"])
def test_nobody_imports_the_child_side(layer: str) -> None:
    """It is started by name; whoever imported it would import TensorFlow."""
    importers = {
        m for m, name in edges() if layer_of(name) == layer != layer_of(m) and name != SIZES
    }
    assert importers == set()


def test_modules_that_are_named_exist() -> None:
    """A module that is started by its name, or whose function is, is there under that name."""
    named = {
        text.partition(":")[0]
        for path in python_files(TESTBED)
        for text in text_constants(path)
        if re.fullmatch(r"testbed(\.\w+)+(:\w+)?", text)
    }
    assert "testbed.worker.main" in named
    assert named - set(all_modules()) == set()


def test_no_import_cycles() -> None:
    """No module of the testbed imports itself by way of others."""
    left = edges()
    while True:
        importing = {module for module, _ in left}
        kept = {(module, name) for module, name in left if name in importing}
        if kept == left:
            break
        left = kept
    assert left == set()


def importers_of(package: str, *, private: bool = False) -> set[str]:
    return {
        short(path)
        for path in python_files(TESTBED, SCENARIOS)
        for name in imported_names(path)
        if (name.startswith(f"{package}.") if private else name.split(".")[0] == package)
    }


@pytest.mark.parametrize("package", ["tensorflow", "tf_keras", "keras"])
def test_only_workers_import_tensorflow(package: str) -> None:
    """Of the testbed's code, only what runs in workers imports TensorFlow or Keras."""
    launching = {
        name
        for name in importers_of(package)
        if name.startswith("testbed/") and not name.startswith("testbed/worker/")
    }
    assert launching - set(IMPORT_TENSORFLOW) == set()


def test_only_scenarios_import_private_tensorflow() -> None:
    """The testbed looks private names up when it needs them, so a missing one ends no worker."""
    importers = importers_of("tensorflow.python", private=True)
    assert importers - set(IMPORT_PRIVATE_TENSORFLOW) == set()


def test_private_names_are_texts_in_one_module() -> None:
    """The names that the hooks replace stand in one table."""
    named = {
        short(path)
        for path in python_files(TESTBED)
        if any(
            re.match(r"(tensorflow\.python|keras\.src)\S*:", text) for text in text_constants(path)
        )
    }
    assert named == {"testbed/worker/watching/library_names.py"}


def test_no_exemption_is_stale() -> None:
    """A file that is exempted still needs it, and the reason is written down."""
    assert set(IMPORT_TENSORFLOW) <= importers_of("tensorflow")
    assert set(IMPORT_PRIVATE_TENSORFLOW) <= importers_of("tensorflow.python", private=True)
    assert all({**IMPORT_TENSORFLOW, **IMPORT_PRIVATE_TENSORFLOW}.values())

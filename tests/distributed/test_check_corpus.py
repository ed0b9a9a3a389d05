"""`testbed check` on scripts as people write them: wrong ones, and right ones that look alike."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.releases import range_of
from testbed.catalogue.versions import FrameworkRange, Frameworks
from testbed.check.finding import NOTE
from testbed.check.judge import chosen
from testbed.check.run import Checked
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.launcher.interpreter.interpreter import found_in
from testbed.orders.own_code import Program
from tests.distributed.checks import Check as Bench
from tests.distributed.checks import checks
from tests.distributed.tensorflow_log import without_log

CORPUS = Path(__file__).resolve().parents[1] / "check/corpus"

_GENERATED = re.compile(r"/\S+__autograph_generated_file\w+|0x[0-9a-f]+")
_EXPECTED = re.compile(r"# expect: (?P<codes>TB\d+(?:, TB\d+)*)")
_ROW = re.compile(r"^\| (\w+)[^|]*\|(?:[^|]*\|)+? ([^|]*) \|$", re.MULTILINE)
_RANGE = re.compile(r'(tensorflow|keras)="([^"]+)"')
_NOTED = re.compile(r"# note: (?P<codes>TB\d+)")

Check = Callable[[Path], Checked]
Outcome = tuple[list[str], tuple[int, ...]]
"""What each worker printed, and its exit code."""

RANDOM = (
    *("fit_workers", "fourier_regression", "linear_probe"),
    *("frozen_encoder", "random_features", "frozen_on_purpose"),
    *("transfer_learning", "chief_progress"),
    *("flipped_pictures", "fresh_samples", "fresh_weights", "one_second"),
    *("feature_scales", "nightly_snapshots", "principal_axes"),
    *("dish_words", "plant_classes"),
    *("turbine_output", "turbine_orders"),
)
"""Scripts that draw other random numbers each time, or fail otherwise or not at all."""


def scripts(kind: str) -> list[Path]:
    """The main file of every script of a kind."""
    found = sorted((CORPUS / kind).glob("*"))
    return [path / "main.py" if path.is_dir() else path for path in found if _is_script(path)]


def _is_script(path: Path) -> bool:
    return path.suffix == ".py" or (path / "main.py").is_file()


def name_of(path: Path) -> str:
    """What a script is for."""
    return path.parent.name if path.name == "main.py" else path.stem


def expected(path: Path, comment: re.Pattern[str] = _EXPECTED) -> set[tuple[str, str, int]]:
    """Code, file and line of each comment that expects a finding."""
    files = path.parent.rglob("*.py") if path.name == "main.py" else [path]
    return {
        (code, file.name, number)
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := comment.search(line))
        for code in found["codes"].split(", ")
    }


def limit_s() -> float:
    """Seconds after which a script counts as hung."""
    # Before TensorFlow 2.17, AutoGraph converts the code of tf_keras, so a step may take a minute.
    return 240 if range_of("tensorflow", "<2.17").has(found_in().tensorflow or "") else 60


def asked(path: Path) -> tuple[Deployment, float]:
    """What a script's first line asks for."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# check: "), first
    told = shlex.split(first.removeprefix("# check: "))
    options = dict(zip(*[iter(told)] * 2, strict=True))
    workers, replicas = int(options.get("--workers", 1)), int(options.get("--replicas", 1))
    deployment = Deployment(options["--strategy"], Cluster(workers, replicas))
    return deployment, float(options.get("--timeout", limit_s()))


def versions_of(path: Path) -> FrameworkRange:
    """The versions for which the comments of a script hold, by its second line."""
    words = path.read_text(encoding="utf-8").splitlines()[1]
    told = words.partition("# holds: ")[2]
    ranges = {name: range_of(name, text) for name, text in _RANGE.findall(told)}
    assert bool(told) == bool(ranges), words
    return FrameworkRange(**ranges)


@functools.cache
def frameworks() -> Frameworks:
    """The installed versions."""
    keras = "tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") == "1" else "keras"
    packages = metadata.packages_distributions()
    return Frameworks(found_in().tensorflow or "", metadata.version(packages[keras][0]))


def require_versions(path: Path) -> None:
    """Skip a test of a script whose comments do not hold for the installed versions."""
    versions = versions_of(path)
    if not versions.has(frameworks()):
        pytest.skip(f"holds {versions}")


def near_misses() -> dict[str, set[str]]:
    """The right scripts that are near misses of each wrong one, by the table of the README."""
    rows = _ROW.findall((CORPUS / "README.md").read_text(encoding="utf-8"))
    right = {name_of(path) for path in scripts("right")}
    return {wrong: right & set(re.findall(r"\w+", twins)) for wrong, twins in rows}


def chosen_scripts() -> set[str]:
    """The scripts that `make test` checks; the others are of equal promise, and for `make soak`.

    The first wrong one with the same codes, of one process if possible; the near misses of one in
    three of these; and one in eight of the right ones that are near misses of no script.
    """
    first: dict[frozenset[str], str] = {}
    for path in sorted(scripts("wrong"), key=lambda path: asked(path)[0].cluster.workers):
        first.setdefault(frozenset(code for code, _, _ in expected(path)), name_of(path))
    twins = near_misses()
    others = [name_of(path) for path in scripts("right")]
    others = [name for name in others if not any(name in names for names in twins.values())]
    wrong = list(first.values())
    return {*wrong, *(near for name in wrong[::3] for near in twins[name]), *others[::8]}


CHOSEN = chosen_scripts()
REPEATABLE = [
    path for path in [*scripts("right"), *scripts("wrong")] if name_of(path) not in RANDOM
]


def or_soak(paths: list[Path], every: int = 1) -> list[Any]:
    """Scripts as parameters; `make test` checks one in `every` of those that are chosen."""
    tested = [path for path in paths if name_of(path) in CHOSEN][::every]
    return [
        pytest.param(path, id=name_of(path), marks=() if path in tested else pytest.mark.soak)
        for path in paths
    ]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """TensorFlow is imported once for all."""
    with checks(tmp_path_factory.mktemp("check")) as bench:
        yield bench


@pytest.fixture
def check(bench: Bench) -> Check:
    """Checks a script as its first line asks for."""
    return lambda path: bench(Program(str(path)), *asked(path))


@pytest.fixture
def both(bench: Bench) -> Callable[[Path], tuple[Outcome, Outcome]]:
    """What comes of a script that nobody watches, and of the same one when it is checked."""

    def run(path: Path) -> tuple[Outcome, Outcome]:
        plain = bench.launch(Program(str(path)), *asked(path)).codes
        printed = bench.output
        checked = bench(Program(str(path)), *asked(path)).program.codes
        return (without_times(printed), plain), (without_times(bench.output), checked)

    return run


def without_times(output: list[str]) -> list[str]:
    """What workers printed, without the lines of a log, and the names of AutoGraph's files."""
    return [_GENERATED.sub("", "\n".join(without_log(each))) for each in output]


def told(checked: Checked, *, notes: bool = False) -> set[tuple[str, str, int]]:
    """Code, file and line of each finding that is no note, or of each note."""
    return {
        (each.code, Path(each.place.file).name if each.place else "", each.place.line)
        if each.place
        else (each.code, "", 0)
        for each in chosen(checked.findings)
        if (each.about.level == NOTE) == notes
    }


@pytest.mark.parametrize("path", or_soak(scripts("wrong")))
def test_what_is_wrong_is_found_where_it_stands(check: Check, path: Path) -> None:
    """Each defect has its finding, with the code and the line of its cause; nothing else has."""
    require_versions(path)
    checked = check(path)
    assert expected(path), "a wrong script says what is expected"
    assert told(checked) == expected(path), [each.evidence for each in checked.findings]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name_of(path), marks=() if number < 2 else pytest.mark.soak)
        for number, path in enumerate(scripts("missed"))
    ],
)
@pytest.mark.xfail(strict=True, reason="values that look alike are told apart by nobody")
def test_what_is_missed_is_known(check: Check, path: Path) -> None:
    """A defect that is not found stands in a folder of its own, until it is."""
    assert told(check(path)) == expected(path)


@pytest.mark.parametrize("path", or_soak(scripts("right")))
def test_what_is_right_is_left_alone(check: Check, path: Path) -> None:
    """A script that is right runs to its end, and nothing is said of it but what is noted."""
    require_versions(path)
    checked = check(path)
    assert told(checked) == set(), [each.evidence for each in checked.findings]
    assert told(checked, notes=True) == expected(path, _NOTED)
    assert (checked.program.cause, checked.program.code) == ("", 0)


@pytest.mark.parametrize("path", or_soak(REPEATABLE, every=24))
def test_what_is_checked_does_what_it_does(
    both: Callable[[Path], tuple[Outcome, Outcome]], path: Path
) -> None:
    """Watching changes no number, no line and no traceback that a program prints, nor its end."""
    plain, checked = both(path)
    assert checked == plain


def test_every_code_of_the_corpus_is_in_make_test() -> None:
    """What `make test` leaves to `make soak` has a code and a strategy that it shows otherwise."""
    shown = {path: {code for code, _, _ in expected(path)} for path in scripts("wrong")}
    chosen = {path: codes for path, codes in shown.items() if name_of(path) in CHOSEN}
    assert set().union(*shown.values()) == set().union(*chosen.values())
    assert {asked(path)[0].strategy for path in shown} == {
        asked(path)[0].strategy for path in chosen
    }


@pytest.mark.soak
@pytest.mark.parametrize("name", ["stream_level", "generator_fit", "step_sizes"])
def test_what_is_right_is_left_alone_two_hundred_times(check: Check, name: str) -> None:
    """The load decides which replica has written when a step is cancelled."""
    (path,) = (path for path in scripts("right") if name_of(path) == name)
    with contextlib.ExitStack() as load:
        for _ in range(4):
            endless = [sys.executable, "-c", "while True: pass"]
            process = load.enter_context(subprocess.Popen(endless))
            load.callback(process.kill)
        found = [told(check(path)) for _ in range(200)]
    assert found == [set()] * 200

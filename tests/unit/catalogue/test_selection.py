"""From names and patterns to cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from testbed.catalogue.scenario import MODES
from testbed.catalogue.selection import Selection, select
from testbed.errors import UsageError
from tests.unit.builders import COUNTER, DEFAULT, MIRRORED_2, case_of, write_script

TWO_SCENARIOS = COUNTER + COUNTER.replace("scenario()", 'scenario(modes="eager")').replace(
    "counter(", "weight("
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario folder of two scripts, in place of the one that comes with the testbed."""
    shipped = tmp_path / "scenarios"
    write_script(shipped, "module_global.py", TWO_SCENARIOS)
    write_script(shipped, "returned.py")
    monkeypatch.setattr("testbed.catalogue.selection.scenario_folder", lambda: shipped)
    return shipped


def chosen(*patterns: str, modes: Sequence[str] | None = None) -> Selection:
    return select(patterns, [DEFAULT, MIRRORED_2], modes)


def scenarios_of(selection: Selection) -> list[str]:
    return list(dict.fromkeys(case.scenario for case in selection.cases))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), ["module_global.counter", "module_global.weight", "returned.counter"]),
        (("module_global",), ["module_global.counter", "module_global.weight"]),
        (("module_global.weight",), ["module_global.weight"]),
        (("*.counter",), ["module_global.counter", "returned.counter"]),
        (("return??.counter",), ["returned.counter"]),
        (("*weight*",), ["module_global.weight"]),
        (("returned", "module_global.counter"), ["module_global.counter", "returned.counter"]),
        (("returned", "returned.counter"), ["returned.counter"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_patterns_name_scripts_and_scenarios(
    patterns: tuple[str, ...], expected: list[str]
) -> None:
    """A pattern is a script's or a scenario's name, with wildcards; cases keep one order."""
    selection = chosen(*patterns)
    assert scenarios_of(selection) == expected
    assert len(set(selection.cases)) == len(selection.cases)


@pytest.mark.usefixtures("folder")
def test_a_case_id_names_one_case() -> None:
    """A case's id, typed as it is shown, selects that case alone."""
    case_id = "returned.counter[in_scope,function]@mirrored-2"
    assert [case.id for case in chosen(case_id).cases] == [case_id]


@pytest.mark.usefixtures("folder")
def test_a_case_id_may_hold_wildcards() -> None:
    """Brackets in a pattern are those of a case id, not a set of letters."""
    selection = chosen("*[in_scope,eager]@mirrored-2")
    assert [case.id for case in selection.cases] == [
        "module_global.counter[in_scope,eager]@mirrored-2",
        "module_global.weight[in_scope,eager]@mirrored-2",
        "returned.counter[in_scope,eager]@mirrored-2",
    ]


@pytest.mark.usefixtures("folder")
def test_a_pattern_matches_whole_names() -> None:
    """A part of a name is no name."""
    with pytest.raises(UsageError, match="no scenario matches 'return'"):
        chosen("return")


@pytest.mark.usefixtures("folder")
def test_a_path_selects_that_script_alone(tmp_path: Path) -> None:
    """A script's path selects its scenarios, wherever it lies."""
    path = write_script(tmp_path / "mine", "own.py")
    selection = chosen(str(path))
    assert scenarios_of(selection) == ["own.counter"]
    assert selection.script(selection.cases[0]).path == path
    assert selection.scenario(selection.cases[0]).id == "own.counter"


@pytest.mark.usefixtures("folder")
def test_a_path_and_a_name_add_up(tmp_path: Path) -> None:
    """Paths and names may be given together."""
    path = write_script(tmp_path / "mine", "own.py")
    assert scenarios_of(chosen("returned", str(path))) == ["own.counter", "returned.counter"]


def test_a_shipped_script_may_be_given_by_its_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script given by path and by name, or twice, is selected once."""
    monkeypatch.chdir(folder)
    selection = chosen("returned.py", "./returned.py", "returned")
    assert scenarios_of(selection) == ["returned.counter"]
    assert len(selection.cases) == 8


@pytest.mark.usefixtures("folder")
def test_a_script_with_a_dot_in_its_name_is_refused(tmp_path: Path) -> None:
    """A script like `step.v2.py` would make ids that cannot be taken apart again."""
    path = write_script(tmp_path / "mine", "step.v2.py")
    selection = chosen(str(path))
    assert selection.cases == ()
    assert selection.problems == (f"{path}: case ids need a script name without dots; rename it",)


@pytest.mark.usefixtures("folder")
def test_nothing_matches_with_a_hint() -> None:
    """A misspelt name is told with the closest one."""
    with pytest.raises(UsageError) as problem:
        chosen("module_global.conter")
    assert "no scenario matches 'module_global.conter'" in str(problem.value)
    assert "did you mean 'module_global.counter'?" in str(problem.value)


@pytest.mark.usefixtures("folder")
def test_nothing_matches_without_a_close_name() -> None:
    """A name like no other gets no guess, only the valid ones."""
    with pytest.raises(UsageError) as problem:
        chosen("xyz")
    assert "did you mean" not in str(problem.value)
    assert "module_global, returned" in str(problem.value)


@pytest.mark.usefixtures("folder")
def test_every_name_must_match() -> None:
    """One name that matches does not excuse another that does not."""
    with pytest.raises(UsageError, match="no scenario matches 'nowhere'"):
        chosen("returned", "nowhere")


@pytest.mark.usefixtures("folder")
def test_a_path_that_is_not_there_is_told() -> None:
    """A path without a file is refused as a path, not as an unknown name."""
    with pytest.raises(UsageError, match=r"no such script: missing\.py"):
        chosen("missing.py")


@pytest.mark.usefixtures("folder")
def test_two_scripts_of_one_name_are_refused(tmp_path: Path) -> None:
    """Case ids begin with the script's name, so two of one name are told with both paths."""
    one = write_script(tmp_path / "one", "own.py")
    two = write_script(tmp_path / "two", "own.py")
    with pytest.raises(UsageError) as problem:
        chosen(str(one), str(two))
    assert str(one) in str(problem.value)
    assert str(two) in str(problem.value)


def test_one_broken_script_leaves_the_others(folder: Path) -> None:
    """A script that cannot be read becomes a problem; the others are selected."""
    broken = write_script(folder, "broken.py", "def (:\n")
    selection = chosen()
    assert {case.script for case in selection.cases} == {"module_global", "returned"}
    assert [problem.partition(":")[0] for problem in selection.problems] == [str(broken)]


@pytest.mark.parametrize(
    ("modes", "count"), [(None, 20), ([], 20), (["eager"], 12), (["eager", "function"], 20)]
)
@pytest.mark.usefixtures("folder")
def test_modes_keep_the_cases_of_these_modes(modes: list[str] | None, count: int) -> None:
    """Modes leave only the cases that run in one of them."""
    selection = chosen(modes=modes)
    assert len(selection.cases) == count
    assert {case.mode for case in selection.cases} == set(modes or ("eager", "function"))


@pytest.mark.usefixtures("folder")
def test_an_unknown_mode_is_told_with_all_that_are_valid() -> None:
    """A misspelt mode is refused with the valid ones."""
    with pytest.raises(UsageError) as problem:
        chosen(modes=["lazy"])
    assert "unknown mode 'lazy'" in str(problem.value)
    assert ", ".join(MODES) in str(problem.value)


@pytest.mark.usefixtures("folder")
def test_selected_cases_are_the_scenario_s_own() -> None:
    """What is selected equals the case that the same words describe."""
    assert case_of("returned.counter") in chosen("returned").cases

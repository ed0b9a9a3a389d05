"""The matrix of versions: what is chosen, what is run again, and what the table shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.catalogue.releases import TENSORFLOW
from testbed.catalogue.versions import TESTED
from testbed.errors import LaunchError, UsageError
from tests.matrix import environments, run
from tests.matrix.environments import make_environment
from tests.matrix.outcome import Outcome, Result, Software, keep, kept
from tests.matrix.parts import PARTS, Place
from tests.matrix.run import all_kept, outcomes
from tests.matrix.table import table
from tests.matrix.versions import VERSIONS, Version, chosen

SOFTWARE = Software("3.11.7", "2.18.1", "3.15.1", "2.0.2")
GOOD = Result("2434 cases")
BAD = Result("2434 cases", ("returned.counter[...]: expected behaves, saw hang",))
VERSION = chosen(["2.18"])[0]


def outcome_of(result: Result, version: str = "2.18", part: str = "catalogue") -> Outcome:
    """An outcome on TensorFlow 2.18."""
    return Outcome(version, part, SOFTWARE, result, 12.5)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were run, in an environment that is there."""
    names: list[str] = []

    def part(name: str, result: Result) -> None:
        def run_part(place: Place) -> Result:
            names.append(name)
            return result

        monkeypatch.setitem(PARTS, name, run_part)

    part("catalogue", GOOD)
    part("report", BAD)
    part("launch", Result("", problem="pytest ended with status 4"))
    monkeypatch.setattr(run, "make_environment", lambda *_: Path("python"))
    monkeypatch.setattr(run, "_software", lambda *_: SOFTWARE)
    return names


def test_every_version_with_expectations_is_in_the_matrix() -> None:
    """The matrix has each tested version of TensorFlow, and rules are tested for each of them."""
    releases = [each.tensorflow for each in TESTED if "dev" not in each.tensorflow]
    minors = {each.rpartition(".")[0] for each in releases}
    assert minors == {each.name.partition("-")[0] for each in VERSIONS} - {"nightly"}
    assert minors == set(TENSORFLOW.minors)


def test_unknown_versions_are_refused_with_those_that_there_are() -> None:
    """A version that the matrix does not have is named with all that it has."""
    assert chosen([]) == list(VERSIONS)
    with pytest.raises(UsageError, match=r"2\.14.*2\.15.*nightly"):
        chosen(["2.18", "2.14"])


def test_a_part_that_has_ended_is_not_run_again(ran: list[str], tmp_path: Path) -> None:
    """A second run repeats only the part that did not run to its end."""
    parts = ["catalogue", "report", "launch"]
    first = list(outcomes(VERSION, parts, tmp_path, 1))
    assert [each.good for each in first] == [True, False, False]
    assert ran == parts
    again = list(outcomes(VERSION, parts, tmp_path, 1))
    assert ran == [*parts, "launch"]
    assert [each.part for each in again] == ["launch"]
    assert [each.part for each in all_kept([VERSION], tmp_path)] == parts


def test_a_part_that_raises_does_not_end_the_others(
    ran: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a part raises is its problem, and the next part runs."""

    def broken(place: Place) -> Result:
        raise OSError("no space left on device")

    monkeypatch.setitem(PARTS, "catalogue", broken)
    first, second = outcomes(VERSION, ["catalogue", "report"], tmp_path, 1)
    assert first.result.problem == "OSError: no space left on device"
    assert second.ended


def test_a_version_without_its_python_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where no Python fits a version, its parts have that problem, and nothing is installed."""
    old = Version("2.15", ("tensorflow==2.15.1",), ("2.6", "2.7"))
    monkeypatch.setattr(environments, "_interpreters", lambda wanted: iter(["python-that-is-not"]))
    monkeypatch.setattr(environments, "_version_of", lambda python: "3.11")
    message = "TensorFlow 2.15 needs Python 2.6 or 2.7, and none was found"
    with pytest.raises(LaunchError, match=message):
        make_environment(old, tmp_path, tmp_path / "pip.log")
    found = list(outcomes(old, ["catalogue", "launch"], tmp_path, 1))
    assert [each.result.problem for each in found] == [message, message]
    assert not (tmp_path / "environments/2.15").exists()


def test_an_outcome_is_read_back(tmp_path: Path) -> None:
    """An outcome survives its file; half a file is none."""
    path = tmp_path / "catalogue.json"
    assert kept(path) is None
    keep(outcome_of(BAD), path)
    assert kept(path) == outcome_of(BAD)
    path.write_text(path.read_text()[:40])
    assert kept(path) is None


def test_the_table_has_a_row_for_each_version() -> None:
    """A row has versions, counts and seconds; surprises and problems stand below the table."""
    problem = Result("", problem="pytest ended with status 4")
    found = [outcome_of(GOOD), outcome_of(problem, part="launch"), outcome_of(BAD, "2.19")]
    text = table(found, ["sample", "catalogue", "launch"])
    assert text.splitlines() == [
        "| version | Python | TensorFlow | Keras | numpy | catalogue | launch | unexpected |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| 2.18 | 3.11.7 | 2.18.1 | 3.15.1 | 2.0.2 | 2434 cases, 12 s | not run | 0 |",
        "| 2.19 | 3.11.7 | 2.18.1 | 3.15.1 | 2.0.2 | 2434 cases, 12 s |  | 1 |",
        "",
        "- 2.18 launch: pytest ended with status 4",
        "- 2.19 catalogue: returned.counter[...]: expected behaves, saw hang",
    ]


def test_junit_is_counted_by_its_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the corpus count as found or silent; a failed one is a surprise, with its name."""
    xml = """<testsuites><testsuite>
      <testcase name="test_what_is_wrong_is_found_where_it_stands[a]"/>
      <testcase name="test_what_is_wrong_is_found_where_it_stands[b]"><failure/></testcase>
      <testcase name="test_what_is_right_is_left_alone[c]"/>
      <testcase name="test_what_is_right_is_left_alone[d]"><skipped/></testcase>
      <testcase name="test_launch"/>
    </testsuite></testsuites>"""
    (tmp_path / "corpus.xml").write_text(xml)
    monkeypatch.setattr(Place, "run", lambda *_: 1)
    result = PARTS["corpus"](Place(VERSION, Path("python"), tmp_path, 1))
    assert result.count == "1 found, 1 passed, 1 silent, 1 skipped"
    assert result.surprises == ("test_what_is_wrong_is_found_where_it_stands[b]",)

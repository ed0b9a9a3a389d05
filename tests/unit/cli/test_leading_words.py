"""The words of `testbed bench`: parts of the benchmark, or a program with its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.bench.slow.request import program_request_of
from testbed.cli.options.bench import BenchOptions
from testbed.cli.parser import parse
from testbed.errors import UsageError
from testbed.hosts.role import ALONE


def bench(*words: str) -> BenchOptions:
    options = parse(["bench", *words]).options
    assert isinstance(options, BenchOptions)
    return options


@pytest.mark.parametrize(
    "words",
    [
        ("scaling", "wire", "--quick", "--rounds", "4"),
        ("--quick", "scaling", "wire", "--rounds", "4"),
        ("--quick", "scaling", "--rounds", "4", "wire"),
        ("scaling", "--rounds=4", "wire", "--quick"),
        ("--rounds", "4", "--quick", "scaling", "wire"),
    ],
)
def test_parts_and_options_come_in_any_order(words: tuple[str, ...]) -> None:
    """Parts are parts wherever they stand, and no program is found."""
    options = bench(*words)
    assert (options.parts, options.quick, options.rounds) == (("scaling", "wire"), True, 4)
    assert not options.has_program


def test_without_words_there_is_neither() -> None:
    """All parts are measured."""
    assert bench().parts == ()
    assert not bench("--quick").has_program


def test_words_after_a_program_are_its_own() -> None:
    """Options before it are the command's, and all that follows is the program's."""
    words = ["train.py", "--quick", "--rounds", "4", "scaling", "-m", "x"]
    options = bench("--quick", *words)
    assert options.program.script == tuple(words)
    assert (options.parts, options.quick, options.rounds) == ((), True, None)
    assert options.has_program


def test_a_module_keeps_its_words() -> None:
    """`-m MODULE` takes all that follows, options and names of parts, too."""
    options = bench("--replicas", "2", "-m", "package.train", "--lr", "0.1", "scaling")
    assert options.program.module == ("package.train", "--lr", "0.1", "scaling")
    assert (options.parts, options.program.script, options.replicas) == ((), (), 2)


def test_a_part_may_be_the_value_of_an_option() -> None:
    """`--plots wire` names a folder."""
    options = bench("--plots", "wire", "scaling")
    assert (options.parts, options.plots) == (("scaling",), "wire")
    assert bench("scaling", "--plots", "wire").plots == "wire"
    assert bench("--against", "sharing", "train.py").against == "sharing"


def test_an_unknown_option_after_parts_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no word of a program, because there is none."""
    with pytest.raises(SystemExit, match="2"):
        bench("scaling", "--qick")
    assert "--qick; did you mean '--quick'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("scalng",),
            "no such script, and no such part: scalng; did you mean 'scaling'?"
            " choose from sharing, scaling, wire, own_cost",
        ),
        (("scaling", "wre"), "no such script, and no such part: wre; did you mean 'wire'?"),
        (("nothing.py",), "no such script, and no such part: nothing.py"),
        (("scaling", "{script}"), "scaling is measured without a program"),
        (("--plots", "x", "{script}"), "--plots: a program has no plots"),
        (("--rounds", "0", "{script}"), "--rounds 0"),
    ],
)
def test_what_is_neither_part_nor_script_is_refused(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    """The error names what was meant, and all parts."""
    script = tmp_path / "train.py"
    script.touch()
    options = bench(*(word.format(script=script) for word in words))
    with pytest.raises(UsageError) as refused:
        program_request_of(options, ALONE)
    assert str(refused.value).startswith(told)

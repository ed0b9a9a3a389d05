"""What the doctor says of the environment."""

from __future__ import annotations

import os

import pytest

from testbed.cli.main import main
from tests.unit.cli.doctor import without_workers


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with nothing in it, on a machine that has whatever the doctor asks of it."""
    for name in os.environ:
        monkeypatch.delenv(name)
    without_workers(monkeypatch)
    return monkeypatch


def test_what_misleads_has_a_reason_and_a_cure(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that workers are kept from is told with the reason and what to do."""
    environment.setenv("KERAS_BACKEND", "jax")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "\nlook  KERAS_BACKEND is set: Keras works for another framework" in shown
    assert "\n      cure: unset KERAS_BACKEND" in shown


def test_what_reaches_workers_is_listed(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What changes TensorFlow and is kept, since it may be on purpose, is told without a cure."""
    environment.setenv("NCCL_DEBUG", "INFO")
    environment.setenv("TF_TOKEN", "hunter2")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "\n  ok  no inherited variable misleads workers\n" in shown
    kept = "workers get from your environment: NCCL_DEBUG=INFO, TF_TOKEN=(left out)"
    assert f"\n  ok  {kept}\n" in shown


def test_nothing_is_listed_where_nothing_is_set(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An environment without anything of TensorFlow's needs no line."""
    environment.setenv("HOME", "/home/me")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "no inherited variable misleads workers" in shown
    assert "workers get from your environment" not in shown


def test_a_report_for_an_issue_has_no_names(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is one block of text, in which neither the user nor the host is named."""
    environment.setenv("HOME", "/home/ada")
    environment.setenv("USER", "ada")
    environment.setenv("LOGNAME", "ada")
    environment.setenv("XLA_FLAGS", "--xla_dump_to=/home/ada/dump,/scratch/ada/dump,/data/adapter")
    environment.setattr("socket.gethostname", lambda: "engine1")
    environment.setattr("platform.release", lambda: "6.1-engine1")
    assert main(["doctor", "--report"]) in (0, 1)
    shown = capsys.readouterr()
    first, *lines, last = shown.out.splitlines()
    assert (first, last) == ("```text", "```")
    assert "next: paste the block into an issue" in shown.err
    text = "\n".join(lines)
    assert "engine1" not in text
    assert "--xla_dump_to=~/dump,/scratch/USER/dump,/data/adapter" in text


def test_the_doctor_names_the_next_command(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line is what to type next: a check, or the doctor again."""
    status = main(["doctor"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("next: testbed check" if status == 0 else "next: do what")
    environment.setenv("KERAS_BACKEND", "jax")
    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("then: testbed doctor")
